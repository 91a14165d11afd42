import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
} from '@kubets/shared/api/types/core-v1.ts'
import {
  annotated,
  betaStorageProvisioner,
  bindCompleted,
  boundByController,
  storageProvisioner,
} from '@kubets/shared/api/volume-binding.ts'

/** The claim pointing at the volume; the same object when it does. */
// pkg/controller/volume/persistentvolume/pv_controller.go bindClaimToVolume
export function boundClaim(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const completed = { [bindCompleted]: 'yes' }
  const volumeName = volume.metadata.name
  if (claim.spec.volumeName === volumeName) return annotated(claim, completed)
  const pointing = { ...claim, spec: { ...claim.spec, volumeName } }
  return annotated(pointing, { [boundByController]: 'yes', ...completed })
}

/** On a volume that was made larger but whose filesystem was not: how large that is. */
// pkg/volume/util/util.go AnnPreResizeCapacity
const preResizeCapacity = 'volume.alpha.kubernetes.io/pre-resize-capacity'

/** What the claim's status says of its volume, of none where it has none. */
// pkg/controller/volume/persistentvolume/pv_controller.go updateClaimStatus
export function claimStatus(
  { status = {} }: PersistentVolumeClaim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume?: PersistentVolume,
): PersistentVolumeClaimStatus {
  const { accessModes: _, capacity: __, currentVolumeAttributesClassName: ___, ...rest } = status
  if (volume === undefined) return { ...rest, phase }
  const { accessModes, capacity, volumeAttributesClassName } = volume.spec
  // of one that is bound the filesystem may be smaller than the volume, which is for who resizes it to say
  if (status.phase === phase) return { ...status, accessModes }
  const before = volume.metadata.annotations?.[preResizeCapacity]
  return {
    ...rest,
    phase,
    accessModes,
    capacity: before === undefined ? capacity : { ...capacity, storage: before },
    ...(volumeAttributesClassName === undefined ? {} : { currentVolumeAttributesClassName: volumeAttributesClassName }),
  }
}

/** The claim with the name of who is to make its volume; the same object when it has it. */
// pkg/controller/volume/persistentvolume/pv_controller_base.go setClaimProvisioner
export const forProvisioner = (claim: PersistentVolumeClaim, provisioner: string): PersistentVolumeClaim =>
  annotated(claim, { [betaStorageProvisioner]: provisioner, [storageProvisioner]: provisioner })
