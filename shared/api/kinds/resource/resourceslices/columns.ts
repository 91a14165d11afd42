import type { ResourceSlice } from '../../../types/resource-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Node', 'Node that has the devices.'),
  column('Driver', 'Driver of the devices.'),
  column('Pool', 'Pool the devices belong to.'),
  ageColumn,
]

export function row(obj: ResourceSlice, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    obj.spec.nodeName ?? '',
    obj.spec.driver ?? '',
    obj.spec.pool?.name ?? '',
    age(obj, now),
  ]
}
