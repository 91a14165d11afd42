import type { CSINode } from '../../../types/storage-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Drivers', 'Number of CSI drivers on the node.', { type: 'integer' }),
  ageColumn,
]

export function row(obj: CSINode, now: number): Cell[] {
  return [obj.metadata.name ?? '', (obj.spec.drivers ?? []).length, age(obj, now)]
}
