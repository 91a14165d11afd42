import type { NetworkPolicy } from '../../../types/networking-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, formatSelector, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Pod-Selector', 'Selects the pods the policy is for.'),
  ageColumn,
]

export function row(obj: NetworkPolicy, now: number): Cell[] {
  return [obj.metadata.name ?? '', formatSelector(obj.spec.podSelector), age(obj, now)]
}
