import type { AllocationResult, DeviceRequestAllocationResult } from '@kubets/shared/api/types/resource-v1.ts'
import { parseQuantity, type Quantity } from '@kubets/shared/machinery/quantity.ts'
import { deviceKey } from './pools.ts'

/** What claims have, as the allocator asks. */
export interface Allocated {
  /** Whether a claim has the whole device. */
  has(key: string): boolean
  /** Whether claims have parts of the device. */
  isShared(key: string): boolean
  /** How much of a capacity of the device claims have. */
  used(key: string, capacity: string): Quantity | undefined
}

/** Keeps what claims have, claim by claim; what administrators look at is nobody's. */
// pkg/scheduler/framework/plugins/dynamicresources/allocateddevices.go allocatedDevices
export class AllocatedDevices implements Allocated {
  readonly #byClaim = new Map<string, readonly DeviceRequestAllocationResult[]>()
  readonly #whole = new Map<string, number>()
  readonly #shared = new Map<string, number>()
  readonly #used = new Map<string, Quantity>()

  has(key: string): boolean {
    return this.#whole.has(key)
  }

  isShared(key: string): boolean {
    return this.#shared.has(key)
  }

  used(key: string, capacity: string): Quantity | undefined {
    return this.#used.get(`${key}/${capacity}`)
  }

  /** The claim has what the allocation says, and nothing else; undefined: nothing. */
  set(uid: string, allocation: AllocationResult | undefined): void {
    for (const result of this.#byClaim.get(uid) ?? []) this.#count(result, -1)
    this.#byClaim.delete(uid)
    const results = (allocation?.devices?.results ?? []).filter(({ adminAccess }) => !adminAccess)
    if (results.length === 0) return
    this.#byClaim.set(uid, results)
    for (const result of results) this.#count(result, 1)
  }

  #count({ driver, pool, device, shareID, consumedCapacity }: DeviceRequestAllocationResult, sign: 1 | -1): void {
    const key = deviceKey(driver, pool, device)
    const counts = shareID === undefined ? this.#whole : this.#shared
    const count = (counts.get(key) ?? 0) + sign
    if (count > 0) counts.set(key, count)
    else counts.delete(key)
    if (shareID === undefined) return
    for (const [capacity, value] of Object.entries(consumedCapacity ?? {})) {
      const name = `${key}/${capacity}`
      const [amount, before] = [parseQuantity(value), this.#used.get(name)]
      const now = sign === 1 ? (before?.add(amount) ?? amount) : before?.sub(amount)
      if (now && !now.isZero) this.#used.set(name, now)
      else this.#used.delete(name)
    }
  }
}
