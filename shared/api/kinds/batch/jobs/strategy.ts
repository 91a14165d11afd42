import type { Job } from '../../../types/batch-v1.ts'

// pkg/registry/batch/job/strategy.go PrepareForCreate, generateSelector
export function prepareForCreate(job: Job): void {
  const { spec, metadata } = job
  if (!spec.template || spec.manualSelector) return
  const uid = metadata.uid ?? ''
  const name = metadata.name ?? ''
  spec.template.metadata ??= {}
  // the names without a prefix are older; both are kept
  spec.template.metadata.labels = {
    ...spec.template.metadata.labels,
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  }
  spec.selector ??= {}
  const labels = spec.selector.matchLabels
  if (labels?.['batch.kubernetes.io/controller-uid'] === undefined)
    spec.selector.matchLabels = { ...labels, 'batch.kubernetes.io/controller-uid': uid }
}
