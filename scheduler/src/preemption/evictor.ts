import { pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod, PodCondition } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { RecordEvent } from '../reporter.ts'
import type { Evictor } from '../scheduler.ts'

interface EvictorOptions {
  readonly client: Client
  readonly record: RecordEvent
  readonly clock: Clock
  readonly log: Logger
  /** The Pod as the informer knows it. */
  readonly podByKey: (key: string) => Pod | undefined
}

/** Writes at a time for one Pod that makes others go. */
const maxWrites = 16

/** Makes Pods go for a more important one, beside the scheduling cycles. */
// pkg/scheduler/framework/preemption/executor.go prepareCandidateAsync
export class ApiEvictor implements Evictor {
  readonly #options: EvictorOptions
  /** Who is being made to go, by the uid of the Pod that wants the place. */
  readonly #running = new Map<string, readonly PodInfo[]>()

  constructor(options: EvictorOptions) {
    this.#options = options
  }

  // pkg/scheduler/framework/preemption/executor.go IsPodRunningPreemption
  isEvicting(uid: string): boolean {
    return this.#running.get(uid)?.some((victim) => this.#stays(victim)) ?? false
  }

  async evict(
    pod: PodInfo,
    node: string,
    victims: readonly PodInfo[],
    demoted: readonly PodInfo[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { log } = this.#options
    const left = victims.filter((victim) => this.#stays(victim))
    this.#running.set(pod.uid, left)
    try {
      await inTurns(demoted, (other) => this.#withdraw(other, signal))
      await inTurns(left, (victim) => this.#remove(pod, node, victim, signal))
      return true
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, pod: objectKey(pod.pod), node }, 'preemption failed')
      return false
    } finally {
      this.#running.delete(pod.uid)
    }
  }

  #stays({ pod, uid }: PodInfo): boolean {
    const known = this.#options.podByKey(objectKey(pod))
    return known?.metadata.uid === uid && !known.metadata.deletionTimestamp
  }

  /** Takes back the promise of a less important Pod. */
  async #withdraw({ pod }: PodInfo, signal: AbortSignal): Promise<void> {
    const { client } = this.#options
    const { name = '', namespace, uid } = pod.metadata
    const body = { metadata: { uid }, status: { nominatedNodeName: null } }
    await client
      .patch(pods, name, body, { type: 'strategic', namespace, subresource: 'status', signal })
      .catch(ignoreGone)
  }

  async #remove({ pod: wanting, uid: wanted }: PodInfo, node: string, victim: PodInfo, signal: AbortSignal) {
    const { client, clock, record } = this.#options
    const { pod, uid } = victim
    const { name = '', namespace, generation } = pod.metadata
    const before = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
    const condition: PodCondition = {
      type: 'DisruptionTarget',
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status: 'True',
      lastTransitionTime: (before?.status === 'True' && before.lastTransitionTime) || formatTime(clock.now()),
      reason: 'PreemptionByScheduler',
      message: `${wanting.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    }
    const body = { metadata: { uid }, status: { conditions: [condition] } }
    try {
      await client.patch(pods, name, body, { type: 'strategic', namespace, subresource: 'status', signal })
      await client.delete(pods, name, { namespace, preconditions: { uid }, signal })
    } catch (error) {
      return ignoreGone(error)
    }
    record(pod, 'Normal', 'Preempted', `Preempted by pod ${wanted} on node ${node}`, wanting)
  }
}

/** The Pod is not there any more, or another one of its name is. */
function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error
}

/** Does it to all, some at a time; ends at the first failure. */
async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += maxWrites) await Promise.all(items.slice(i, i + maxWrites).map(act))
}
