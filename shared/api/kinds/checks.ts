import { deepEqual } from '../../machinery/deep.ts'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '../../machinery/fieldpath.ts'
import type { LabelSelector } from '../../machinery/meta-v1.gen.ts'
import {
  isDNS1123Label,
  isDNS1123Subdomain,
  isLabelValue,
  isPortName,
  isPortNumber,
  isQualifiedName,
  regexText,
} from '../../machinery/names.ts'
import { checkLabels } from './meta.ts'
import { nameRules } from './name-rules.ts'

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

/** What may be a part of a URL's path. */
// apimachinery/pkg/api/validate/content IsPathSegmentName
export function checkSegment(value: string, path: FieldPath, errors: FieldError[]): void {
  checkText(value, (text) => nameRules.pathSegment(text, false), path, errors)
}

/** A domain, a slash and a path: the name of a controller. */
// apimachinery/pkg/util/validation/validation.go IsDomainPrefixedPath
export function checkDomainPrefixedPath(value: string, path: FieldPath, errors: FieldError[]): void {
  if (value === '') {
    errors.push(required(path))
    return
  }
  const slash = value.indexOf('/')
  const [host, rest] = slash < 0 ? ['', ''] : [value.slice(0, slash), value.slice(slash + 1)]
  if (host === '' || rest === '') {
    errors.push(invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    return
  }
  for (const text of isDNS1123Subdomain(host)) errors.push(invalid(path, host, text))
  const pattern = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
  if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest))
    errors.push(invalid(path, rest, regexText('Invalid path', pattern)))
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
