import {
  duplicate,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { isLabelValue, isQualifiedName } from '../../../machinery/names.ts'
import type { PodSchedulingGate, Taint, Toleration, TopologySpreadConstraint } from '../../types/core-v1.ts'
import { checkLabelSelector, checkText } from '../checks.ts'
import { checkLabelKeys } from './label-keys.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

// pkg/apis/core/validation/validation.go ValidateTolerations
export function checkTolerations(tolerations: readonly Toleration[], path: FieldPath, errors: FieldError[]): void {
  for (const [i, toleration] of tolerations.entries()) {
    const at = path.index(i)
    const { key, operator, effect, tolerationSeconds } = toleration
    if (key) checkText(key, isQualifiedName, at.child('key'), errors)
    else if (operator !== 'Exists') {
      const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      errors.push(invalid(at.child('operator'), operator ?? '', detail))
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      errors.push(invalid(at.child('effect'), effect ?? '', detail))
    }
    checkTolerationValue(toleration, at.child('operator'), errors)
    if (effect && !effects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, effects))
  }
}

const operators = ['Equal', 'Exists']

function checkTolerationValue({ operator, value = '' }: Toleration, path: FieldPath, errors: FieldError[]): void {
  if (!operator || operator === 'Equal') {
    const texts = isLabelValue(value)
    if (texts.length > 0) errors.push(invalid(path, value, texts.join(';')))
  } else if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(path, value, "value must be empty when `operator` is 'Exists'"))
  } else {
    // those that compare are for clusters with the gate TaintTolerationComparisonOperators, which v1.36 leaves off
    const known = operator === 'Lt' || operator === 'Gt' ? [...operators, 'Lt', 'Gt'] : operators
    errors.push(notSupported(path, operator, known))
  }
}

// pkg/apis/core/validation/validation.go validateNodeTaints
export function checkTaints(taints: readonly Taint[], path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, taint] of taints.entries()) {
    const at = path.index(i)
    checkText(taint.key, isQualifiedName, at.child('key'), errors)
    const texts = isLabelValue(taint.value ?? '')
    if (texts.length > 0) errors.push(invalid(at.child('value'), taint.value, texts.join(';')))
    if (!taint.effect) errors.push(required(at.child('effect')))
    else if (!effects.includes(taint.effect)) errors.push(notSupported(at.child('effect'), taint.effect, effects))
    const pair = `${taint.key} ${taint.effect}`
    if (seen.has(pair)) errors.push({ ...duplicate(at, taint), detail: 'taints must be unique by key and effect pair' })
    seen.add(pair)
  }
}

// pkg/apis/core/validation/validation.go validateSchedulingGates
export function checkGates(gates: readonly PodSchedulingGate[], path: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>()
  for (const [i, { name }] of gates.entries()) {
    checkText(name, isQualifiedName, path.index(i), errors)
    if (seen.has(name)) errors.push(duplicate(path.index(i), name))
    seen.add(name)
  }
}

const actions = ['DoNotSchedule', 'ScheduleAnyway']
const policies = ['Honor', 'Ignore']

// pkg/apis/core/validation/validation.go validateTopologySpreadConstraints
export function checkSpread(
  constraints: readonly TopologySpreadConstraint[],
  path: FieldPath,
  errors: FieldError[],
): void {
  const seen = new Set<string>()
  for (const [i, constraint] of constraints.entries()) {
    const at = path.index(i)
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint
    if (!(maxSkew > 0)) errors.push(invalid(at.child('maxSkew'), maxSkew ?? 0, 'must be greater than zero'))
    if (!topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'))
    if (!actions.includes(whenUnsatisfiable))
      errors.push(notSupported(at.child('whenUnsatisfiable'), whenUnsatisfiable ?? '', actions))
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (seen.has(pair)) errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), pair))
    seen.add(pair)
    if (minDomains !== undefined) {
      const where = at.child('minDomains')
      if (minDomains <= 0) errors.push(invalid(where, minDomains, 'must be greater than zero'))
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
        errors.push(invalid(where, minDomains, detail))
      }
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field]
      if (policy !== undefined && !policies.includes(policy))
        errors.push(notSupported(at.child(field), policy, policies))
    }
    checkLabelKeys(constraint, at, errors)
    checkLabelSelector(constraint.labelSelector, at.child('labelSelector'), errors)
  }
}
