import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { isAlreadyExists } from '@kubets/shared/machinery/errors.ts'
import { ProblemLog } from '../../storage/problem-log.ts'
import type { Context } from '../context.ts'
import { create } from '../create.ts'
import { parseRange } from '@kubets/shared/machinery/addresses.ts'
import { keyOf, resourceOf } from '../stored.ts'
import type { RegistryOptions, RequestScope } from '../types.ts'
import { leaveEndpoints, reconcileEndpoints, type Living } from './endpoints.ts'
import { firstObjects } from './objects.ts'

/** pkg/controlplane/instance.go DefaultEndpointReconcilerInterval */
const intervalMs = 10_000
const retryMs = 200

/** Keeps what every cluster has: the first namespaces and priorities, and the `kubernetes` Service with its endpoints. */
export class Bootstrap {
  readonly #context: Context
  readonly #options: RegistryOptions
  #done = false

  constructor(context: Context, options: RegistryOptions) {
    this.#context = context
    this.#options = options
  }

  /** undefined: it is all there. */
  pending(): string | undefined {
    return this.#done ? undefined : 'the first namespaces and services are not there yet'
  }

  /** Creates what is missing, again and again, until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context
    const problems = new ProblemLog(log, 'keep the first objects')
    while (!signal.aborted) {
      try {
        await this.#ensure(signal)
        this.#done = true
        problems.succeeded()
      } catch (error) {
        if (!signal.aborted) problems.failed(error)
      }
      await clock.sleep(this.#done ? intervalMs : retryMs, signal).catch(() => undefined)
    }
  }

  /** Takes this apiserver's address out of the endpoints of the `kubernetes` Service; to be called when `run` has ended. */
  async leave(signal: AbortSignal): Promise<void> {
    await leaveEndpoints(this.#context, this.#living(signal))
  }

  async #ensure(signal: AbortSignal): Promise<void> {
    const { serviceClusterIPRanges, securePort } = this.#options
    const { storage } = this.#context
    await storage.cache.fresh(signal)
    for (const { kind, object } of firstObjects(serviceClusterIPRanges.map(parseRange), securePort)) {
      const scope = ownScope(kind, object.metadata.namespace, signal)
      if (storage.resource(resourceOf(kind)).get(keyOf(scope, object.metadata.name ?? ''))) continue
      await create(this.#context, scope, object).catch((error: unknown) => {
        // another apiserver was quicker
        if (!isAlreadyExists(error)) throw error
      })
    }
    await reconcileEndpoints(this.#context, this.#living(signal))
  }

  #living(signal: AbortSignal): Living {
    const { advertiseAddress: address, securePort: port } = this.#options
    return { address, port, scopeOf: (kind) => ownScope(kind, 'default', signal) }
  }
}

function ownScope(kind: Kind, namespace: string | undefined, signal: AbortSignal): RequestScope {
  const scope = { kind, dryRun: false, warn: () => undefined, signal, fieldManager: 'kube-apiserver' }
  return namespace === undefined ? scope : { ...scope, namespace }
}
