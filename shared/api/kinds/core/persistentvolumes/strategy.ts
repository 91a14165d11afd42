import type { PersistentVolume } from '../../../types/core-v1.ts'

// pkg/registry/core/persistentvolume/strategy.go PrepareForCreate
export function prepareForCreate(obj: PersistentVolume): void {
  obj.status = { phase: 'Pending', lastPhaseTransitionTime: obj.metadata.creationTimestamp }
}

/** The time of the last change of phase is the server's, unless the client says another. */
// pkg/registry/core/persistentvolume/strategy.go persistentvolumeStatusStrategy.PrepareForUpdate
export function prepareForStatusUpdate(obj: PersistentVolume, old: PersistentVolume, now: string): void {
  const [given, before] = [obj.status?.lastPhaseTransitionTime, old.status?.lastPhaseTransitionTime]
  if (obj.status?.phase === old.status?.phase) {
    if (given === undefined && before !== undefined) obj.status = { ...obj.status, lastPhaseTransitionTime: before }
  } else if (given === undefined || given === before) {
    obj.status = { ...obj.status, lastPhaseTransitionTime: now }
  }
}
