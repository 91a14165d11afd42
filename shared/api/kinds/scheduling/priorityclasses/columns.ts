import type { PriorityClass } from '../../../types/scheduling-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Value', 'Priority of pods of this class.', { type: 'integer' }),
  column('Global-Default', 'Whether it is the class of pods that name none.', { type: 'boolean' }),
  ageColumn,
  column('PreemptionPolicy', 'Whether pods of this class preempt others.', { wide: true }),
]

export function row(obj: PriorityClass, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    obj.value ?? 0,
    obj.globalDefault ?? false,
    age(obj, now),
    obj.preemptionPolicy ?? '<unset>',
  ]
}
