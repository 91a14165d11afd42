import { services } from '@kubets/shared/api/resources.gen.ts'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { Address } from './dial.ts'

/** Where a Service is reached from here. Rejects with upstream's text when it cannot be. */
export type ResolveService = (namespace: string, name: string, port: number) => Promise<Address>

/** Services as kube-proxy makes them reachable: by their cluster IP. */
// apiserver/pkg/util/proxy/proxy.go ResolveCluster
export function clusterIPResolver(lookup: Lookup): ResolveService {
  return async (namespace, name, port) => {
    const service = await lookup.get(services, name, namespace)
    if (service === undefined) throw new Error(`service ${quote(name)} not found`)
    return addressOf(service, port)
  }
}

/** Throws when the Service has no such port, or no address of its own. */
export function addressOf({ metadata, spec }: Service, port: number): Address {
  const { type = 'ClusterIP', clusterIP = '', externalName = '', ports = [] } = spec ?? {}
  if (type === 'ExternalName') return { host: externalName, port }
  if (type === 'ClusterIP' && clusterIP === 'None') throw new Error('cannot route to service with ClusterIP "None"')
  if (!ports.some((one) => one.port === port)) {
    throw new Error(`no service port ${port} found for service ${quote(metadata.name ?? '')}`)
  }
  return { host: clusterIP, port }
}
