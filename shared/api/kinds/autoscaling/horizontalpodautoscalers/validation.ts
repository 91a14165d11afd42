import { FieldPath, invalid, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { HorizontalPodAutoscaler, HPAScalingPolicy, HPAScalingRules } from '../../../types/autoscaling-v2.ts'
import { checkNonNegative } from '../../checks.ts'
import { quantityOr } from '../../quantities.ts'
import { checkMetric, checkReference } from './metrics.ts'

const path = new FieldPath('spec')
const maxWindow = 3600
const maxPeriod = 1800

// pkg/apis/autoscaling/validation/validation.go validateHorizontalPodAutoscalerSpec
export function validate({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const errors: FieldError[] = []
  const { minReplicas: min, maxReplicas: max = 0, metrics = [] } = spec
  // 0 is for the feature gate HPAScaleToZero, which is off
  if (min !== undefined && min < 1)
    errors.push(invalid(path.child('minReplicas'), min, 'must be greater than or equal to 1'))
  if (max < 1) errors.push(invalid(path.child('maxReplicas'), max, 'must be greater than 0'))
  if (min !== undefined && max < min)
    errors.push(invalid(path.child('maxReplicas'), max, 'must be greater than or equal to `minReplicas`'))
  checkReference(spec.scaleTargetRef, path.child('scaleTargetRef'), errors)
  for (const [i, metric] of metrics.entries()) checkMetric(metric, path.child('metrics').index(i), errors)
  for (const direction of ['scaleUp', 'scaleDown'] as const)
    checkRules(spec.behavior?.[direction], path.child('behavior', direction), errors)
  return errors
}

const choices = ['Disabled', 'Max', 'Min']

// pkg/apis/autoscaling/validation/validation.go validateScalingRules
function checkRules(rules: HPAScalingRules | undefined, at: FieldPath, errors: FieldError[]): void {
  if (!rules) return
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules
  const where = at.child('stabilizationWindowSeconds')
  if (window !== undefined && window < 0) errors.push(invalid(where, window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > maxWindow)
    errors.push(invalid(where, window, `must be less than or equal to ${maxWindow}`))
  if (selectPolicy !== undefined && !choices.includes(selectPolicy))
    errors.push(notSupported(at.child('selectPolicy'), selectPolicy, choices))
  if (policies.length === 0) errors.push(required(at.child('policies'), 'must specify at least one Policy'))
  for (const [i, policy] of policies.entries()) checkPolicy(policy, at.child('policies').index(i), errors)
  if (tolerance !== undefined && (quantityOr(tolerance)?.sign ?? -1) < 0)
    errors.push(invalid(at.child('tolerance'), tolerance, 'must be greater or equal to zero'))
}

const policyTypes = ['Percent', 'Pods']

// pkg/apis/autoscaling/validation/validation.go validateScalingPolicy
function checkPolicy(
  { type, value = 0, periodSeconds = 0 }: HPAScalingPolicy,
  at: FieldPath,
  errors: FieldError[],
): void {
  if (!policyTypes.includes(type)) errors.push(notSupported(at.child('type'), type ?? '', policyTypes))
  if (value <= 0) errors.push(invalid(at.child('value'), value, 'must be greater than zero'))
  const where = at.child('periodSeconds')
  if (periodSeconds <= 0) errors.push(invalid(where, periodSeconds, 'must be greater than zero'))
  if (periodSeconds > maxPeriod)
    errors.push(invalid(where, periodSeconds, `must be less than or equal to ${maxPeriod}`))
}

// pkg/apis/autoscaling/validation/validation.go ValidateHorizontalPodAutoscalerStatusUpdate
export function validateStatusUpdate({ status }: HorizontalPodAutoscaler): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['currentReplicas', 'desiredReplicas'] as const)
    checkNonNegative(status?.[field], new FieldPath('status', field), errors)
  return errors
}
