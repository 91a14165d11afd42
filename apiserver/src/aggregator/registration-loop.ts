import { apiServices, customResourceDefinitions } from '@kubets/shared/api/resources.gen.ts'
import type { CustomResourceDefinition } from '@kubets/shared/api/types/apiextensions-v1.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { internalScope, kindOfRef } from '../auth/lookup.ts'
import type { CachedKind, Registry } from '../registry/types.ts'
import { isAvailable } from './availability.ts'
import { builtInServices, customServices, customVersions, planRegistration, type GroupVersion } from './registration.ts'

/** Keeps an APIService for every group and version that this server serves itself. */
export class RegistrationLoop {
  readonly #registry: Registry
  readonly #services: CachedKind
  readonly #definitions: CachedKind
  readonly #builtIn: APIService[]
  readonly #synced = new Set<string>()
  #seen = ''

  /** `builtIn` are the groups and versions of the kinds that are served from the start. */
  constructor(registry: Registry, builtIn: readonly GroupVersion[]) {
    this.#registry = registry
    this.#services = registry.cached(kindOfRef(apiServices))
    this.#definitions = registry.cached(kindOfRef(customResourceDefinitions))
    this.#builtIn = builtInServices(builtIn)
  }

  /** What is not there yet of what is built in; undefined when it all is. */
  pending(): string | undefined {
    if (this.#synced.size > 0) return undefined
    const missing = this.#builtIn.filter(({ metadata: { name = '' } }) => {
      const stored = this.#services.get(name) as APIService | undefined
      return stored === undefined || !isAvailable(stored)
    })
    return `missing APIService: [${missing.map(({ metadata }) => metadata.name).join(' ')}]`
  }

  /** Makes what is stored what it should be, when either has changed since the last call. Rejects when etcd is away. */
  async step(signal: AbortSignal): Promise<void> {
    const scope = internalScope(kindOfRef(apiServices), signal)
    // the first look must not be at a cache that was never filled
    if (this.#seen === '') await this.#registry.list(scope, { limit: 1 })
    const seen = `${this.#services.changed} ${this.#definitions.changed}`
    if (seen === this.#seen) return
    const definitions = this.#definitions.list() as Iterable<CustomResourceDefinition>
    const builtIn = new Set(this.#builtIn.map(({ metadata }) => metadata.name))
    const custom = customServices(customVersions(definitions)).filter(({ metadata }) => !builtIn.has(metadata.name))
    const wanted = [...this.#builtIn, ...custom]
    const stored = [...this.#services.list()] as APIService[]
    const plan = planRegistration(stored, wanted, this.#synced)
    await Promise.all([
      // another apiserver may have been quicker
      ...plan.create.map((service) =>
        this.#registry.create(scope, structuredClone(service)).catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error
        }),
      ),
      ...plan.update.map((service) =>
        this.#registry.update(scope, service.metadata.name ?? '', structuredClone(service)),
      ),
      ...plan.remove.map(({ metadata: { name = '', uid } }) =>
        this.#registry
          .delete(scope, name, { preconditions: uid === undefined ? {} : { uid } })
          .catch((error: unknown) => {
            if (!isNotFound(error)) throw error
          }),
      ),
    ])
    for (const { metadata } of this.#builtIn) this.#synced.add(metadata.name ?? '')
    this.#seen = seen
  }
}
