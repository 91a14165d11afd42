import { FieldPath, invalid, required, type FieldError } from '../../../machinery/fieldpath.ts'
import type { PolicyRule } from '../../types/rbac-v1.ts'

/** What is wrong with the rules of a Role (`namespaced`) or ClusterRole. */
// pkg/apis/rbac/validation/validation.go validatePolicyRule
export function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, rule] of (rules ?? []).entries()) checkRule(rule, namespaced, new FieldPath('rules').index(i), errors)
  return errors
}

function checkRule(rule: PolicyRule, namespaced: boolean, path: FieldPath, errors: FieldError[]): void {
  const { verbs = [], nonResourceURLs: urls = [], apiGroups = [], resources = [], resourceNames = [] } = rule
  if (verbs.length === 0) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'))
  if (urls.length > 0) {
    const at = path.child('nonResourceURLs')
    if (namespaced) errors.push(invalid(at, urls, 'namespaced rules cannot apply to non-resource URLs'))
    if (apiGroups.length + resources.length + resourceNames.length > 0)
      errors.push(invalid(at, urls, 'rules cannot apply to both regular resources and non-resource URLs'))
    return
  }
  if (apiGroups.length === 0)
    errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'))
  if (resources.length === 0)
    errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'))
}
