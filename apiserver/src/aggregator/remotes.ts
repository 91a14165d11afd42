import { apiServices, endpointSlices, services } from '@kubets/shared/api/resources.gen.ts'
import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { kindOfRef } from '../auth/lookup.ts'
import type { CachedKind, Registry } from '../registry/types.ts'
import { clusterPlace, endpointPlaces, type Place } from './resolve.ts'

/** The APIServices that name a service, and where those services are, from the cache. */
export class Remotes {
  readonly #apiServices: CachedKind
  readonly #services: CachedKind
  readonly #slices: CachedKind
  readonly #routing: boolean
  #byGroupVersion = new Map<string, APIService>()
  #changed = -1

  /** With `routing` requests go to the endpoints of a service, else to its cluster IP. */
  constructor(registry: Registry, routing: boolean) {
    this.#apiServices = registry.cached(kindOfRef(apiServices))
    this.#services = registry.cached(kindOfRef(services))
    this.#slices = registry.cached(kindOfRef(endpointSlices))
    this.#routing = routing
  }

  /** By "group/version". */
  get all(): ReadonlyMap<string, APIService> {
    const { changed } = this.#apiServices
    if (changed === this.#changed) return this.#byGroupVersion
    this.#changed = changed
    this.#byGroupVersion = new Map()
    for (const one of this.#apiServices.list() as Iterable<APIService>) {
      const { service, group = '', version = '' } = one.spec
      if (service !== undefined) this.#byGroupVersion.set(`${group}/${version}`, one)
    }
    return this.#byGroupVersion
  }

  /** The one that a URL path is for; undefined for what is served here. */
  forPath(path: string): APIService | undefined {
    if (this.all.size === 0 || !path.startsWith('/apis/')) return undefined
    const [, , group = '', version = ''] = path.split('/', 4)
    return this.all.get(`${group}/${version}`)
  }

  serviceOf({ spec }: APIService): Service | undefined {
    const { namespace = '', name = '' } = spec.service ?? {}
    return this.#services.get(`${namespace}/${name}`) as Service | undefined
  }

  slicesOf({ spec }: APIService): EndpointSlice[] {
    const { namespace = '', name = '' } = spec.service ?? {}
    const all = this.#slices.list(namespace) as Iterable<EndpointSlice>
    return [...all].filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
  }

  /** Where to send a request; one of the endpoints by chance. Throws an Error when there is nowhere. */
  place(apiService: APIService): Place {
    const { namespace = '', name = '', port = 443 } = apiService.spec.service ?? {}
    const service = this.serviceOf(apiService)
    if (service === undefined) throw new Error(`service ${quote(`${namespace}/${name}`)} not found`)
    if (!this.#routing) return clusterPlace(service, port)
    const places = endpointPlaces(service, this.slicesOf(apiService), port)
    return places[Math.floor(Math.random() * places.length)] ?? clusterPlace(service, port)
  }
}
