import type { Namespace } from '../../../types/core-v1.ts'

// pkg/registry/core/namespace/strategy.go PrepareForCreate
export function prepareForCreate(obj: Namespace): void {
  obj.status = { phase: 'Active' }
  obj.spec ??= {}
  const finalizers = obj.spec.finalizers ?? []
  obj.spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes']
  // a generated name is known only now
  obj.metadata.labels = { ...obj.metadata.labels, 'kubernetes.io/metadata.name': obj.metadata.name ?? '' }
}

// the finalizers of the spec are the finalize subresource's alone
export function prepareForUpdate(obj: Namespace, old: Namespace): void {
  obj.spec ??= {}
  if (old.spec?.finalizers) obj.spec.finalizers = [...old.spec.finalizers]
  else delete obj.spec.finalizers
}
