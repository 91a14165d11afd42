import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1035Label } from '../../../../machinery/names.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from '../../../types/apiextensions-v1.ts'

const approvedAnnotation = 'api-approved.kubernetes.io'

// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go ValidateCustomResourceDefinitionNames
export function validateNames(names: Partial<CustomResourceDefinitionNames>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const check = (place: FieldPath, value: string, lead = '', text = value): void => {
    const texts = text === '' ? [] : isDNS1035Label(text)
    if (texts.length > 0) errors.push(invalid(place, value, lead + texts.join(',')))
  }
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names
  const mixed = 'may have mixed case, but should otherwise match: '
  check(path.child('plural'), plural)
  check(path.child('singular'), singular)
  check(path.child('kind'), kind, mixed, kind.toLowerCase())
  check(path.child('listKind'), listKind, mixed, listKind.toLowerCase())
  for (const [i, name] of shortNames.entries()) checkEach(path.child('shortNames').index(i), name, errors)
  if (kind !== '' && kind === listKind)
    errors.push(invalid(path.child('listKind'), listKind, 'kind and listKind may not be the same'))
  for (const [i, name] of categories.entries()) checkEach(path.child('categories').index(i), name, errors)
  return errors
}

function checkEach(path: FieldPath, name: string, errors: FieldError[]): void {
  const texts = isDNS1035Label(name)
  if (texts.length > 0) errors.push(invalid(path, name, texts.join(',')))
}

/** Names that a spec must have; those of a status may be missing. */
export function requireNames(names: Partial<CustomResourceDefinitionNames>, path: FieldPath): FieldError[] {
  const wanted = ['plural', 'singular', 'kind', 'listKind'] as const
  return wanted.filter((name) => !names[name]).map((name) => required(path.child(name)))
}

export type Approval = 'approved' | 'bypassed' | 'missing' | 'invalid'

// apiextensions-apiserver/pkg/apihelpers/helpers.go IsProtectedCommunityGroup
export function isProtectedGroup(group: string): boolean {
  return ['k8s.io', 'kubernetes.io'].some((owner) => group === owner || group.endsWith(`.${owner}`))
}

/** Whether the community has agreed to a kind in one of its groups, and the words for that. */
// apiextensions-apiserver/pkg/apihelpers/helpers.go GetAPIApprovalState
export function approvalOf({ metadata }: CustomResourceDefinition): { state: Approval; reason: string } {
  const value = metadata.annotations?.[approvedAnnotation] ?? ''
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111'
  const needed = `protected groups must have approval annotation "${approvedAnnotation}"`
  if (value === '') return { state: 'missing', reason: `${needed}, ${see}` }
  if (value.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(value)}` }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]/i.test(value)) return { state: 'approved', reason: `approved in ${value}` }
  return { state: 'invalid', reason: `${needed} with either a URL or a reason starting with "unapproved", ${see}` }
}

// apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go validateAPIApproval
export function validateApproval(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  if (!isProtectedGroup(crd.spec.group ?? '')) return []
  const { state, reason } = approvalOf(crd)
  if (state === 'approved' || state === 'bypassed' || (old && approvalOf(old).state === state)) return []
  const path = new FieldPath('metadata', 'annotations').key(approvedAnnotation)
  if (state === 'missing') return [required(path, reason)]
  return [invalid(path, crd.metadata.annotations?.[approvedAnnotation] ?? '', reason)]
}
