import type { PersistentVolume } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { accessModes, age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Capacity', 'Size of the volume.'),
  column('Access Modes', 'Ways the volume can be mounted.'),
  column('Reclaim Policy', 'What happens when the claim goes.'),
  column('Status', 'Phase of the volume.'),
  column('Claim', 'Claim the volume is bound to.'),
  column('StorageClass', 'Class of the volume.'),
  column('VolumeAttributesClass', 'Attributes class of the volume.'),
  column('Reason', 'Why the volume is in this phase.'),
  ageColumn,
  column('VolumeMode', 'Filesystem or Block.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printPersistentVolume
export function row(obj: PersistentVolume, now: number): Cell[] {
  const { spec, status } = obj
  const claim = spec.claimRef
  return [
    obj.metadata.name ?? '',
    spec.capacity?.['storage'] ?? '0',
    accessModes(spec.accessModes),
    spec.persistentVolumeReclaimPolicy ?? '',
    obj.metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    claim ? `${claim.namespace ?? ''}/${claim.name ?? ''}` : '',
    obj.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '',
    spec.volumeAttributesClassName ?? '<unset>',
    status?.reason ?? '',
    age(obj, now),
    spec.volumeMode ?? '<unset>',
  ]
}
