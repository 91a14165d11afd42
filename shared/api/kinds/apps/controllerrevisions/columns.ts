import { controllerOf } from '../../../../machinery/object.ts'
import type { ControllerRevision } from '../../../types/apps-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Controller', 'Controller of the object.'),
  column('Revision', 'Number of the revision.'),
  ageColumn,
]

export function row(obj: ControllerRevision, now: number): Cell[] {
  const owner = controllerOf(obj)
  const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
  const controller = owner ? `${owner.kind.toLowerCase()}${group}/${owner.name}` : '<none>'
  return [obj.metadata.name ?? '', controller, obj.revision ?? 0, age(obj, now)]
}
