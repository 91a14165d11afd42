import type { Job } from '../../../types/batch-v1.ts'

export const selectableFields: Readonly<Record<string, (job: Job) => string>> = {
  'status.successful': (job) => `${job.status?.succeeded ?? 0}`,
}
