import type {
  CapacityRequestPolicy,
  CapacityRequirements,
  DeviceCapacity,
} from '@kubets/shared/api/types/resource-v1.ts'
import { parseQuantity, quantityOf, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import type { Candidate } from './pools.ts'

/** So much of each capacity of a device, by the name that the device has for it. */
export type Amounts = ReadonlyMap<string, Quantity>

/**
 * What the device gives for what is asked of its capacities, rounded up as its policy says; undefined: it cannot.
 * @param used what others have of it already
 */
// dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go cmpRequestOverCapacity
export function consumption(
  { device, slice }: Candidate,
  asked: CapacityRequirements | undefined,
  used: (name: string) => Quantity | undefined,
): Amounts | undefined {
  const { capacity = {} } = device
  const wanted = new Map<string, Quantity>()
  for (const [name, value] of Object.entries(asked?.requests ?? {})) {
    const own = publishedName(name, slice.spec.driver, capacity)
    if (own === undefined) return undefined
    wanted.set(own, parseQuantity(value))
  }
  const amounts = new Map<string, Quantity>()
  for (const [name, { value, requestPolicy }] of Object.entries(capacity)) {
    const amount = rounded(wanted.get(name), { value, ...(requestPolicy ? { requestPolicy } : {}) })
    if (amount.sign < 0 || (requestPolicy && violates(amount, requestPolicy))) return undefined
    const total = used(name)?.add(amount) ?? amount
    if (total.cmp(parseQuantity(value)) > 0) return undefined
    amounts.set(name, amount)
  }
  return amounts
}

/** A driver's own names need no domain, in either place. */
// dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go resolveCapacityName
function publishedName(name: string, driver: string, capacity: Readonly<Record<string, DeviceCapacity>>) {
  const own = `${driver}/`
  const other = name.startsWith(own) ? name.slice(own.length) : name.includes('/') ? name : own + name
  return [name, other].find((one) => Object.hasOwn(capacity, one))
}

// dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go calculateConsumedQuantity
function rounded(wanted: Quantity | undefined, { value, requestPolicy }: DeviceCapacity): Quantity {
  const fallback = requestPolicy?.default as string | undefined
  if (!wanted) return parseQuantity(fallback ?? value)
  const { validRange, validValues } = requestPolicy ?? {}
  if (validRange?.min !== undefined) {
    const min = parseQuantity(validRange.min)
    if (wanted.cmp(min) < 0) return min
    if (validRange.step === undefined) return wanted
    const step = parseQuantity(validRange.step)
    const steps = Math.ceil((wanted.value() - min.value()) / step.value())
    // in the notation of the step
    return step.add(quantityOf(min.value() + step.value() * (steps - 1)))
  }
  return validValues?.map(parseQuantity).find((one) => wanted.cmp(one) <= 0) ?? wanted
}

// dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go violatesPolicy
function violates(
  amount: Quantity,
  { default: fallback, validRange, validValues = [] }: CapacityRequestPolicy,
): boolean {
  if ((fallback as string | undefined) !== undefined && amount.cmp(parseQuantity(fallback)) === 0) return false
  if (validRange) {
    const { min = '0', max, step } = validRange
    if (max !== undefined && amount.cmp(parseQuantity(max)) > 0) return true
    return step !== undefined && (amount.value() - parseQuantity(min).value()) % parseQuantity(step).value() !== 0
  }
  return validValues.length > 0 && !validValues.some((one) => amount.cmp(parseQuantity(one)) === 0)
}
