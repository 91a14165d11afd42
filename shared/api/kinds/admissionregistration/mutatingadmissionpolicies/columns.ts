import type { MutatingAdmissionPolicy } from '../../../types/admissionregistration-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('Mutations', 'Number of mutations.', { type: 'integer' }),
  column('ParamKind', 'Kind of the parameters.'),
  ageColumn,
]

export function row(obj: MutatingAdmissionPolicy, now: number): Cell[] {
  return [
    obj.metadata.name ?? '',
    (obj.spec?.mutations ?? []).length,
    obj.spec?.paramKind ? `${obj.spec.paramKind.apiVersion}/${obj.spec.paramKind.kind}` : '<unset>',
    age(obj, now),
  ]
}
