import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '@kubets/shared/api/kinds/flowcontrol/bootstrap.ts'
import { flowSchemas, priorityLevelConfigurations } from '@kubets/shared/api/resources.gen.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '@kubets/shared/api/types/flowcontrol-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isAlreadyExists, isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { ResourceRef } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { internalScope, kindOfRef } from '../auth/lookup.ts'
import type { CachedKind, Registry } from '../registry/types.ts'
import { created, danglingConditions, isObsolete, mended } from './objects.ts'

// pkg/registry/flowcontrol/rest/storage_flowcontrol.go: a minute between two looks at what should be there
const ensureMilliseconds = 60_000

/** Keeps the objects of priority and fairness that every cluster has, and says which schemas have no level. */
export class Keeper {
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #schemas: CachedKind
  readonly #levels: CachedKind
  #ensuredAt = -Infinity
  #seen = ''

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
    this.#schemas = registry.cached(kindOfRef(flowSchemas))
    this.#levels = registry.cached(kindOfRef(priorityLevelConfigurations))
  }

  /** undefined: all that should be there has been. */
  pending(): string | undefined {
    return this.#ensuredAt === -Infinity ? 'not finished' : undefined
  }

  /** Does what is due. Rejects when etcd is away. */
  async step(signal: AbortSignal): Promise<void> {
    if (this.#clock.elapsed() - this.#ensuredAt >= ensureMilliseconds) {
      await this.#ensureAll(signal)
      this.#ensuredAt = this.#clock.elapsed()
    }
    const seen = `${this.#schemas.changed} ${this.#levels.changed}`
    if (seen === this.#seen) return
    await this.#writeConditions(signal)
    this.#seen = seen
  }

  async #ensureAll(signal: AbortSignal): Promise<void> {
    // the first look must not be at a cache that was never filled
    await this.#registry.list(internalScope(kindOfRef(flowSchemas), signal), { limit: 1 })
    const ensure = <T extends FlowSchema | PriorityLevelConfiguration>(
      ref: ResourceRef<T>,
      cache: CachedKind,
      wanted: readonly T[],
      isMandatory: boolean,
    ): Promise<void>[] => wanted.map((one) => this.#ensure(ref, cache, one, isMandatory, signal))
    await Promise.all([
      ...ensure(priorityLevelConfigurations, this.#levels, mandatoryPriorityLevels, true),
      ...ensure(priorityLevelConfigurations, this.#levels, suggestedPriorityLevels, false),
      ...ensure(flowSchemas, this.#schemas, mandatoryFlowSchemas, true),
      ...ensure(flowSchemas, this.#schemas, suggestedFlowSchemas, false),
    ])
    await this.#removeObsolete(flowSchemas, this.#schemas, [...mandatoryFlowSchemas, ...suggestedFlowSchemas], signal)
    const levels = [...mandatoryPriorityLevels, ...suggestedPriorityLevels]
    await this.#removeObsolete(priorityLevelConfigurations, this.#levels, levels, signal)
  }

  async #removeObsolete<T extends FlowSchema | PriorityLevelConfiguration>(
    ref: ResourceRef<T>,
    cache: CachedKind,
    wanted: readonly T[],
    signal: AbortSignal,
  ): Promise<void> {
    const scope = internalScope(kindOfRef(ref), signal)
    const names = new Set(wanted.map(({ metadata }) => metadata.name ?? ''))
    const obsolete = [...(cache.list() as Iterable<T>)].filter((object) => isObsolete(object, names))
    for (const { metadata } of obsolete) {
      const { name = '', resourceVersion = '' } = metadata
      // somebody may be making it his just now
      const gone = this.#registry.delete(scope, name, { preconditions: { resourceVersion } })
      await gone.catch(unless((error) => isNotFound(error) || isConflict(error)))
    }
  }

  async #ensure<T extends FlowSchema | PriorityLevelConfiguration>(
    ref: ResourceRef<T>,
    cache: CachedKind,
    wanted: T,
    isMandatory: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const scope = internalScope(kindOfRef(ref), signal)
    const { name = '' } = wanted.metadata
    const stored = cache.get(name) as T | undefined
    if (stored === undefined) {
      // another apiserver may have been quicker
      await this.#registry.create(scope, structuredClone(created(wanted))).catch(unless(isAlreadyExists))
    } else if (mended(stored, wanted, isMandatory) !== undefined) {
      const change = (current: T): T => mended(current, wanted, isMandatory) ?? current
      await this.#registry.update(scope, name, (current) => change(current as T)).catch(unless(isNotFound))
    }
  }

  async #writeConditions(signal: AbortSignal): Promise<void> {
    const scope = internalScope(kindOfRef(flowSchemas), signal)
    const now = formatTime(this.#clock.now())
    const conditionsOf = (schema: FlowSchema) =>
      danglingConditions(schema, this.#levels.get(schema.spec.priorityLevelConfiguration.name) !== undefined, now)
    const change = (schema: FlowSchema): FlowSchema => {
      const conditions = conditionsOf(schema)
      return conditions === undefined ? schema : { ...schema, status: { ...schema.status, conditions } }
    }
    const stale = [...(this.#schemas.list() as Iterable<FlowSchema>)].filter(
      (schema) => conditionsOf(schema) !== undefined,
    )
    await Promise.all(
      stale.map(({ metadata: { name = '' } }) =>
        this.#registry
          .update(scope, name, (current) => change(current as FlowSchema), { subresource: 'status' })
          .catch(unless((error) => isNotFound(error) || isConflict(error))),
      ),
    )
  }
}

const unless =
  (expected: (error: unknown) => boolean) =>
  (error: unknown): void => {
    if (!expected(error)) throw error
  }
