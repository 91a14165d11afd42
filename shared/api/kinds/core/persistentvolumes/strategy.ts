import type { PersistentVolume } from '../../../types/core-v1.ts'

// pkg/registry/core/persistentvolume/strategy.go PrepareForCreate
export function prepareForCreate(obj: PersistentVolume): void {
  obj.status = { phase: 'Pending' }
}
