import type { FieldError } from '../../../../machinery/fieldpath.ts'
import type { ClusterRoleBinding } from '../../../types/rbac-v1.ts'
import { validateBinding, validateBindingUpdate } from '../bindings.ts'

const kinds = ['ClusterRole']

export function validate(obj: ClusterRoleBinding): FieldError[] {
  return validateBinding(obj, kinds)
}

export function validateUpdate(obj: ClusterRoleBinding, old: ClusterRoleBinding): FieldError[] {
  return validateBindingUpdate(obj, old, kinds)
}
