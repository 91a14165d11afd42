import { Counter, Histogram, type Registry } from 'prom-client'
import type { Job, JobStatus } from '@kubets/shared/api/types/batch-v1.ts'
import { isIndexed } from './pods.ts'
import type { JobPlan } from './plan.ts'

/** What one look at a Job led to. */
export type Action = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted'

/** What is counted of Jobs and CronJobs, under upstream's names. */
export interface BatchMetrics {
  /** One look at the Job. */
  synced(job: Job, result: 'success' | 'error', action: Action, seconds: number): void
  /** The Job came to its end. */
  finished(job: Job, result: 'succeeded' | 'failed', reason: string): void
  /** The Job's status counts Pods that it did not count before. */
  counted(job: Job, status: JobStatus): void
  /** A CronJob's Job was made so long after its time. */
  late(seconds: number): void
}

/** What the plan is about: reconciling, where it was not decided about Pods. */
// pkg/controller/job/job_controller.go manageJob
export const actionOf = ({ spec }: Job, planned: JobPlan): Action => {
  if (!planned.managed) return 'reconciling'
  if (spec.suspend || planned.delete.length > 0) return 'pods_deleted'
  return planned.create.length > 0 ? 'pods_created' : 'tracking'
}

const modeOf = (job: Job): string => (isIndexed(job) ? 'Indexed' : 'NonIndexed')
const exponential = (start: number, count: number): number[] => Array.from({ length: count }, (_, i) => start * 2 ** i)

/** Shows in the registry what is counted. */
// pkg/controller/job/metrics/metrics.go, pkg/controller/cronjob/metrics/metrics.go
export const batchMetrics = (register: Registry): BatchMetrics => {
  const registers = [register]
  const labelNames = ['completion_mode', 'result', 'action']
  const seconds = new Histogram({
    name: 'job_controller_job_sync_duration_seconds',
    help: 'The time it took to sync a job',
    labelNames,
    buckets: exponential(0.004, 15),
    registers,
  })
  const syncs = new Counter({
    name: 'job_controller_job_syncs_total',
    help: 'The number of job syncs',
    labelNames,
    registers,
  })
  const finished = new Counter({
    name: 'job_controller_jobs_finished_total',
    help: 'The number of finished jobs',
    labelNames: ['completion_mode', 'result', 'reason'],
    registers,
  })
  const pods = new Counter({
    name: 'job_controller_job_pods_finished_total',
    help: 'The number of finished Pods that are fully tracked',
    labelNames: ['completion_mode', 'result'],
    registers,
  })
  const skew = new Histogram({
    name: 'cronjob_controller_job_creation_skew_duration_seconds',
    help: 'Time between when a cronjob is scheduled to be run, and when the corresponding job is created',
    buckets: exponential(1, 10),
    registers,
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
    },
    late: (by) => skew.observe(by),
  }
}
