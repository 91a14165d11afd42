import {
  duplicate,
  invalid,
  invalidWithoutValue,
  notSupported,
  required,
  tooMany,
  tooLong,
  type FieldError,
  type FieldPath,
} from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import { quote } from '../../../../machinery/quote.ts'
import type { JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule } from '../../../types/batch-v1.ts'
import { checkNonNegative, checkText } from '../../checks.ts'
import { checkIndexes } from './indexes.ts'

const maxRules = 20
const maxPatterns = 20
const maxExitCodes = 255
const maxIndexesText = 64 * 1024
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const operators = ['In', 'NotIn']
const statuses = ['False', 'True', 'Unknown']

/** Go's %q of a list. */
const listed = (values: readonly string[]): string => `valid values: [${values.map(quote).join(' ')}]`

// pkg/apis/batch/validation/validation.go validatePodFailurePolicy
export function checkFailurePolicy(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  const rules = spec.podFailurePolicy?.rules ?? []
  const at = path.child('rules')
  if (rules.length > maxRules) errors.push(tooMany(at, rules.length, maxRules))
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  for (const [i, rule] of rules.entries()) checkFailureRule(spec, rule, names, at.index(i), errors)
}

// pkg/apis/batch/validation/validation.go validatePodFailurePolicyRule
function checkFailureRule(
  spec: JobSpec,
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  names: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  const at = path.child('action')
  if (!action) errors.push(required(at, listed(actions)))
  else if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(invalid(at, action, 'requires the backoffLimitPerIndex to be set'))
  } else if (!actions.includes(action)) errors.push(notSupported(at, action, actions))
  if (onExitCodes) checkExitCodes(onExitCodes, names, path.child('onExitCodes'), errors)
  if (onPodConditions.length > maxPatterns)
    errors.push(tooMany(path.child('onPodConditions'), onPodConditions.length, maxPatterns))
  for (const [i, { type, status }] of onPodConditions.entries()) {
    const where = path.child('onPodConditions').index(i)
    checkText(type ?? '', isQualifiedName, where.child('type'), errors)
    if (!status) errors.push(required(where.child('status'), listed(statuses)))
    else if (!statuses.includes(status)) errors.push(notSupported(where.child('status'), status, statuses))
  }
  if (onExitCodes && onPodConditions.length > 0)
    errors.push(invalidWithoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (!onExitCodes && onPodConditions.length === 0)
    errors.push(invalidWithoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
}

// pkg/apis/batch/validation/validation.go validatePodFailurePolicyRuleOnExitCodes
function checkExitCodes(
  { operator, containerName, values: given }: PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!operator) errors.push(required(path.child('operator'), listed(operators)))
  else if (!operators.includes(operator)) errors.push(notSupported(path.child('operator'), operator, operators))
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(path.child('containerName'), containerName, detail))
  }
  const values = given ?? []
  const at = path.child('values')
  if (values.length === 0) errors.push(invalid(at, given ?? null, 'at least one value is required'))
  else if (values.length > maxExitCodes) errors.push(tooMany(at, values.length, maxExitCodes))
  const seen = new Set<number>()
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) errors.push(invalid(at.index(i), value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(at.index(i), value))
    seen.add(value)
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value))
    errors.push(invalid(at, values, 'must be ordered'))
}

// pkg/apis/batch/validation/validation.go validateSuccessPolicy
export function checkSuccessPolicy(spec: JobSpec, path: FieldPath, errors: FieldError[]): void {
  const rules = spec.successPolicy?.rules ?? []
  const at = path.child('rules')
  if (rules.length === 0)
    errors.push(required(at, 'at least one rules must be specified when the successPolicy is specified'))
  if (rules.length > maxRules) errors.push(tooMany(at, rules.length, maxRules))
  const completions = spec.completions ?? 0
  for (const [i, { succeededCount: count, succeededIndexes: indexes }] of rules.entries()) {
    const where = at.index(i)
    if (count === undefined && indexes === undefined)
      errors.push(required(where, 'at least one of succeededCount or succeededIndexes must be specified'))
    let total = 0
    if (indexes !== undefined) {
      const field = where.child('succeededIndexes')
      if (indexes.length > maxIndexesText) errors.push(tooLong(field, '', maxIndexesText))
      total = checkIndexes(indexes, completions, field, 'succeededIndexes', errors)
    }
    if (count === undefined) continue
    const field = where.child('succeededCount')
    checkNonNegative(count, field, errors)
    if (count > completions) {
      const detail = `must be less than or equal to ${completions} (the number of specified completions)`
      errors.push(invalid(field, count, detail))
    }
    if (indexes !== undefined && count > total) {
      const what = 'the number of indexes in the specified succeededIndexes field'
      errors.push(invalid(field, count, `must be less than or equal to ${total} (${what})`))
    }
  }
}
