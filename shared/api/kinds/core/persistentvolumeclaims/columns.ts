import type { PersistentVolumeClaim } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { accessModes, age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Status', 'Phase of the claim.'),
  column('Volume', 'Volume the claim is bound to.'),
  column('Capacity', 'Size of that volume.'),
  column('Access Modes', 'Ways that volume can be mounted.'),
  column('StorageClass', 'Class of the claim.'),
  column('VolumeAttributesClass', 'Attributes class of the claim.'),
  ageColumn,
  column('VolumeMode', 'Filesystem or Block.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printPersistentVolumeClaim
export function row(obj: PersistentVolumeClaim, now: number): Cell[] {
  const { spec, status } = obj
  return [
    obj.metadata.name ?? '',
    obj.metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec.volumeName ?? '',
    spec.volumeName ? (status?.capacity?.['storage'] ?? '0') : '',
    spec.volumeName ? accessModes(status?.accessModes) : '',
    obj.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '',
    spec.volumeAttributesClassName ?? '<unset>',
    age(obj, now),
    spec.volumeMode ?? '<unset>',
  ]
}
