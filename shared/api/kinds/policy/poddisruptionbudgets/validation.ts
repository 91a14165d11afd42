import { FieldPath, invalid, notSupported, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { PodDisruptionBudget } from '../../../types/policy-v1.ts'
import { checkAtMostAll, checkIntOrPercent } from '../../apps/workload.ts'
import { checkLabelSelector, checkNonNegative } from '../../checks.ts'
import { checkConditions } from '../../conditions.ts'

const path = new FieldPath('spec')
const policies = ['AlwaysAllow', 'IfHealthyBudget']

// pkg/apis/policy/validation/validation.go ValidatePodDisruptionBudgetSpec
export function validate({ spec = {} }: PodDisruptionBudget): FieldError[] {
  const errors: FieldError[] = []
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined)
    errors.push(invalid(path, spec, 'minAvailable and maxUnavailable cannot be both set'))
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    checkIntOrPercent(spec[field], path.child(field), errors)
    checkAtMostAll(spec[field], path.child(field), errors)
  }
  checkLabelSelector(spec.selector, path.child('selector'), errors)
  const policy = spec.unhealthyPodEvictionPolicy
  if (policy !== undefined && !policies.includes(policy))
    errors.push(notSupported(path.child('unhealthyPodEvictionPolicy'), policy, policies))
  return errors
}

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

// pkg/apis/policy/validation/validation.go ValidatePodDisruptionBudgetStatusUpdate
export function validateStatusUpdate({ status }: PodDisruptionBudget): FieldError[] {
  const errors: FieldError[] = []
  const at = new FieldPath('status')
  checkConditions(status?.conditions, at.child('conditions'), errors)
  for (const field of counts) checkNonNegative(status?.[field], at.child(field), errors)
  return errors
}
