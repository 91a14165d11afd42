import type { DeviceAttribute, DeviceConstraint } from '@kubets/shared/api/types/resource-v1.ts'
import type { Candidate } from './pools.ts'
import { concerns, type Choice } from './requests.ts'

/** What the devices of a claim must have in common, or may not. Once it is broken, more devices do not mend it. */
export interface Constraint {
  /** Counts the device in if that is allowed. */
  add(choice: Choice, candidate: Candidate): boolean
  /** Takes back the last device that was added for this choice. */
  remove(choice: Choice): void
}

/** Reads a constraint; undefined: it is of a kind that is not known. */
export function constraintOf(constraint: DeviceConstraint): Constraint | undefined {
  const { requests, matchAttribute, distinctAttribute } = constraint
  if (matchAttribute !== undefined) return new AttributeConstraint(requests, matchAttribute, common)
  if (distinctAttribute !== undefined) return new AttributeConstraint(requests, distinctAttribute, together)
  return undefined
}

type Values = ReadonlySet<string>
/** What is left for devices to come after one with these values; undefined: it cannot be. */
type Join = (before: Values | undefined, values: Values) => Values | undefined

/** All have one value, or one at least of several. */
const common: Join = (before, values) => {
  const shared = before ? new Set([...values].filter((value) => before.has(value))) : values
  return shared.size > 0 ? shared : undefined
}

/** No two have one value. */
const together: Join = (before, values) =>
  before && [...values].some((value) => before.has(value)) ? undefined : new Set([...(before ?? []), ...values])

// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go matchAttributeConstraint,
// constraint.go distinctAttributeConstraint
class AttributeConstraint implements Constraint {
  readonly #requests: readonly string[] | undefined
  readonly #attribute: string
  readonly #join: Join
  readonly #states: Values[] = []

  constructor(requests: readonly string[] | undefined, attribute: string, join: Join) {
    this.#requests = requests
    this.#attribute = attribute
    this.#join = join
  }

  add(choice: Choice, candidate: Candidate): boolean {
    if (!concerns(this.#requests, choice)) return true
    const attribute = attributeOf(candidate, this.#attribute)
    const values = attribute && valuesOf(attribute)
    const next = values && this.#join(this.#states.at(-1), values)
    if (!next) return false
    this.#states.push(next)
    return true
  }

  remove(choice: Choice): void {
    if (concerns(this.#requests, choice)) this.#states.pop()
  }
}

/** The attribute of this full name; a driver's own attributes need no domain. */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go lookupAttribute
function attributeOf({ device, slice }: Candidate, fullName: string): DeviceAttribute | undefined {
  const { attributes = {} } = device
  if (Object.hasOwn(attributes, fullName)) return attributes[fullName]
  const own = `${slice.spec.driver}/`
  const name = fullName.slice(own.length)
  return fullName.startsWith(own) && Object.hasOwn(attributes, name) ? attributes[name] : undefined
}

/** Values with their types: 1 is not "1". undefined: of a type that is not known. */
function valuesOf(attribute: DeviceAttribute): Values | undefined {
  for (const [kind, value] of Object.entries(attribute) as [string, unknown][]) {
    if (value === undefined) continue
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    return new Set(values.map((one) => `${kind.replace(/s$/, '')}:${String(one)}`))
  }
  return undefined
}
