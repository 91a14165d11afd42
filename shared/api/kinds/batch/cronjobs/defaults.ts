import type { CronJob } from '../../../types/batch-v1.ts'
import { defaultJobSpec } from '../jobs/defaults.ts'

// pkg/apis/batch/v1/defaults.go SetDefaults_CronJob
export function defaults({ spec }: CronJob): void {
  if (!spec) return
  spec.concurrencyPolicy ||= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
  if (spec.jobTemplate?.spec) defaultJobSpec(spec.jobTemplate.spec)
}
