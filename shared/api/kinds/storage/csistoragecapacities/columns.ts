import type { CSIStorageCapacity } from '../../../types/storage-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('StorageClassName', 'Class whose capacity this is.'),
  column('Capacity', 'What is free.'),
]

export function row(obj: CSIStorageCapacity): Cell[] {
  return [obj.metadata.name ?? '', obj.storageClassName ?? '', obj.capacity ?? '<unset>']
}
