import { labelSelectorFromObject } from '../../machinery/selector.ts'
import type { ScopedResourceSelectorRequirement } from '../types/core-v1.ts'

/** Whether a scope that names classes is met by the classes an object has. */
// pkg/apis/core/v1/helper/helpers.go ScopedResourceSelectorRequirementsAsSelector
export const selects = (scope: ScopedResourceSelectorRequirement, classes: readonly string[]): boolean => {
  if (scope.operator === 'Exists') return classes.length > 0
  const { scopeName: key, operator, values } = scope
  const selector = labelSelectorFromObject({ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] })
  if (classes.length === 0) return selector.matches({})
  return classes.some((name) => selector.matches({ [key]: name }))
}
