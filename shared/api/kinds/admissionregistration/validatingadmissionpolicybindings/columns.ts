import type { ValidatingAdmissionPolicyBinding } from '../../../types/admissionregistration-v1.ts'
import type { Cell, Column } from '../../kind.ts'
import { age, ageColumn, column, nameColumn } from '../../printing.ts'

export const columns: readonly Column[] = [
  nameColumn,
  column('PolicyName', 'Policy that is bound.'),
  column('ParamRef', 'Where the parameters are.'),
  ageColumn,
]

export function row(obj: ValidatingAdmissionPolicyBinding, now: number): Cell[] {
  return [obj.metadata.name ?? '', obj.spec?.policyName ?? '', paramRef(obj.spec?.paramRef), age(obj, now)]
}

function paramRef(ref: { namespace?: string; name?: string } | undefined): string {
  if (!ref) return '<unset>'
  if (!ref.name) return `${ref.namespace || '*'}/*`
  return ref.namespace ? `${ref.namespace}/${ref.name}` : `*/${ref.name}`
}
