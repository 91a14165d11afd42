import {
  duplicate,
  invalid,
  notSupported,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '../../machinery/fieldpath.ts'
import type { Condition } from '../../machinery/meta-v1.gen.ts'
import { isQualifiedName, regexText } from '../../machinery/names.ts'
import { checkText } from './checks.ts'

const maxReason = 1024
const maxMessage = 32 * 1024
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reason = new RegExp(`^${reasonPattern}$`)
const statuses = ['False', 'True', 'Unknown']

/** Adds what is wrong with a list of metav1.Conditions. */
// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateConditions
export function checkConditions(
  conditions: readonly Condition[] | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const first = new Map<string, number>()
  for (const [i, condition] of (conditions ?? []).entries()) {
    const at = path.index(i)
    if (first.has(condition.type)) errors.push(duplicate(at.child('type'), condition.type))
    else first.set(condition.type, i)
    checkCondition(condition, at, errors)
  }
}

function checkCondition(condition: Condition, at: FieldPath, errors: FieldError[]): void {
  const { type = '', status, observedGeneration = 0, lastTransitionTime, reason: why = '', message = '' } = condition
  checkText(type, isQualifiedName, at.child('type'), errors)
  if (!statuses.includes(status)) errors.push(notSupported(at.child('status'), status ?? '', statuses))
  if (observedGeneration < 0) {
    const detail = 'must be greater than or equal to zero'
    errors.push(invalid(at.child('observedGeneration'), observedGeneration, detail))
  }
  if (!lastTransitionTime) errors.push(required(at.child('lastTransitionTime'), 'must be set'))
  if (why === '') errors.push(required(at.child('reason'), 'must be set'))
  else {
    if (why.length > maxReason) errors.push(tooLong(at.child('reason'), '', maxReason))
    if (!reason.test(why)) {
      const text =
        "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
      errors.push(
        invalid(
          at.child('reason'),
          why,
          regexText(text, reasonPattern, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'),
        ),
      )
    }
  }
  if (message.length > maxMessage) errors.push(tooLong(at.child('message'), '', maxMessage))
}
