import type { Namespace } from '../../../types/core-v1.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_Namespace
export function defaults(obj: Namespace): void {
  const { metadata } = obj
  if (metadata.name) metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name }
  obj.spec ??= {}
  obj.status ??= {}
  obj.status.phase ||= 'Active'
}
