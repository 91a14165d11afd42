import {
  duplicate,
  forbidden,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '../../../machinery/fieldpath.ts'
import { parseQuantity, type Quantity } from '../../../machinery/quantity.ts'
import type { CapacityRequestPolicy, CapacityRequestPolicyRange, DeviceCapacity } from '../../types/resource-v1.ts'

const maxOptions = 10

/** Adds what is wrong with a capacity of which claims get parts; of a device for one claim, there are no parts. */
// pkg/apis/resource/validation/validation.go validateMultiAllocatableDeviceCapacity, validateSingleAllocatableDeviceCapacity
export function checkCapacity(
  { value, requestPolicy }: DeviceCapacity,
  shared: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (!requestPolicy) return
  const at = path.child('requestPolicy')
  if (!shared) errors.push(forbidden(at, 'allowMultipleAllocations must be true'))
  else checkPolicy(parseQuantity(value), requestPolicy, at, errors)
}

// pkg/apis/resource/validation/validation.go validateRequestPolicy
function checkPolicy(most: Quantity, policy: CapacityRequestPolicy, path: FieldPath, errors: FieldError[]): void {
  const { validValues = [], validRange } = policy
  const fallback = policy.default as string | undefined
  if (validValues.length > 0 && validRange) {
    const detail = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    errors.push(forbidden(path, detail))
  } else if (validValues.length > 0) {
    if (fallback === undefined) errors.push(required(path.child('default'), 'required when validValues is defined'))
    else checkValues(parseQuantity(fallback), most, validValues.map(parseQuantity), path.child('validValues'), errors)
  } else if (validRange) {
    if (fallback === undefined) errors.push(required(path.child('default'), 'required when validRange is defined'))
    else checkRange(parseQuantity(fallback), most, validRange, path.child('validRange'), errors)
  }
}

// pkg/apis/resource/validation/validation.go validateRequestPolicyValidValues
function checkValues(
  fallback: Quantity,
  most: Quantity,
  values: readonly Quantity[],
  path: FieldPath,
  errors: FieldError[],
): void {
  for (const [i, value] of values.entries())
    if (i > 0 && values[i - 1]!.cmp(value) > 0)
      errors.push(invalid(path.index(i), value.toString(), 'values must be sorted in ascending order'))
  if (values.length > maxOptions) errors.push(tooMany(path, values.length, maxOptions))
  else {
    const seen = new Set<number>()
    for (const [i, value] of values.entries())
      if (value.cmp(most) > 0)
        errors.push(invalid(path.index(i), value.toString(), `option is larger than capacity value: ${most}`))
    for (const [i, value] of values.entries()) {
      if (seen.has(value.value())) errors.push(duplicate(path.index(i), `${value.value()}`))
      seen.add(value.value())
    }
  }
  if (!values.slice(0, maxOptions).some((value) => value.cmp(fallback) === 0)) {
    const detail = 'default value is not valid according to the requestPolicy'
    errors.push(invalid(path, fallback.toString(), detail))
  }
}

// pkg/apis/resource/validation/validation.go validateRequestPolicyRange
function checkRange(
  fallback: Quantity,
  most: Quantity,
  range: CapacityRequestPolicyRange,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (range.min === undefined) {
    errors.push(required(path.child('min'), 'required when validRange is defined'))
    return
  }
  const min = parseQuantity(range.min)
  const max = range.max === undefined ? undefined : parseQuantity(range.max)
  const step = range.step === undefined ? undefined : parseQuantity(range.step)
  const refuse = (field: string, value: Quantity, detail: string): void =>
    void errors.push(invalid(path.child(field), value.toString(), detail))
  if (min.cmp(most) > 0) refuse('min', min, `min is larger than capacity value: ${most}`)
  if (fallback.cmp(min) < 0) refuse('default', fallback, `default is less than min: ${min}`)
  if (max) {
    if (min.cmp(max) > 0) refuse('max', min, `min is larger than max: ${max}`)
    if (max.cmp(most) > 0) refuse('max', max, `max is larger than capacity value: ${most}`)
    if (fallback.cmp(max) > 0) refuse('default', fallback, `default is more than max: ${max}`)
  }
  if (!step) return
  if (step.sign <= 0) {
    refuse('step', step, 'must be greater than zero')
    return
  }
  const next = min.add(step)
  if (next.cmp(most) > 0) refuse('step', step, `one step ${next} is larger than capacity value: ${most}`)
  for (const value of max ? [fallback, max] : [fallback])
    if ((value.value() - min.value()) % step.value() !== 0)
      refuse('step', value, `value is not a multiple of a given step (${step}) from (${min})`)
}
