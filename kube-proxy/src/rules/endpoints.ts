import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { endpointText, type Endpoint } from './model.ts'
import { servicePortName } from './service-ports.ts'

/** Key of a Service port among its EndpointSlices: its name and protocol. */
export function portKey(name: string, protocol: string): string {
  return `${name}/${protocol}`
}

/**
 * The endpoints of every Service port, by portKey, sorted by address so that the same input always gives the same rules.
 * Slices of another address type than IPv4, and those of no Service, are left out.
 */
// pkg/proxy/endpointslicecache.go endpointInfoByServicePort
export function endpointsByPort(slices: readonly EndpointSlice[], nodeName: string): Map<string, Endpoint[]> {
  const byPort = new Map<string, Map<string, Endpoint>>()
  for (const slice of slices) {
    const service = slice.metadata.labels?.['kubernetes.io/service-name']
    if (!service || slice.addressType !== 'IPv4') continue
    for (const port of slice.ports ?? []) {
      if (!port.port) continue
      const name = servicePortName(slice.metadata.namespace ?? '', service, port.name)
      const key = portKey(name, port.protocol ?? 'TCP')
      let found = byPort.get(key)
      if (!found) byPort.set(key, (found = new Map()))
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses?.[0]
        if (!ip) continue
        const conditions = endpoint.conditions
        const info: Endpoint = {
          ip,
          port: port.port,
          local: endpoint.nodeName === nodeName,
          ready: conditions?.ready ?? true,
          serving: conditions?.serving ?? true,
          terminating: conditions?.terminating ?? false,
          zoneHints: (endpoint.hints?.forZones ?? []).map((zone) => zone.name),
          nodeHints: (endpoint.hints?.forNodes ?? []).map((node) => node.name),
        }
        const text = endpointText(info)
        const other = found.get(text)
        // while an endpoint moves between slices it stands in both; the one that serves counts
        if (!other || (info.ready && !other.ready)) found.set(text, info)
      }
    }
  }
  const result = new Map<string, Endpoint[]>()
  for (const [key, found] of byPort) {
    const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1))
    result.set(
      key,
      sorted.map(([, endpoint]) => endpoint),
    )
  }
  return result
}
