// Where a Pod is in its life, and what ends it: pure functions. pkg/kubelet/pod_workers.go
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import { runningContainers, type PodFailure, type PodRuntimeState } from './model.ts'
import type { SyncResult, Waiting } from './sync.ts'

/**
 * The stages of a Pod's life on the node, in their order. A worker that finds itself in one does what is named there and
 * looks again; what a stage needs next says sync.ts.
 *
 *     syncing       containers are started, probed, resized and started again
 *     terminating   those that run are told to end, sidecars last
 *     terminated    nothing runs and nothing will: devices, volumes and the cgroup are given back; the status says how it
 *                   ended. A Pod whose object stays (a Job's) rests here
 *     finished      its object goes: containers, sandboxes and its folder are removed, then the object, and the worker ends
 */
// pkg/kubelet/pod_workers.go PodWorkerState: SyncPod, TerminatingPod, TerminatedPod
export type Stage = 'syncing' | 'terminating' | 'terminated' | 'finished'

/** In which stage a Pod is for which this was decided. */
export function stageOf({ done, steps }: Pick<SyncResult, 'done' | 'steps'>, state: PodRuntimeState): Stage {
  if (!done) return 'syncing'
  if (runningContainers(state).length > 0) return 'terminating'
  return steps[0]?.kind === 'finish' ? 'finished' : 'terminated'
}

/** What ends a Pod beside what its object says. */
export interface Ends {
  /** Why the node does not take it. */
  rejected?: Waiting
  /** Why it was sent away, with this grace where it is shorter than the Pod's own. */
  evicted?: { why: PodFailure; graceSeconds: number }
  /** It is gone from the API server. */
  gone?: { graceSeconds: number }
}

/** How a Pod ends. */
export interface Ending {
  graceSeconds: number
  /** Its object is going or gone: what it leaves is taken away too. */
  remove: boolean
}

/** How the Pod must end, whatever its restart policy; undefined while it need not. `overtime`: its deadline has passed. */
// pkg/kubelet/pod_workers.go UpdatePod, calculateEffectiveGracePeriod
export function endingOf({ metadata, spec }: Pod, ends: Ends, overtime: boolean): Ending | undefined {
  if (ends.gone) return { ...ends.gone, remove: true }
  const ofSpec = spec.terminationGracePeriodSeconds ?? 30
  const evicted = ends.evicted?.graceSeconds ?? Infinity
  if (metadata.deletionTimestamp !== undefined) {
    const asked = metadata.deletionGracePeriodSeconds ?? ofSpec
    return { graceSeconds: Math.max(1, Math.min(evicted, asked)), remove: true }
  }
  if (ends.rejected) return { graceSeconds: 1, remove: false }
  if (ends.evicted) return { graceSeconds: Math.max(1, Math.min(evicted, ofSpec)), remove: false }
  return overtime ? { graceSeconds: ofSpec, remove: false } : undefined
}

/** Why the kubelet ends the Pod, which has failed then; undefined where it does not. */
export function failureOfPod({ rejected, evicted }: Ends, overtime: boolean): PodFailure | undefined {
  return rejected ?? evicted?.why ?? (overtime ? deadlineExceeded : undefined)
}

/** Until when the Pod may be active (milliseconds since the epoch), given when it began. */
// pkg/kubelet/active_deadline.go
export function deadlineOf({ spec }: Pod, startTime: string | undefined): number | undefined {
  const { activeDeadlineSeconds } = spec
  if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined
  return parseTime(startTime) + activeDeadlineSeconds * 1000
}

const deadlineExceeded: PodFailure = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
}
