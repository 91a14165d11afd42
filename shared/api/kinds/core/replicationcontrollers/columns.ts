import type { ReplicationController } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, containerCells, containerColumns, formatLabels, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Desired', 'Number of desired pods.', { type: 'integer' }),
  column('Current', 'Number of pods there are.', { type: 'integer' }),
  column('Ready', 'Number of pods that are ready.', { type: 'integer' }),
  ageColumn,
  ...containerColumns,
  column('Selector', 'Labels of the pods counted.', { wide: true }),
]

export function row(obj: ReplicationController, now: number): Cell[] {
  const { spec, status } = obj
  return [
    obj.metadata.name ?? '',
    spec.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    age(obj, now),
    ...containerCells(spec.template),
    formatLabels(spec.selector),
  ]
}
