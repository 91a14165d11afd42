import { parseQuantity, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import type { Candidate, Pool } from './pools.ts'

/** What is left of the counters that the devices of a pool share: parts of one device cannot all be had at a time. */
// dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go checkAvailableCounters
export class Counters {
  readonly #isAllocated: (key: string) => boolean
  readonly #left = new Map<Pool, Map<string, Quantity>>()

  constructor(isAllocated: (key: string) => boolean) {
    this.#isAllocated = isAllocated
  }

  /** Takes what the device needs, if there is as much. */
  take(candidate: Candidate): boolean {
    const left = this.#leftOf(candidate.pool)
    const needs = needsOf(candidate)
    if (needs.some(([name, needed]) => (left.get(name)?.cmp(needed) ?? -1) < 0)) return false
    for (const [name, needed] of needs) left.set(name, (left.get(name) ?? needed).sub(needed))
    return true
  }

  /** Gives back what was taken for the device. */
  give(candidate: Candidate): void {
    const left = this.#leftOf(candidate.pool)
    for (const [name, needed] of needsOf(candidate)) left.set(name, left.get(name)?.add(needed) ?? needed)
  }

  #leftOf(pool: Pool): Map<string, Quantity> {
    const known = this.#left.get(pool)
    if (known) return known
    const left = new Map<string, Quantity>()
    this.#left.set(pool, left)
    for (const { name, counters = {} } of pool.counterSets)
      for (const [counter, { value }] of Object.entries(counters)) left.set(`${name}/${counter}`, parseQuantity(value))
    // devices of other nodes take from the same counters
    for (const candidate of pool.candidates) {
      if (!this.#isAllocated(candidate.key)) continue
      for (const [name, needed] of needsOf(candidate)) {
        const before = left.get(name)
        if (before) left.set(name, before.sub(needed))
      }
    }
    return left
  }
}

function needsOf({ device }: Candidate): [string, Quantity][] {
  return (device.consumesCounters ?? []).flatMap(({ counterSet, counters = {} }) =>
    Object.entries(counters).map(([name, { value }]): [string, Quantity] => [
      `${counterSet}/${name}`,
      parseQuantity(value),
    ]),
  )
}
