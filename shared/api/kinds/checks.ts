import { deepEqual } from '../../machinery/deep.ts'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import type { LabelSelector } from '../../machinery/meta-v1.gen.ts'
import { isDNS1123Label, isLabelValue, isPortName, isPortNumber, isQualifiedName } from '../../machinery/names.ts'
import { checkLabels } from './meta.ts'

// Checks that several kinds need: each adds what is wrong to `errors`.

type Texts = (value: string) => string[]

/** Adds one "invalid" for each text that `check` has about the value. */
export function checkText(value: string, check: Texts, path: FieldPath, errors: FieldError[]): void {
  for (const text of check(value)) errors.push(invalid(path, value, text))
}

// apimachinery/pkg/api/validation/generic.go ValidateNonnegativeField
export function checkNonNegative(value: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (value !== undefined && value < 0) errors.push(invalid(path, value, 'must be greater than or equal to 0'))
}

// apimachinery/pkg/api/validation/objectmeta.go ValidateImmutableField
export function checkImmutable(value: unknown, old: unknown, path: FieldPath, errors: FieldError[]): void {
  if (!deepEqual(value, old)) errors.push(invalid(path, value, 'field is immutable'))
}

/** Refuses a change of a field of an object that was marked immutable. */
export function checkFrozen(value: unknown, old: unknown, path: FieldPath, errors: FieldError[]): void {
  if (!deepEqual(value, old)) errors.push(forbidden(path, 'field is immutable when `immutable` is set'))
}

// pkg/apis/core/validation/validation.go ValidatePortNumOrName
export function checkPort(port: number | string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (typeof port === 'string') checkText(port, isPortName, path, errors)
  else for (const text of isPortNumber(port ?? 0)) errors.push(invalid(path, port ?? 0, text))
}

export function checkLabelName(name: string, path: FieldPath, errors: FieldError[]): void {
  checkText(name, isDNS1123Label, path, errors)
}

// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector
export function checkLabelSelector(selector: LabelSelector | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!selector) return
  checkLabels(selector.matchLabels, path.child('matchLabels'), errors)
  for (const [i, expression] of (selector.matchExpressions ?? []).entries()) {
    const at = path.child('matchExpressions').index(i)
    checkOperator(expression.operator, expression.values ?? [], at, errors)
    checkText(expression.key, isQualifiedName, at.child('key'), errors)
    for (const [j, value] of (expression.values ?? []).entries())
      checkText(value, isLabelValue, at.child('values').index(j), errors)
  }
}

function checkOperator(operator: string, values: readonly string[], path: FieldPath, errors: FieldError[]): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.push(
          forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        )
      break
    default:
      errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'))
  }
}
