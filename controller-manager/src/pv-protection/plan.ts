import type { PersistentVolume } from '@kubets/shared/api/types/core-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { protection, type ProtectionAction } from '../protection.ts'

export const finalizer = 'kubernetes.io/pv-protection'

/** What to do with a volume: it is used as long as it is bound. */
// pkg/controller/volume/pvprotection/pv_protection_controller.go processPV
export const plan = (volume: PersistentVolume): ProtectionAction =>
  protection(volume as KubeObject, finalizer, () => volume.status?.phase === 'Bound')
