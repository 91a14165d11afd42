import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { ProblemLog } from '../../storage/problem-log.ts'
import type { ObjectWrite, Storage } from '../../storage/storage.ts'
import type { Encoded, Resource } from '../../storage/types.ts'
import type { Context } from '../context.ts'
import {
  clusterIPsOf,
  ipAddresses,
  ipAddressFor,
  managedBy,
  managedByLabel,
  nodePortFor,
  nodePorts,
  nodePortsOf,
} from './allocations.ts'

// pkg/controlplane/instance.go repairServicesInterval
const intervalMs = 3 * 60_000

const retryMs = 1000

const services: Resource = { group: '', plural: 'services' }

/** Makes the allocations agree with the Services now and every three minutes, until the signal aborts. */
export async function runRepair({ storage, clock, log }: Context, signal: AbortSignal): Promise<void> {
  const problems = new ProblemLog(log, 'check the allocated cluster IPs and node ports')
  while (!signal.aborted) {
    let wait = intervalMs
    try {
      await repairOnce(storage, signal)
      problems.succeeded()
    } catch (error) {
      if (!signal.aborted) problems.failed(error)
      wait = retryMs
    }
    await clock.sleep(wait, signal).catch(() => undefined)
  }
}

/** One pass. The cache has all resources at one revision, so what disagrees there is wrong, not on its way. */
// pkg/registry/core/service/ipallocator/controller/repairip.go, portallocator/controller/repair.go
export async function repairOnce(storage: Storage, signal?: AbortSignal): Promise<void> {
  await storage.cache.fresh(signal)
  const all = [...storage.resource(services).under()].map(({ object }) => object as Service)
  const now = storage.now()
  const ips = owners(all, clusterIPsOf)
  const ports = owners(all, (service) => nodePortsOf(service).map(String))
  const isOurs = ({ metadata }: KubeObject): boolean => metadata.labels?.[managedByLabel] === managedBy
  const writes = [
    ...difference(storage, ipAddresses, ips, (ip, service) => ipAddressFor(ip, service, now), isOurs),
    ...difference(
      storage,
      nodePorts,
      ports,
      (port, service) => nodePortFor(Number(port), service),
      () => true,
    ),
  ]
  // one at a time: what has changed meanwhile stays as it is
  for (const write of writes) await storage.commit([write])
}

/** Whose an allocation says it is. */
function holderOf(object: KubeObject): unknown {
  const { spec, service } = object as { spec?: unknown; service?: unknown }
  return spec ?? service
}

function owners(all: readonly Service[], keys: (service: Service) => string[]): Map<string, Service> {
  return new Map(all.flatMap((service) => keys(service).map((key) => [key, service] as const)))
}

function difference(
  storage: Storage,
  resource: Resource,
  wanted: ReadonlyMap<string, Service>,
  make: (key: string, service: Service) => KubeObject,
  isOurs: (object: KubeObject) => boolean,
): ObjectWrite[] {
  const held = new Map(
    [...storage.resource(resource).under()].map((item): [string, Encoded] => [item.object.metadata.name ?? '', item]),
  )
  const leaked = [...held].filter(([key, { object }]) => !wanted.has(key) && isOurs(object))
  const lost = [...wanted].filter(([key]) => !held.has(key))
  const mistaken = [...held].flatMap(([key, { object, resourceVersion }]) => {
    const service = wanted.get(key)
    const right = service && make(key, service)
    return right && !deepEqual(holderOf(object), holderOf(right))
      ? [{ key, right, expect: Number(resourceVersion) }]
      : []
  })
  return [
    ...mistaken.map(({ key, right, expect }) => ({ resource, key, object: right, expect })),
    ...leaked.map(([key, item]) => ({ resource, key, object: undefined, expect: Number(item.resourceVersion) })),
    ...lost.map(([key, service]) => ({ resource, key, object: make(key, service), expect: 0 })),
  ]
}
