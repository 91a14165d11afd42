import { isPodReady } from '@kubets/shared/api/pod.ts'
import type { Node, Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointHints, EndpointPort } from '@kubets/shared/api/types/discovery-v1.ts'
import {
  addressesOf,
  familiesOf,
  hostnameIn,
  mayBeEndpoint,
  podReference,
  targetPortIn,
} from '../services/service-pods.ts'
import type { Family } from '../services/service-pods.ts'
import { asksForHints } from './hints.ts'
import { zoneLabel } from './zones.ts'

/** Endpoints that share an address family and ports; slices are filled from one group each. */
export interface Group {
  family: Family
  ports: EndpointPort[]
  endpoints: Endpoint[]
}

export interface Desired {
  groups: Map<string, Group>
  /** Pods whose node is not known: they are left out until it is. */
  unplaced: Set<Pod>
}

/** Tells slices of one family and set of ports from others; the order of ports does not count. */
export const groupKey = (family: string, ports: readonly EndpointPort[]): string =>
  `${family} ${ports
    .map(({ name = '', protocol = 'TCP', port, appProtocol = '' }) =>
      JSON.stringify([name, protocol, port, appProtocol]),
    )
    .sort()
    .join()}`

/** Tells one endpoint from another, whatever its conditions. */
// staging endpointslice/topologycache and utils.go EndpointHash
export const endpointKey = (endpoint: Endpoint): string =>
  JSON.stringify([[...endpoint.addresses].sort(), endpoint.hostname ?? '', endpoint.targetRef?.uid ?? ''])

// staging endpointslice/utils.go getEndpointPorts
const portsOf = (service: Service, pod: Pod): EndpointPort[] => {
  const ports: EndpointPort[] = []
  for (const port of service.spec.ports ?? []) {
    const number = targetPortIn(pod, port)
    if (number === undefined) continue
    ports.push({
      name: port.name ?? '',
      protocol: port.protocol ?? 'TCP',
      port: number,
      ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    })
  }
  return ports
}

// staging endpointslice/trafficdist
const hintsFor = (
  service: Service,
  nodeName: string | undefined,
  zone: string | undefined,
): EndpointHints | undefined => {
  const { trafficDistribution } = service.spec
  const forZones = zone ? { forZones: [{ name: zone }] } : {}
  if (trafficDistribution === 'PreferClose' || trafficDistribution === 'PreferSameZone')
    return zone ? forZones : undefined
  if (trafficDistribution === 'PreferSameNode' && nodeName) return { ...forZones, forNodes: [{ name: nodeName }] }
  return undefined
}

// staging endpointslice/utils.go podToEndpoint
const endpointOf = (service: Service, pod: Pod, addresses: string[], node: Node | undefined): Endpoint => {
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = (service.spec.publishNotReadyAddresses ?? false) || (serving && !terminating)
  const hostname = hostnameIn(pod, service)
  const nodeName = pod.spec?.nodeName
  const zone = node?.metadata.labels?.[zoneLabel]
  // where zones share the endpoints out, all of them have to be known first
  const hints = ready && !asksForHints(service) ? hintsFor(service, nodeName, zone) : undefined
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: podReference(pod),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hints ? { hints } : {}),
  }
}

/**
 * The endpoints that a Service should have, grouped as slices hold them. A Pod that has none of the Service's ports is an
 * endpoint without ports: its address still answers for a headless Service's name.
 */
// staging endpointslice/reconciler.go reconcileByAddressType
export const desiredEndpoints = (
  service: Service,
  pods: readonly Pod[],
  node: (name: string) => Node | undefined,
): Desired => {
  const desired: Desired = { groups: new Map(), unplaced: new Set() }
  for (const family of familiesOf(service)) {
    for (const pod of pods) {
      const addresses = addressesOf(pod, family).slice(0, 1)
      if (addresses.length === 0 || !mayBeEndpoint(pod, true)) continue
      const ports = portsOf(service, pod)
      const onNode = pod.spec?.nodeName ? node(pod.spec.nodeName) : undefined
      if (pod.spec?.nodeName && !onNode && !service.spec.publishNotReadyAddresses) {
        desired.unplaced.add(pod)
        continue
      }
      const key = groupKey(family, ports)
      const group = desired.groups.get(key) ?? { family, ports, endpoints: [] }
      group.endpoints.push(endpointOf(service, pod, addresses, onNode))
      desired.groups.set(key, group)
    }
  }
  return desired
}
