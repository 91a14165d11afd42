import type { Job, JobCondition, JobStatus } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { isPodTerminating } from '../pods/availability.ts'
import { isPodFailed, judge } from './failures.ts'
import { countOf, formatIndexes, hasIndex, parseIndexes } from './indexes.ts'
import { conditionOf, countReady, makeCondition } from './plan.ts'
import type { JobPlan } from './plan.ts'
import { indexOf, isIndexed, isTracked } from './pods.ts'

// Pods whose end is being counted at one time, so that status stays small.
// pkg/controller/job/job_controller.go MaxUncountedPods
const mostUncounted = 500

/** What was done of a plan. */
export interface Done {
  created: number
  deleted: readonly Pod[]
  /** Whether all that was tried succeeded, on a cache that was not behind. */
  whole: boolean
}

/** What came of a plan. */
export interface Outcome {
  /** The plan's ending, unless some Pod could not be deleted or may not have been seen. */
  ending: JobCondition | undefined
  active: number
  ready: number
  terminating: number
}

/** The numbers of a Job's Pods when the plan has been carried out; also while none may be made or it is being deleted. */
// job_controller.go syncJob
export const outcomeOf = (planned: JobPlan, pods: readonly Pod[], { created, deleted, whole }: Done): Outcome => ({
  ending: whole && deleted.length === planned.delete.length ? planned.ending : undefined,
  active: planned.active.length - deleted.length + created,
  ready: countReady(planned.active) - countReady(deleted),
  terminating: pods.filter(isPodTerminating).length + deleted.length,
})

export interface Account {
  status: JobStatus
  /** How many failed Pods each action of the Job's failure policy was taken for. */
  handled: ReadonlyMap<string, number>
  /** Pods to let go of once the status is written. */
  release: Pod[]
  /** The condition that ends the Job when all its Pods have been counted. */
  final: JobCondition | undefined
  /** Being suspended began or ended. */
  turned: 'Suspended' | 'Resumed' | undefined
}

/** Uids of the Pods that are still to be counted. */
export const trackedUids = (pods: readonly Pod[], released: ReadonlySet<string>): Set<string> =>
  new Set(pods.filter(isTracked).flatMap(({ metadata: { uid = '' } }) => (released.has(uid) ? [] : [uid])))

/**
 * The status before Pods are let go of: ended ones are named in it first, so that none is counted twice or not at all
 * when something fails in between.
 */
// job_controller.go trackJobStatusAndRemoveFinalizers
export const account = (
  job: Job,
  pods: readonly Pod[],
  tracked: ReadonlySet<string>,
  planned: JobPlan,
  { ending, active, ready, terminating }: Outcome,
  now: number,
): Account => {
  const { spec } = job
  const completions = spec.completions ?? 0
  const status = counted({ ...job.status }, tracked)
  const succeeded = [...(status.uncountedTerminatedPods?.succeeded ?? [])]
  const failed = [...(status.uncountedTerminatedPods?.failed ?? [])]
  const before = parseIndexes(job.status?.completedIndexes, completions)
  const release: Pod[] = []
  const handled = new Map<string, number>()
  let fresh = 0
  let isFull = false
  for (const pod of inOrder(job, pods)) {
    const { uid = '' } = pod.metadata
    if (!tracked.has(uid) || !mayGo(job, pod, planned, ending)) continue
    release.push(pod)
    const index = indexOf(pod, completions)
    const valid = !isIndexed(job) || index !== undefined
    if (pod.status?.phase === 'Succeeded' && !failed.includes(uid)) {
      if (!isIndexed(job)) {
        if (!succeeded.includes(uid)) succeeded.push(uid)
      } else if (index !== undefined && !hasIndex(before, index)) fresh++
    } else if (isPodFailed(pod, job) || (ending && ending.type !== 'SuccessCriteriaMet')) {
      if (valid && !failed.includes(uid)) {
        const { action, counts } = judge(job, pod)
        if (action !== undefined) handled.set(action, (handled.get(action) ?? 0) + 1)
        if (counts) failed.push(uid)
      }
    }
    isFull = fresh + succeeded.length + failed.length >= mostUncounted
    if (isFull) break
  }
  // one that ends while it is suspended has been started all the same
  const startTime = planned.startTime ?? (ending && formatTime(now))
  if (startTime) status.startTime = startTime
  Object.assign(status, { active, ready, terminating })
  status.uncountedTerminatedPods = {
    ...(succeeded.length > 0 ? { succeeded } : {}),
    ...(failed.length > 0 ? { failed } : {}),
  }
  if (isIndexed(job)) {
    status.succeeded = countOf(planned.succeededIndexes)
    status.completedIndexes = formatIndexes(planned.succeededIndexes)
    if (planned.failedIndexes) status.failedIndexes = formatIndexes(planned.failedIndexes)
  }
  const turned = planned.managed && !ending ? turn(job, status, now) : undefined
  // those beyond are counted the next time: until then it has not ended
  const final = announce(job, status, ending, now)
  return { status: tidy(status), handled, release, final: isFull ? undefined : final, turned }
}

// job_controller.go canRemoveFinalizer
const mayGo = (job: Job, pod: Pod, { awaited }: JobPlan, ending: JobCondition | undefined): boolean => {
  if (job.metadata.deletionTimestamp !== undefined || ending || pod.status?.phase === 'Succeeded') return true
  return isPodFailed(pod, job) && !awaited.has(pod.metadata.uid ?? '')
}

const inOrder = (job: Job, pods: readonly Pod[]): Pod[] =>
  isIndexed(job) ? [...pods].sort((a, b) => (indexOf(a) ?? -1) - (indexOf(b) ?? -1)) : [...pods]

/** Puts the interim condition into the status and gives the one that follows it. */
const announce = (
  job: Job,
  status: JobStatus,
  ending: JobCondition | undefined,
  now: number,
): JobCondition | undefined => {
  if (ending?.type !== 'FailureTarget' && ending?.type !== 'SuccessCriteriaMet') return ending
  if (conditionOf(job, ending.type)?.status !== 'True')
    status.conditions = [...(status.conditions ?? []).filter(({ type }) => type !== ending.type), ending]
  const last = ending.type === 'FailureTarget' ? 'Failed' : 'Complete'
  return makeCondition(last, 'True', ending.reason ?? '', ending.message ?? '', now)
}

const turn = (job: Job, status: JobStatus, now: number): Account['turned'] => {
  const old = conditionOf(job, 'Suspended')
  const suspended = job.spec.suspend === true
  const condition = suspended
    ? makeCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now)
    : makeCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now)
  if (old ? saysSame(old, condition) : !suspended) return undefined
  const others = status.conditions ?? []
  status.conditions = old ? others.map((one) => (one.type === 'Suspended' ? condition : one)) : [...others, condition]
  // Not started: so its Pods may be told to go elsewhere; pkg/features MutableSchedulingDirectivesForSuspendedJobs.
  // And the deadline counts from when the Job was last let run.
  if (suspended) delete status.startTime
  else status.startTime = formatTime(now)
  return suspended ? 'Suspended' : 'Resumed'
}

// job_controller.go ensureJobConditionStatus
const saysSame = (one: JobCondition, other: JobCondition): boolean =>
  one.status === other.status && one.reason === other.reason && one.message === other.message

/** The status with the Pods that have been let go of counted, which are no longer among the tracked. */
// job_controller.go cleanUncountedPodsWithoutFinalizers
export const counted = (status: JobStatus, tracked: ReadonlySet<string>): JobStatus => {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  const left = {
    succeeded: succeeded.filter((uid) => tracked.has(uid)),
    failed: failed.filter((uid) => tracked.has(uid)),
  }
  return tidy({
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - left.succeeded.length,
    failed: (status.failed ?? 0) + failed.length - left.failed.length,
    uncountedTerminatedPods: {
      ...(left.succeeded.length > 0 ? { succeeded: left.succeeded } : {}),
      ...(left.failed.length > 0 ? { failed: left.failed } : {}),
    },
  })
}

/** The status of a Job that has ended, or undefined while Pods are still to be counted or on their way out. */
// job_controller.go enactJobFinished
export const ended = (status: JobStatus, final: JobCondition): JobStatus | undefined => {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {}
  if (succeeded.length + failed.length > 0 || (status.terminating ?? 0) > 0) return undefined
  return {
    ...status,
    conditions: [...(status.conditions ?? []).filter(({ type }) => type !== final.type), final],
    ...(final.type === 'Complete' ? { completionTime: final.lastTransitionTime } : {}),
  }
}

// What the server leaves out must not look like a difference.
const tidy = (status: JobStatus): JobStatus => {
  const kept = Object.entries(status).filter(
    ([name, value]) =>
      name === 'ready' || name === 'terminating' || name === 'failedIndexes' || (value !== 0 && value !== ''),
  )
  return Object.fromEntries(kept) as JobStatus
}
