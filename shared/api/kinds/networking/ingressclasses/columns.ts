import type { IngressClass } from '../../../types/networking-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Controller', 'Controller that is responsible for this class.'),
  column('Parameters', 'Resource with more parameters.'),
  ageColumn,
]

export function row(obj: IngressClass, now: number): Cell[] {
  const parameters = obj.spec.parameters
  const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind
  return [
    obj.metadata.name ?? '',
    obj.spec.controller ?? '',
    parameters ? `${kind}/${parameters.name}` : '<none>',
    age(obj, now),
  ]
}
