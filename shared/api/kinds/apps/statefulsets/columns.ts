import type { StatefulSet } from '../../../types/apps-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, containerCells, containerColumns, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Ready', 'Number of pods that are ready, of those desired.'),
  ageColumn,
  ...containerColumns,
]

export function row(obj: StatefulSet, now: number): Cell[] {
  const { spec, status } = obj
  return [
    obj.metadata.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    age(obj, now),
    ...containerCells(spec.template),
  ]
}
