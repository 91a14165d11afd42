import { deepEqual } from '../../../machinery/deep.ts'
import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../machinery/names.ts'
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../types/rbac-v1.ts'
import { checkText } from '../checks.ts'
import { nameRules } from '../name-rules.ts'

const group = 'rbac.authorization.k8s.io'
type Binding = RoleBinding | ClusterRoleBinding

/** What is wrong with a binding to one of `kinds`. */
// pkg/apis/rbac/validation/validation.go ValidateRoleBinding
export function validateBinding({ roleRef, subjects }: Binding, kinds: readonly string[]): FieldError[] {
  const errors: FieldError[] = []
  const path = new FieldPath('roleRef')
  const { apiGroup, kind, name } = roleRef ?? {}
  if (apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), apiGroup ?? '', [group]))
  if (!kinds.includes(kind ?? '')) errors.push(notSupported(path.child('kind'), kind ?? '', kinds))
  if (!name) errors.push(required(path.child('name')))
  else checkText(name, (text) => nameRules.pathSegment(text, false), path.child('name'), errors)
  for (const [i, subject] of (subjects ?? []).entries())
    checkSubject(subject, kinds.includes('Role'), new FieldPath('subjects').index(i), errors)
  return errors
}

/** A binding is to one role for ever. */
export function validateBindingUpdate(obj: Binding, old: Binding, kinds: readonly string[]): FieldError[] {
  const errors = validateBinding(obj, kinds)
  if (!deepEqual(obj.roleRef, old.roleRef))
    errors.push(invalid(new FieldPath('roleRef'), obj.roleRef, 'cannot change roleRef'))
  return errors
}

const subjectKinds = ['ServiceAccount', 'User', 'Group']

// pkg/apis/rbac/validation/validation.go validateRoleBindingSubject
function checkSubject(subject: Subject, namespaced: boolean, path: FieldPath, errors: FieldError[]): void {
  const { kind, name, apiGroup = '', namespace } = subject
  if (!name) errors.push(required(path.child('name')))
  if (kind === 'ServiceAccount') {
    if (name) checkText(name, isDNS1123Subdomain, path.child('name'), errors)
    if (apiGroup) errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']))
    if (!namespaced && !namespace) errors.push(required(path.child('namespace')))
  } else if (kind === 'User' || kind === 'Group') {
    if (!name) errors.push(invalid(path.child('name'), '', `${kind.toLowerCase()} name cannot be empty`))
    if (apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), apiGroup, [group]))
  } else errors.push(notSupported(path.child('kind'), kind ?? '', subjectKinds))
}
