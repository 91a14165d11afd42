import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'

export interface Place {
  host: string
  port: number
}

/** Where the service itself answers: its cluster IP or external name. Throws an Error when it has none. */
// staging/src/k8s.io/apiserver/pkg/util/proxy/proxy.go ResolveCluster
export function clusterPlace(service: Service, port: number): Place {
  const { type = 'ClusterIP', clusterIP = '', externalName = '' } = service.spec ?? {}
  if (type === 'ExternalName') return { host: externalName, port }
  if (clusterIP === '' || clusterIP === 'None') throw new Error(`service ${nameOf(service)} has no cluster IP`)
  return { host: clusterIP, port: portOf(service, port).port }
}

/** Every ready endpoint of the service behind the port. Throws an Error when there is none. */
// staging/src/k8s.io/apiserver/pkg/util/proxy/proxy.go ResolveEndpoint
export function endpointPlaces(service: Service, slices: readonly EndpointSlice[], port: number): Place[] {
  if (service.spec?.type === 'ExternalName') return [clusterPlace(service, port)]
  const name = portOf(service, port).name ?? ''
  const places = slices.flatMap(({ endpoints, ports }) => {
    const found = ports?.find((one) => (one.name ?? '') === name)?.port
    if (found === undefined) return []
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    return ready.flatMap(({ addresses }) => addresses.map((host) => ({ host, port: found })))
  })
  if (places.length === 0) throw new Error(`no endpoints available for service ${quote(service.metadata.name ?? '')}`)
  return places
}

function portOf(service: Service, port: number): { name?: string; port: number } {
  const found = service.spec?.ports?.find((one) => one.port === port)
  if (found === undefined)
    throw new Error(`no service port ${port} found for service ${quote(service.metadata.name ?? '')}`)
  return found
}

const nameOf = ({ metadata }: Service): string => quote(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`)
