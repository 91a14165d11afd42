import {
  approvalOf,
  isProtectedGroup,
  type Approval,
} from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/names.ts'
import { setCondition } from '@kubets/shared/api/kinds/apiextensions/customresourcedefinitions/conditions.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '@kubets/shared/api/types/apiextensions-v1.ts'
import { validateStructural } from '@kubets/shared/api/structural/validate-structural.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import { errorText, FieldPath, invalid, type FieldError } from '@kubets/shared/machinery/fieldpath.ts'

/**
 * What a definition's status should say, given the others of its group; the status it has when that is right already.
 * `now` in milliseconds since the epoch.
 */
export function nextStatus(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: number,
): CustomResourceDefinitionStatus {
  const status = clone(crd.status ?? { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] })
  acceptNames(crd, status, others, now)
  establish(status, now)
  checkStructural(crd, status, now)
  checkApproval(crd, status, now)
  return crd.status && deepEqual(status, crd.status) ? crd.status : status
}

// apiextensions-apiserver/pkg/controller/status/naming_controller.go calculateNamesAndConditions
function acceptNames(
  { spec }: CustomResourceDefinition,
  status: CustomResourceDefinitionStatus,
  others: readonly CustomResourceDefinition[],
  now: number,
): void {
  const wanted = spec.names
  const accepted: CustomResourceDefinitionNames = status.acceptedNames ?? { plural: '', kind: '' }
  if (deepEqual(wanted, accepted)) return
  const taken = others.flatMap((other) => other.status?.acceptedNames ?? [])
  const resources = new Set(
    taken.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...(shortNames ?? [])]),
  )
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]))
  const next: CustomResourceDefinitionNames = { ...accepted }
  let conflict: { reason: string; message: string } | undefined
  const take = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    used: ReadonlySet<string | undefined>,
    reason: string,
  ) => {
    const name = wanted[field]
    if (name !== accepted[field] && used.has(name)) conflict = { reason, message: inUse(name) }
    else if (name !== undefined) next[field] = name
  }
  take('plural', resources, 'PluralConflict')
  take('singular', resources, 'SingularConflict')
  const short = (wanted.shortNames ?? []).filter((name) => !accepted.shortNames?.includes(name) && resources.has(name))
  if (short.length > 0) {
    const texts = [...new Set(short.map(inUse))]
    conflict = {
      reason: 'ShortNamesConflict',
      message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`,
    }
  } else if (wanted.shortNames) next.shortNames = [...wanted.shortNames]
  else delete next.shortNames
  take('kind', kinds, 'KindConflict')
  take('listKind', kinds, 'ListKindConflict')
  if (wanted.categories) next.categories = [...wanted.categories]
  else delete next.categories
  status.acceptedNames = next
  const fine = { reason: 'NoConflicts', message: 'no conflicts found' }
  setCondition(status, { type: 'NamesAccepted', status: conflict ? 'False' : 'True', ...(conflict ?? fine) }, now)
  if (conflict && !status.conditions.some(({ type }) => type === 'Established')) {
    const message = 'not all names are accepted'
    setCondition(status, { type: 'Established', status: 'False', reason: 'NotAccepted', message }, now)
  }
}

const inUse = (name: string | undefined): string => `${JSON.stringify(name ?? '')} is already in use`

/** Once the first names are accepted it is served, and stays so whatever names are asked for later. */
// apiextensions-apiserver/pkg/controller/establish/establishing_controller.go sync
function establish(status: CustomResourceDefinitionStatus, now: number): void {
  const is = (type: string): boolean =>
    status.conditions.some((condition) => condition.type === type && condition.status === 'True')
  if (!is('NamesAccepted') || is('Established')) return
  const message = 'the initial names have been accepted'
  setCondition(status, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message }, now)
}

// apiextensions-apiserver/pkg/controller/nonstructuralschema/nonstructuralschema_controller.go calculateCondition
function checkStructural(
  { spec }: CustomResourceDefinition,
  status: CustomResourceDefinitionStatus,
  now: number,
): void {
  const errors: FieldError[] = []
  if (spec.preserveUnknownFields)
    errors.push(invalid(new FieldPath('spec', 'preserveUnknownFields'), true, 'must be false'))
  for (const [i, { schema }] of spec.versions.entries()) {
    const path = new FieldPath('spec', 'versions').index(i).child('schema', 'openAPIV3Schema')
    if (schema?.openAPIV3Schema) errors.push(...validateStructural(path, schema.openAPIV3Schema))
  }
  if (errors.length === 0) {
    status.conditions = status.conditions.filter(({ type }) => type !== 'NonStructuralSchema')
    return
  }
  const texts = [...new Set(errors.map(errorText))]
  const message = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
  setCondition(status, { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message }, now)
}

const approvals: Readonly<Record<Approval, readonly [status: string, reason: string]>> = {
  invalid: ['False', 'InvalidAnnotation'],
  missing: ['False', 'MissingAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
}

// apiextensions-apiserver/pkg/controller/apiapproval/apiapproval_controller.go calculateCondition
function checkApproval(crd: CustomResourceDefinition, status: CustomResourceDefinitionStatus, now: number): void {
  if (!isProtectedGroup(crd.spec.group)) return
  const { state, reason: message } = approvalOf(crd)
  const [value, reason] = approvals[state]
  setCondition(status, { type: 'KubernetesAPIApprovalPolicyConformant', status: value, reason, message }, now)
}
