import type { Deployment } from '../../../types/apps-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, containerCells, containerColumns, formatSelector, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Ready', 'Number of pods that are ready, of those desired.'),
  column('Up-to-date', 'Number of pods of the newest template.'),
  column('Available', 'Number of pods ready for at least minReadySeconds.'),
  ageColumn,
  ...containerColumns,
  column('Selector', 'Selects the pods counted.', { wide: true }),
]

// pkg/printers/internalversion/printers.go printDeployment
export function row(obj: Deployment, now: number): Cell[] {
  const { spec, status } = obj
  return [
    obj.metadata.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    age(obj, now),
    ...containerCells(spec.template),
    formatSelector(spec.selector),
  ]
}
