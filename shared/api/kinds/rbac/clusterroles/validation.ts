import { FieldPath, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ClusterRole } from '../../../types/rbac-v1.ts'
import { checkLabelSelector } from '../../checks.ts'
import { validateRules } from '../rules.ts'

// pkg/apis/rbac/validation/validation.go ValidateClusterRole
export function validate(role: ClusterRole): FieldError[] {
  const errors = validateRules(role.rules ?? [], false)
  if (!role.aggregationRule) return errors
  const path = new FieldPath('aggregationRule', 'clusterRoleSelectors')
  const selectors = role.aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0)
    errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
  for (const [i, selector] of selectors.entries()) checkLabelSelector(selector, path.index(i), errors)
  return errors
}
