import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Etcd } from './etcd.ts'

// apiserver/pkg/storage/etcd3/lease_manager.go defaultLeaseReuseDurationSeconds, defaultLeaseMaxObjectCount
const reuseMs = 60_000
const maxObjects = 1000

interface Current {
  id: Promise<bigint>
  until: number
  objects: number
}

/** Leases for objects that expire; neighbours in time share one, which may keep an object up to a minute longer. */
export class Leases {
  readonly #etcd: Etcd
  readonly #clock: Clock
  readonly #current = new Map<number, Current>()

  constructor(etcd: Etcd, clock: Clock) {
    this.#etcd = etcd
    this.#clock = clock
  }

  /** The id of a lease that ends `ttlSeconds` from now, or up to a minute later for long ones. */
  async get(ttlSeconds: number): Promise<bigint> {
    const now = this.#clock.elapsed()
    const spareMs = Math.min(reuseMs, ttlSeconds * 50)
    const current = this.#current.get(ttlSeconds)
    if (current && current.until > now && current.objects < maxObjects) {
      current.objects++
      return current.id
    }
    const id = this.#etcd.grantLease(ttlSeconds + Math.ceil(spareMs / 1000))
    this.#current.set(ttlSeconds, { id, until: now + spareMs, objects: 1 })
    id.catch(() => this.#current.delete(ttlSeconds))
    return id
  }
}
