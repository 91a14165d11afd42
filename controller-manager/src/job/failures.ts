import { getCondition } from '@kubets/shared/api/pod.ts'
import type {
  Job,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '@kubets/shared/api/types/batch-v1.ts'
import type { ContainerStatus, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

/** What a Job's failure policy says of a failed Pod. */
export interface Verdict {
  action: string | undefined
  /** Whether the failure counts towards the limits. */
  counts: boolean
  /** Why the whole Job fails, where it does. */
  message?: string
}

/** Whether a Pod's successor is made only when the Pod has ended, and not when it is about to. */
// pkg/controller/job/job_controller.go onlyReplaceFailedPods
export const awaitsEnds = ({ spec }: Job): boolean =>
  spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined

/** Whether a Pod counts as failed: one on its way out does, unless the Job waits for Pods to end. */
// pkg/controller/job/job_controller.go isPodFailed
export const isPodFailed = (pod: Pod, job: Job): boolean => {
  if (pod.status?.phase === 'Failed') return true
  if (awaitsEnds(job)) return false
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded'
}

// pkg/controller/job/pod_failure_policy.go matchPodFailurePolicy
export const judge = (job: Job, pod: Pod): Verdict => {
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const cause = causeIn(rule, pod)
    if (cause === undefined) continue
    const { action } = rule
    if (action !== 'FailJob') return { action, counts: action !== 'Ignore' }
    return { action, counts: true, message: `${cause} matching ${action} rule at index ${index}` }
  }
  return { action: undefined, counts: true }
}

const causeIn = (rule: PodFailurePolicyRule, pod: Pod): string | undefined => {
  const { name, namespace } = pod.metadata
  const { status } = pod
  if (rule.onExitCodes) {
    const matches = (one: ContainerStatus): boolean => matchesExit(one, rule.onExitCodes)
    const found = status?.containerStatuses?.find(matches) ?? status?.initContainerStatuses?.find(matches)
    const code = found?.state?.terminated?.exitCode
    return found && `Container ${found.name} for pod ${namespace}/${name} failed with exit code ${code}`
  }
  const found = status?.conditions?.find((condition) =>
    rule.onPodConditions?.some(({ type, status: wanted }) => condition.type === type && condition.status === wanted),
  )
  return found && `Pod ${namespace}/${name} has condition ${found.type}`
}

const matchesExit = (
  { name, state }: ContainerStatus,
  requirement: PodFailurePolicyOnExitCodesRequirement | undefined,
): boolean => {
  const code = state?.terminated?.exitCode
  if (!requirement || code === undefined || code === 0) return false
  if (requirement.containerName !== undefined && requirement.containerName !== name) return false
  return requirement.values.includes(code) === (requirement.operator === 'In')
}

/** When the Pod ended, as well as can be told; milliseconds. */
// pkg/controller/job/backoff_utils.go getFinishedTime
export const finishedAt = (pod: Pod): number => {
  const { status, spec, metadata } = pod
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  )
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ]
  const ends = statuses.map(({ state }) => state?.terminated?.finishedAt)
  if (ends.length > 0 && ends.every((end) => end !== undefined)) return Math.max(...ends.map(parseTime))
  const ready = getCondition(status?.conditions, 'Ready')
  if (ready?.status === 'False' && ready.lastTransitionTime) return parseTime(ready.lastTransitionTime)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = metadata
  if (deletionTimestamp) return parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000
  return creationTimestamp ? parseTime(creationTimestamp) : 0
}

/** How often Pods failed since one last succeeded. */
export interface Backoff {
  failures: number
  lastFailure: number
}

export const noBackoff: Backoff = { failures: 0, lastFailure: 0 }

/** The record with Pods that have newly ended. */
// pkg/controller/job/backoff_utils.go newBackoffRecord
export const nextBackoff = (before: Backoff, succeeded: readonly Pod[], failed: readonly Pod[]): Backoff => {
  const failures = failed.map(finishedAt)
  const since = succeeded.length === 0 ? -Infinity : Math.max(...succeeded.map(finishedAt))
  const later = failures.filter((time) => time > since)
  const base = succeeded.length === 0 ? before : noBackoff
  if (later.length === 0) return base
  return { failures: base.failures + later.length, lastFailure: Math.max(...later) }
}

// pkg/controller/job/job_controller.go DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff
const firstPauseMs = 10_000
const longestPauseMs = 10 * 60_000

/** Milliseconds until the next Pod may be made. */
export const pauseLeft = ({ failures, lastFailure }: Backoff, now: number): number => {
  if (failures === 0) return 0
  const pause = Math.min(firstPauseMs * 2 ** Math.min(failures - 1, 30), longestPauseMs)
  return Math.max(0, pause - (now - lastFailure))
}
