import type { PodTemplate } from '../../../types/core-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { column, containerCells, formatLabels, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Containers', 'Names of the containers in the template.'),
  column('Images', 'Images of the containers in the template.'),
  column('Pod Labels', 'Labels of the template.'),
]

export function row(obj: PodTemplate): Cell[] {
  return [obj.metadata.name ?? '', ...containerCells(obj.template), formatLabels(obj.template?.metadata?.labels)]
}
