import type { VolumeAttachment } from '../../../types/storage-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  { ...column('Attacher', 'CSI driver that attaches.'), format: 'name' },
  column('PV', 'Volume that is attached.'),
  column('Node', 'Node it is attached to.'),
  column('Attached', 'Whether it is attached.', { type: 'boolean' }),
  ageColumn,
]

export function row(obj: VolumeAttachment, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    obj.spec.attacher ?? '',
    obj.spec.source?.persistentVolumeName ?? '',
    obj.spec.nodeName ?? '',
    obj.status?.attached ?? false,
    age(obj, now),
  ]
}
