import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { Extender } from '../framework/extender.ts'
import type { Candidate } from './victims.ts'

/**
 * The candidates that all extenders agree to that have a say in preemption, with the victims that they name.
 * @throws what one failed with that cannot be done without
 */
// pkg/scheduler/framework/preemption/preemption.go callExtenders
export async function askExtenders(
  pod: PodInfo,
  candidates: readonly Candidate[],
  snapshot: Snapshot,
  extenders: readonly Extender[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  let left = candidates
  for (const extender of extenders) {
    if (!extender.supportsPreemption) continue
    if (left.length === 0) break
    try {
      const agreed = await extender.preempt(pod, left, snapshot, signal)
      const empty = agreed.find(({ victims }) => victims.length === 0)
      if (empty && !extender.ignorable)
        throw new Error(`expected at least one victim pod on node ${JSON.stringify(empty.node.name)}`)
      left = agreed.filter(({ victims }) => victims.length > 0)
    } catch (error) {
      if (signal.aborted || !extender.ignorable) throw error
    }
  }
  return left
}
