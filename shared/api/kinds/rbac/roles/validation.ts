import type { FieldError } from '../../../../machinery/fieldpath.ts'
import type { Role } from '../../../types/rbac-v1.ts'
import { validateRules } from '../rules.ts'

export function validate(role: Role): FieldError[] {
  return validateRules(role.rules ?? [], true)
}
