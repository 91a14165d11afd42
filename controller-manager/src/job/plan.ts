import { isPodReady } from '@kubets/shared/api/pod.ts'
import type { Job, JobCondition } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'
import { isPodActive, isPodTerminating } from '../pods/availability.ts'
import { orderForDeletion } from '../pods/rank.ts'
import { awaitsEnds, isPodFailed, judge, nextBackoff, pauseLeft } from './failures.ts'
import type { Backoff } from './failures.ts'
import { common, countOf, firstFree, hasIndex, parseIndexes, union, withIndexes } from './indexes.ts'
import type { Indexes } from './indexes.ts'
import { failuresBefore, indexOf, isIndexed, isTracked } from './pods.ts'
import type { IndexFailures } from './pods.ts'

// pkg/controller/job/job_controller.go MaxPodCreateDeletePerSync
const burst = 500

export interface JobSeen {
  job: Job
  pods: readonly Pod[]
  /** Uids of Pods that were let go of, which the cache may not show yet. */
  released: ReadonlySet<string>
  /** False while the cache may still miss what was created or deleted before. */
  current: boolean
  backoff: Backoff
}

export interface Creation {
  index?: number
  failures?: IndexFailures
}

/** What to do with a Job's Pods, and what is known of the Job. */
export interface JobPlan {
  active: Pod[]
  delete: Pod[]
  /** Deleted Pods are let go of at once: nobody counts them. */
  forget: boolean
  create: Creation[]
  /** More Pods are wanted than there are, though they may have to wait. */
  short: boolean
  /** How the Job ends, when the Pods have been dealt with. */
  ending: JobCondition | undefined
  /** Whether it was decided about Pods at all, so that being suspended can be told. */
  managed: boolean
  startTime: string | undefined
  succeeded: number
  failed: number
  succeededIndexes: Indexes
  failedIndexes: Indexes | undefined
  /** Failed Pods of indexes that are tried again: kept until their successors know of them. */
  awaited: ReadonlySet<string>
  backoff: Backoff
  checkAfter?: number
}

export const conditionOf = (job: Job, type: string): JobCondition | undefined =>
  job.status?.conditions?.find((condition) => condition.type === type)
const holds = (job: Job, type: string): JobCondition | undefined => {
  const found = conditionOf(job, type)
  return found?.status === 'True' ? found : undefined
}

export const isFinished = (job: Job): boolean => (holds(job, 'Complete') ?? holds(job, 'Failed')) !== undefined

export const makeCondition = (
  type: string,
  status: string,
  reason: string,
  message: string,
  now: number,
): JobCondition => ({
  type,
  status,
  lastProbeTime: formatTime(now),
  lastTransitionTime: formatTime(now),
  ...(reason ? { reason } : {}),
  ...(message ? { message } : {}),
})

// pkg/controller/job/job_controller.go syncJob
export const plan = (seen: JobSeen, now: number): JobPlan => {
  const { job, pods, released } = seen
  const { spec, status = {} } = job
  const completions = isIndexed(job) ? (spec.completions ?? 0) : Infinity
  const uncounted = { succeeded: [], failed: [], ...status.uncountedTerminatedPods }
  const active = pods.filter(isPodActive)
  const isNew = (pod: Pod, counted: readonly string[]): boolean => {
    const { uid = '' } = pod.metadata
    if (!isTracked(pod) || released.has(uid) || counted.includes(uid)) return false
    return !isIndexed(job) || indexOf(pod, completions) !== undefined
  }
  const newSucceeded = pods.filter((pod) => isNew(pod, uncounted.succeeded) && pod.status?.phase === 'Succeeded')
  const newFailed = pods.filter((pod) => isNew(pod, uncounted.failed) && isPodFailed(pod, job))
  const failed =
    (status.failed ?? 0) + newFailed.filter((pod) => judge(job, pod).counts).length + uncounted.failed.length

  const succeededIndexes = withIndexes(
    parseIndexes(status.completedIndexes, completions),
    isIndexed(job) ? newSucceeded.map((pod) => indexOf(pod, completions) ?? 0) : [],
  )
  const perIndex = isIndexed(job) && spec.backoffLimitPerIndex !== undefined
  const failedIndexes = perIndex ? indexesFailed(seen, completions) : undefined
  const succeeded = isIndexed(job)
    ? countOf(succeededIndexes)
    : (status.succeeded ?? 0) + newSucceeded.length + uncounted.succeeded.length
  const startTime = status.startTime ?? (spec.suspend ? undefined : formatTime(now))
  const result: JobPlan = {
    active,
    delete: [],
    forget: false,
    create: [],
    short: false,
    ending: ending(job, pods, { failed, succeededIndexes, failedIndexes, startTime }, now),
    managed: false,
    startTime,
    succeeded,
    failed,
    succeededIndexes,
    failedIndexes,
    awaited: new Set(),
    backoff: nextBackoff(seen.backoff, newSucceeded, newFailed),
  }
  const awaited = perIndex
    ? tried(job, pods, active, union(succeededIndexes, failedIndexes ?? []), completions)
    : undefined
  result.awaited = new Set([...(awaited?.values() ?? [])].map(({ metadata }) => metadata.uid ?? ''))
  if (result.ending) return { ...result, delete: active }
  if (spec.activeDeadlineSeconds !== undefined && !spec.suspend && startTime)
    result.checkAfter = Math.max(0, parseTime(startTime) + spec.activeDeadlineSeconds * 1000 - now)
  if (seen.current && job.metadata.deletionTimestamp === undefined) manage(result, seen, awaited, now)
  return isComplete(result, job) ? { ...result, ending: reached(now) } : result
}

/** Also one that is being deleted is told to be complete. */
const isComplete = ({ active, delete: going, create, succeeded }: JobPlan, { spec }: Job): boolean => {
  const isEnough = spec.completions === undefined ? succeeded > 0 : succeeded >= spec.completions
  return isEnough && active.length - going.length + create.length === 0
}

const reached = (now: number): JobCondition =>
  makeCondition('SuccessCriteriaMet', 'True', 'CompletionsReached', 'Reached expected number of succeeded pods', now)

interface Counts {
  failed: number
  succeededIndexes: Indexes
  failedIndexes: Indexes | undefined
  startTime: string | undefined
}

/** Why the Job ends though its Pods may not have, if it does. */
const ending = (job: Job, pods: readonly Pod[], counts: Counts, now: number): JobCondition | undefined => {
  const { spec } = job
  const met = holds(job, 'SuccessCriteriaMet')
  if (met) return met
  const target = holds(job, 'FailureTarget')
  if (target) return makeCondition('Failed', 'True', target.reason ?? '', target.message ?? '', now)
  const fail = (reason: string, message: string): JobCondition =>
    makeCondition('FailureTarget', 'True', reason, message, now)
  const verdict = pods.filter((pod) => isPodFailed(pod, job)).map((pod) => judge(job, pod).message)
  const message = verdict.find((text) => text !== undefined)
  if (message !== undefined) return fail('PodFailurePolicy', message)
  if (counts.failed > (spec.backoffLimit ?? 6) || restartedTooOften(job, pods))
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const { activeDeadlineSeconds } = spec
  if (activeDeadlineSeconds !== undefined && counts.startTime && !spec.suspend)
    if (now - parseTime(counts.startTime) >= activeDeadlineSeconds * 1000)
      return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  const failedIndexes = countOf(counts.failedIndexes ?? [])
  if (spec.maxFailedIndexes !== undefined && failedIndexes > spec.maxFailedIndexes)
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  if (failedIndexes > 0 && failedIndexes + countOf(counts.succeededIndexes) >= (spec.completions ?? 0))
    return fail('FailedIndexes', 'Job has failed indexes')
  const rule = ruleMet(job, counts.succeededIndexes)
  if (rule === undefined) return undefined
  return makeCondition('SuccessCriteriaMet', 'True', 'SuccessPolicy', `Matched rules at index ${rule}`, now)
}

// pkg/controller/job/success_policy.go matchSuccessPolicy
const ruleMet = ({ spec }: Job, succeeded: Indexes): number | undefined => {
  if (succeeded.length === 0) return undefined
  const found = (spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && countOf(succeeded) >= succeededCount
    const wanted = parseIndexes(succeededIndexes, spec.completions ?? 0)
    if (wanted.length === 0) return false
    const there = common(wanted, succeeded)
    return there === countOf(wanted) || (succeededCount !== undefined && there >= succeededCount)
  })
  return found < 0 ? undefined : found
}

// job_controller.go pastBackoffLimitOnFailure
const restartedTooOften = ({ spec }: Job, pods: readonly Pod[]): boolean => {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods)
    if (status?.phase === 'Running' || status?.phase === 'Pending')
      for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
        restarts += one.restartCount
  const limit = spec.backoffLimit ?? 6
  return limit === 0 ? restarts > 0 : restarts >= limit
}

// pkg/controller/job/indexed_job_utils.go calculateFailedIndexes, isIndexFailed
const indexesFailed = ({ job, pods }: JobSeen, completions: number): Indexes => {
  const failed = pods.filter((pod) => {
    if (!isTracked(pod) || indexOf(pod, completions) === undefined || !isPodFailed(pod, job)) return false
    const { action, counts } = judge(job, pod)
    return action === 'FailIndex' || (counts && failuresBefore(pod).counted >= (job.spec.backoffLimitPerIndex ?? 0))
  })
  const before = parseIndexes(job.status?.failedIndexes, completions)
  return withIndexes(
    before,
    failed.map((pod) => indexOf(pod) ?? 0),
  )
}

const failuresOf = (pod: Pod): number => failuresBefore(pod).counted + failuresBefore(pod).ignored

/** The last failed Pod of each index that is to be tried again and has no Pod now. */
// indexed_job_utils.go getPodsWithDelayedDeletionPerIndex
const tried = (
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
  done: Indexes,
  completions: number,
): Map<number, Pod> => {
  const busy = new Set(active.map((pod) => indexOf(pod)))
  const last = new Map<number, Pod>()
  for (const pod of pods) {
    const index = indexOf(pod, completions)
    if (index === undefined || !isPodFailed(pod, job) || hasIndex(done, index) || busy.has(index)) continue
    const known = last.get(index)
    if (!known || failuresOf(known) <= failuresOf(pod)) last.set(index, pod)
  }
  return last
}

// job_controller.go manageJob
const manage = (result: JobPlan, seen: JobSeen, awaited: Map<number, Pod> | undefined, now: number): void => {
  const { spec } = seen.job
  const { active } = result
  result.managed = true
  result.forget = true
  if (spec.suspend) result.delete = active
  else resize(result, seen, awaited, now)
}

/** As many active Pods as there should be. */
const resize = (result: JobPlan, seen: JobSeen, awaited: Map<number, Pod> | undefined, now: number): void => {
  const { job, pods } = seen
  const { spec } = job
  const { active } = result
  const parallelism = spec.parallelism ?? 1
  const wanted =
    spec.completions === undefined
      ? result.succeeded > 0
        ? active.length
        : parallelism
      : Math.max(0, Math.min(spec.completions - result.succeeded, parallelism))
  result.delete = surplus(job, active, Math.max(0, active.length - wanted), now).slice(0, burst)
  if (result.delete.length === 0) {
    const going = awaitsEnds(job) ? pods.filter(isPodTerminating) : []
    const missing = wanted - active.length - going.length
    create(result, seen, Math.min(missing, burst), going, awaited, now)
  }
}

const create = (
  result: JobPlan,
  { job }: JobSeen,
  missing: number,
  going: readonly Pod[],
  awaited: Map<number, Pod> | undefined,
  now: number,
): void => {
  if (missing <= 0) return
  result.short = true
  const pause = awaited ? 0 : pauseLeft(result.backoff, now)
  if (pause > 0) {
    result.checkAfter = Math.min(result.checkAfter ?? pause, pause)
    return
  }
  if (!isIndexed(job)) {
    result.create = Array.from({ length: missing }, () => ({}))
    return
  }
  const busy = [...result.active, ...going].map((pod) => indexOf(pod)).filter((index) => index !== undefined)
  const taken = withIndexes(union(result.succeededIndexes, result.failedIndexes ?? []), busy)
  let soonest = Infinity
  for (const index of firstFree(taken, missing, job.spec.completions ?? 0)) {
    const before = awaited?.get(index)
    const wait = before ? pauseLeft({ failures: failuresOf(before) + 1, lastFailure: endOf(before) }, now) : 0
    if (wait > 0) soonest = Math.min(soonest, wait)
    else result.create.push({ index, ...(awaited ? { failures: failuresAfter(job, before) } : {}) })
  }
  if (soonest < Infinity) result.checkAfter = Math.min(result.checkAfter ?? soonest, soonest)
}

const endOf = (pod: Pod): number => nextBackoff({ failures: 0, lastFailure: 0 }, [], [pod]).lastFailure

// indexed_job_utils.go getNewIndexFailureCounts
const failuresAfter = (job: Job, pod: Pod | undefined): IndexFailures => {
  if (!pod) return { counted: 0, ignored: 0 }
  const { counted, ignored } = failuresBefore(pod)
  return judge(job, pod).counts ? { counted: counted + 1, ignored } : { counted, ignored: ignored + 1 }
}

/** Pods too many: of one index, of no index that is wanted, then as for any owner. */
// job_controller.go activePodsForRemoval
const surplus = (job: Job, active: readonly Pod[], atLeast: number, now: number): Pod[] => {
  const ordered = orderForDeletion(active, active, now)
  if (!isIndexed(job)) return ordered.slice(0, atLeast)
  const last = new Map(ordered.map((pod) => [indexOf(pod, job.spec.completions), pod]))
  const stays = new Set([...last].flatMap(([index, pod]) => (index === undefined ? [] : [pod])))
  const extra = ordered.filter((pod) => !stays.has(pod))
  return [...extra, ...ordered.filter((pod) => stays.has(pod)).slice(0, Math.max(0, atLeast - extra.length))]
}

export const countReady = (pods: readonly Pod[]): number => pods.filter(isPodReady).length
