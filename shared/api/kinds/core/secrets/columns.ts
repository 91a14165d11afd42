import type { Secret } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Type', 'What kind of secret it is.'),
  column('Data', 'Number of entries.'),
  ageColumn,
]

export function row(obj: Secret, now: number): Cell[] {
  return [obj.metadata.name ?? '', obj.type ?? '', Object.keys(obj.data ?? {}).length, age(obj, now)]
}
