import { apiServices } from '@kubets/shared/api/resources.gen.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { ProblemLog } from '../storage/problem-log.ts'
import { kindOfRef } from '../auth/lookup.ts'
import type { ServedKinds } from '../registry/served-kinds.ts'
import type { Registry } from '../registry/types.ts'
import type { ProxyClient } from './ask.ts'
import { isAvailable } from './availability.ts'
import { AvailabilityLoop } from './availability-loop.ts'
import { mergeGroups, resourcesOf, type DiscoveredGroup, type RemoteVersion } from './discovery.ts'
import { OpenApiLoop } from './openapi-loop.ts'
import { RegistrationLoop } from './registration-loop.ts'
import { Remotes } from './remotes.ts'

const lookMilliseconds = 200

export interface AggregatorOptions {
  registry: Registry
  kinds: ServedKinds
  /** The kinds that are served from the start. */
  builtIn: readonly Kind[]
  client: ProxyClient
  /** Requests go to endpoints of a service, not to its cluster IP. */
  routing: boolean
  clock: Clock
  log: Logger
}

/** API servers that stand behind this one, and the APIServices that say so (kube-aggregator). */
export interface Aggregator {
  readonly client: ProxyClient
  readonly remotes: Remotes
  /** The OpenAPI documents of the others. */
  readonly openApi: OpenApiLoop
  /** All groups and versions, served here or elsewhere; the same array for as long as nothing changes. */
  groups(): readonly DiscoveredGroup[]
  /** undefined: all that this server serves itself is registered. */
  pending(): string | undefined
  /** Keeps APIServices and their conditions until the signal aborts; never rejects. */
  run(signal: AbortSignal): Promise<void>
}

export function createAggregator({
  registry,
  kinds,
  builtIn,
  client,
  routing,
  clock,
  log,
}: AggregatorOptions): Aggregator {
  const remotes = new Remotes(registry, routing)
  const availability = new AvailabilityLoop({ registry, remotes, client, clock, log })
  const openApi = new OpenApiLoop({ remotes, client, clock, log })
  const registration = new RegistrationLoop(registry, builtIn)
  const services = registry.cached(kindOfRef(apiServices))
  const remoteOf = (apiService: APIService): RemoteVersion => {
    const { group = '', version = '' } = apiService.spec
    const resources = resourcesOf(availability.discovered(apiService), group, version)
    return { resources, available: isAvailable(apiService) }
  }
  let known: { of: string; groups: DiscoveredGroup[] } | undefined
  return {
    client,
    remotes,
    openApi,
    groups() {
      const of = `${kinds.generation} ${services.changed} ${availability.generation}`
      if (known?.of !== of) {
        known = { of, groups: mergeGroups(kinds.groups, services.list() as Iterable<APIService>, remoteOf) }
      }
      return known.groups
    },
    pending: () => registration.pending(),
    async run(signal) {
      const problems = new ProblemLog(log, 'register what is served')
      while (!signal.aborted) {
        try {
          await registration.step(signal)
          availability.step(signal)
          openApi.step(signal)
          problems.succeeded()
        } catch (error) {
          if (!signal.aborted) problems.failed(error)
        }
        await clock.sleep(lookMilliseconds, signal).catch(() => undefined)
      }
      await Promise.all([availability.idle(), openApi.idle()])
    },
  }
}
