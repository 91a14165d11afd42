import type { DaemonSet } from '../../../types/apps-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import {
  age,
  ageColumn,
  column,
  containerCells,
  containerColumns,
  formatLabels,
  formatSelector,
  nameColumn,
} from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Desired', 'Number of nodes that should run the pod.', { type: 'integer' }),
  column('Current', 'Number of nodes that run the pod.', { type: 'integer' }),
  column('Ready', 'Number of nodes where the pod is ready.', { type: 'integer' }),
  column('Up-to-date', 'Number of nodes with a pod of the newest template.', { type: 'integer' }),
  column('Available', 'Number of nodes where the pod is available.', { type: 'integer' }),
  column('Node Selector', 'Labels of the nodes that should run the pod.'),
  ageColumn,
  ...containerColumns,
  column('Selector', 'Selects the pods counted.', { wide: true }),
]

export function row(obj: DaemonSet, now: number): Cell[] {
  const { spec, status } = obj
  return [
    obj.metadata.name ?? '',
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    formatLabels(spec.template?.spec?.nodeSelector),
    age(obj, now),
    ...containerCells(spec.template),
    formatSelector(spec.selector),
  ]
}
