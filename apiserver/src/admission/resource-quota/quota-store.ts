import { resourceQuotas } from '@kubets/shared/api/resources.gen.ts'
import { listOf, type Amounts } from '@kubets/shared/api/quota/amounts.ts'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import { internalScope, kindOfRef } from '../../auth/lookup.ts'
import type { Registry } from '../../registry/types.ts'

// plugin/resourcequota/resource_access.go: how many of its own writes are remembered
const remembered = 100

/** Reads and writes quotas for admission. */
// plugin/resourcequota/resource_access.go quotaAccessor
export class QuotaStore {
  readonly #registry: Registry
  readonly #signal: AbortSignal
  readonly #kind = kindOfRef(resourceQuotas)
  /** Own writes that the cache may not have seen yet, by uid. */
  readonly #written = new Map<string, ResourceQuota>()

  constructor(registry: Registry, signal: AbortSignal) {
    this.#registry = registry
    this.#signal = signal
  }

  /** From the cache, which may be a moment behind others but not behind what was written here. */
  list(namespace: string): ResourceQuota[] {
    const cached = [...this.#registry.cached(this.#kind).list(namespace)] as ResourceQuota[]
    return cached.map((quota) => {
      const own = this.#written.get(quota.metadata.uid ?? '')
      if (own === undefined) return quota
      if (Number(own.metadata.resourceVersion) > Number(quota.metadata.resourceVersion)) return own
      this.#written.delete(quota.metadata.uid ?? '')
      return quota
    })
  }

  /** As etcd has them now. */
  async listFresh(namespace: string): Promise<ResourceQuota[]> {
    const { items } = await this.#registry.list(internalScope(this.#kind, this.#signal, namespace))
    return items.map(({ object }) => object as ResourceQuota)
  }

  /** Rejects with a conflict when the quota was changed since it was read. */
  async setUsed(quota: ResourceQuota, used: Amounts): Promise<void> {
    const { name = '', namespace } = quota.metadata
    const next = { ...quota, status: { ...quota.status, used: listOf(used) } }
    const scope = internalScope(this.#kind, this.#signal, namespace)
    const { encoded } = await this.#registry.update(scope, name, next, { subresource: 'status' })
    const stored = encoded.object as ResourceQuota
    this.#written.set(stored.metadata.uid ?? '', stored)
    const [oldest] = this.#written.keys()
    if (this.#written.size > remembered && oldest !== undefined) this.#written.delete(oldest)
  }
}
