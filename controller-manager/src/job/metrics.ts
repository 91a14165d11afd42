import type { Registry } from 'prom-client'
import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Job, JobStatus } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isPodTerminating } from '../pods/availability.ts'
import { counterIn, doubling, histogramIn } from '../registered.ts'
import { countOf, parseIndexes } from './indexes.ts'
import { isIndexed, isTracked } from './pods.ts'
import type { JobPlan } from './plan.ts'

/** What one look at a Job led to. */
export type Action = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted'

/** What is counted of Jobs and CronJobs, under upstream's names. */
export interface BatchMetrics {
  /** One look at the Job. */
  synced(job: Job, result: 'success' | 'error', action: Action, seconds: number): void
  /** The Job came to its end. */
  finished(job: Job, result: 'succeeded' | 'failed', reason: string): void
  /** The Job's status counts Pods and indexes that it did not count before. */
  counted(job: Job, status: JobStatus): void
  /** Pods were made, or could not be, beside those that the Job has. */
  created(job: Job, planned: JobPlan, pods: readonly Pod[], tries: { succeeded: number; failed: number }): void
  /** Failed Pods for which the failure policy took the action. */
  handled(action: string, pods: number): void
  /** A Pod changed: one that has ended may be kept for its Job, or no longer be. */
  tracked(old: Pod | undefined, pod: Pod | undefined): void
  /** A Job is there which another controller manages. */
  foreign(controller: string): void
  /** A Job was not looked at, as the cache shows an older one than was written. */
  stale(): void
  /** A CronJob's Job was made so long after its time. */
  late(seconds: number): void
}

/** What the plan is about: reconciling, where it was not decided about Pods. */
// pkg/controller/job/job_controller.go manageJob
export const actionOf = ({ spec }: Job, planned: JobPlan): Action => {
  if (!planned.managed) return 'reconciling'
  if (spec.suspend || planned.delete.length > 0) return 'pods_deleted'
  return planned.short ? 'pods_created' : 'tracking'
}

/** Why the Pods of a plan are made. */
// pkg/controller/job/job_controller.go recordJobPodsCreationTotal
export const creationReason = ({ spec }: Job, { failed }: JobPlan, pods: readonly Pod[]): string => {
  if (spec.podReplacementPolicy === 'Failed' && failed > 0) return 'recreate_failed'
  return failed > 0 || pods.some(isPodTerminating) ? 'recreate_terminating_or_failed' : 'new'
}

// pkg/controller/job/job_controller.go recordFinishedPodWithTrackingFinalizer
const isKept = (pod: Pod | undefined): boolean => pod !== undefined && isPodTerminal(pod) && isTracked(pod)

const modeOf = (job: Job): string => (isIndexed(job) ? 'Indexed' : 'NonIndexed')
const countIn = ({ spec }: Job, indexes: string | undefined): number =>
  countOf(parseIndexes(indexes, spec.completions ?? 0))

/** Shows in the registry what is counted. */
// pkg/controller/job/metrics/metrics.go, pkg/controller/cronjob/metrics/metrics.go
export const batchMetrics = (registry: Registry): BatchMetrics => {
  const labelNames = ['completion_mode', 'result', 'action'] as const
  const seconds = histogramIn(registry, {
    name: 'job_controller_job_sync_duration_seconds',
    help: 'The time it took to sync a job',
    labelNames,
    buckets: doubling(0.004, 15),
  })
  const syncs = counterIn(registry, {
    name: 'job_controller_job_syncs_total',
    help: 'The number of job syncs',
    labelNames,
  })
  const finished = counterIn(registry, {
    name: 'job_controller_jobs_finished_total',
    help: 'The number of finished jobs',
    labelNames: ['completion_mode', 'result', 'reason'],
  })
  const pods = counterIn(registry, {
    name: 'job_controller_job_pods_finished_total',
    help: 'The number of finished Pods that are fully tracked',
    labelNames: ['completion_mode', 'result'],
  })
  const indexes = counterIn(registry, {
    name: 'job_controller_job_finished_indexes_total',
    help: 'The number of finished indexes. Possible values for the status label are: "succeeded", "failed". Possible values for the backoffLimit label are: "perIndex" and "global"',
    labelNames: ['status', 'backoffLimit'],
  })
  const creations = counterIn(registry, {
    name: 'job_controller_job_pods_creation_total',
    help: 'The number of Pods created by the Job controller labelled with a reason for the Pod creation.',
    labelNames: ['reason', 'status'],
  })
  const handled = counterIn(registry, {
    name: 'job_controller_pod_failures_handled_by_failure_policy_total',
    help: 'The number of failed Pods handled by failure policy with respect to the failure policy action applied based on the matched rule.',
    labelNames: ['action'],
  })
  const kept = counterIn(registry, {
    name: 'job_controller_terminated_pods_tracking_finalizer_total',
    help: 'The number of terminated pods (phase=Failed|Succeeded) that have the finalizer batch.kubernetes.io/job-tracking. The event label can be "add" or "delete".',
    labelNames: ['event'],
  })
  const foreign = counterIn(registry, {
    name: 'job_controller_jobs_by_external_controller_total',
    help: 'The number of Jobs managed by an external controller',
    labelNames: ['controller_name'],
  })
  const stale = counterIn(registry, {
    name: 'job_controller_stale_sync_skips_total',
    help: 'Total number of Job syncs skipped due to a stale watch cache.',
    labelNames: ['group', 'resource'],
  })
  const skew = histogramIn(registry, {
    name: 'cronjob_controller_job_creation_skew_duration_seconds',
    help: 'Time between when a cronjob is scheduled to be run, and when the corresponding job is created',
    buckets: doubling(1, 10),
  })
  return {
    synced: (job, result, action, took) => {
      const labels = { completion_mode: modeOf(job), result, action }
      syncs.inc(labels)
      seconds.observe(labels, took)
    },
    finished: (job, result, reason) => finished.inc({ completion_mode: modeOf(job), result, reason }),
    counted: (job, status) => {
      for (const result of ['succeeded', 'failed'] as const) {
        // indexes that are no longer asked for may be fewer than before
        const more = Math.max(0, (status[result] ?? 0) - (job.status?.[result] ?? 0))
        if (more > 0) pods.inc({ completion_mode: modeOf(job), result }, more)
      }
      if (!isIndexed(job)) return
      const backoffLimit = job.spec.backoffLimitPerIndex === undefined ? 'global' : 'perIndex'
      const grown = (now: string | undefined, before: string | undefined): number =>
        Math.max(0, countIn(job, now) - countIn(job, before))
      indexes.inc({ status: 'succeeded', backoffLimit }, grown(status.completedIndexes, job.status?.completedIndexes))
      if (backoffLimit === 'perIndex')
        indexes.inc({ status: 'failed', backoffLimit }, grown(status.failedIndexes, job.status?.failedIndexes))
    },
    created: (job, planned, owned, { succeeded, failed }) => {
      const reason = creationReason(job, planned, owned)
      if (succeeded > 0) creations.inc({ reason, status: 'succeeded' }, succeeded)
      if (failed > 0) creations.inc({ reason, status: 'failed' }, failed)
    },
    handled: (action, count) => handled.inc({ action }, count),
    tracked: (old, pod) => {
      if (isKept(old) !== isKept(pod)) kept.inc({ event: isKept(pod) ? 'add' : 'delete' })
    },
    foreign: (controller) => foreign.inc({ controller_name: controller }),
    stale: () => stale.inc({ group: 'batch', resource: 'jobs' }),
    late: (by) => skew.observe(by),
  }
}
