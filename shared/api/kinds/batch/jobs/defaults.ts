import type { Job, JobSpec } from '../../../types/batch-v1.ts'
import { defaultTemplate } from '../../pod-spec/defaults.ts'

const maxInt32 = 2 ** 31 - 1

// pkg/apis/batch/v1/defaults.go SetDefaults_Job
export function defaults(job: Job): void {
  const { spec } = job
  if (!spec) return
  const labels = spec.template?.metadata?.labels
  if (labels && Object.keys(job.metadata.labels ?? {}).length === 0) job.metadata.labels = { ...labels }
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : maxInt32
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  defaultJobSpec(spec)
}

/** What a Job and the template in a CronJob have in common, in place. */
export function defaultJobSpec(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True'
  defaultTemplate(spec.template)
}
