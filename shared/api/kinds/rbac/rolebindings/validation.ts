import type { FieldError } from '../../../../machinery/fieldpath.ts'
import type { RoleBinding } from '../../../types/rbac-v1.ts'
import { validateBinding, validateBindingUpdate } from '../bindings.ts'

const kinds = ['Role', 'ClusterRole']

export function validate(obj: RoleBinding): FieldError[] {
  return validateBinding(obj, kinds)
}

export function validateUpdate(obj: RoleBinding, old: RoleBinding): FieldError[] {
  return validateBindingUpdate(obj, old, kinds)
}
