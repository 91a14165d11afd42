import type { PersistentVolumeClaim } from '../../../types/core-v1.ts'
import { canonicalize } from '../../quantities.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_PersistentVolumeClaim
export function defaults(obj: PersistentVolumeClaim): void {
  obj.status ??= {}
  obj.status.phase ||= 'Pending'
  const { spec } = obj
  if (!spec) return
  spec.volumeMode ??= 'Filesystem'
  canonicalize(spec.resources?.requests)
  canonicalize(spec.resources?.limits)
}
