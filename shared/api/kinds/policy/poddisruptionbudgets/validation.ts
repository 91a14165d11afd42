import { FieldPath, invalid, notSupported, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { PodDisruptionBudget } from '../../../types/policy-v1.ts'
import { checkAtMostAll, checkIntOrPercent } from '../../apps/workload.ts'
import { checkLabelSelector } from '../../checks.ts'

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
