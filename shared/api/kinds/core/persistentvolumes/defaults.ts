import type { PersistentVolume } from '../../../types/core-v1.ts'
import { canonicalize } from '../../quantities.ts'

// pkg/apis/core/v1/defaults.go SetDefaults_PersistentVolume
export function defaults(obj: PersistentVolume): void {
  obj.status ??= {}
  obj.status.phase ||= 'Pending'
  const { spec } = obj
  if (!spec) return
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  if (spec.hostPath) spec.hostPath.type ??= ''
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= 'default'
  canonicalize(spec.capacity)
}
