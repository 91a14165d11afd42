import { endpoints as endpointsRef } from '@kubets/shared/api/resources.gen.ts'
import type { EndpointPort as CorePort, EndpointAddress, Endpoints, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { formatAddress, parseAddress } from '@kubets/shared/machinery/addresses.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { endpointKey, groupKey } from '../endpointslice/desired.ts'
import { managedByLabel, serviceNameLabel } from '../endpointslice/names.ts'
import { triggerTimeAnnotation } from '../services/trigger-time.ts'

// pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go, staging api/discovery/v1/well_known_labels.go
export const managedBy = 'endpointslicemirroring-controller.k8s.io'
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'
// client-go tools/leaderelection/resourcelock LeaderElectionRecordAnnotationKey: such Endpoints are a lock
const lockAnnotation = 'control-plane.alpha.kubernetes.io/leader'
const ownAnnotations: ReadonlySet<string> = new Set([
  triggerTimeAnnotation,
  'kubectl.kubernetes.io/last-applied-configuration',
])

// --mirroring-max-endpoints-per-subset
export const mostAddresses = 1000

/** Whether slices are made of Endpoints that somebody wrote by hand: only where no selector does it. */
// pkg/controller/endpointslicemirroring/utils.go, endpointslicemirroring_controller.go shouldMirror
export const isMirrored = (endpoints: Endpoints, service: Service | undefined): boolean =>
  service !== undefined &&
  Object.keys(service.spec?.selector ?? {}).length === 0 &&
  endpoints.metadata.labels?.[skipLabel] !== 'true' &&
  endpoints.metadata.annotations?.[lockAnnotation] === undefined

export interface MirrorPlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly delete: readonly EndpointSlice[]
  /** Addresses that are none. */
  readonly invalid: number
  /** Addresses that were left out for either reason, when some are beyond what a subset may have; else 0. */
  readonly skipped: number
}

interface Group {
  readonly addressType: string
  readonly ports: EndpointPort[]
  readonly endpoints: Map<string, Endpoint>
}

/** The writes that make the slices say what the Endpoints do: one slice for each family and set of ports. */
// pkg/controller/endpointslicemirroring/reconciler.go reconcile
export const plan = (endpoints: Endpoints, slices: readonly EndpointSlice[]): MirrorPlan => {
  const { groups, invalid, skipped } = grouped(endpoints)
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  const left = new Set(slices)
  const missing: EndpointSlice[] = []
  for (const [key, group] of groups) {
    const wanted = sliceOf(endpoints, group)
    const there = [...left].find((one) => groupKey(one.addressType, one.ports ?? []) === key)
    if (there === undefined) {
      missing.push(wanted)
      continue
    }
    left.delete(there)
    if (!isSame(there, wanted)) update.push(over(there, wanted))
  }
  // a slice about to go can take what a new one would hold: one write in place of two
  for (const wanted of missing) {
    const there = [...left].find((one) => one.addressType === wanted.addressType)
    if (there === undefined) create.push(wanted)
    else {
      left.delete(there)
      update.push(over(there, wanted))
    }
  }
  const isGoing = endpoints.metadata.deletionTimestamp !== undefined
  return { create: isGoing ? [] : create, update, delete: [...left], invalid, skipped }
}

const isSame = (there: EndpointSlice, wanted: EndpointSlice): boolean =>
  deepEqual(there.endpoints ?? [], wanted.endpoints) &&
  deepEqual(there.metadata.labels ?? {}, wanted.metadata.labels) &&
  deepEqual(there.metadata.annotations ?? {}, wanted.metadata.annotations ?? {})

const over = ({ metadata }: EndpointSlice, wanted: EndpointSlice): EndpointSlice => {
  const { annotations: _, ...kept } = metadata
  const { labels, annotations } = wanted.metadata
  return { ...wanted, metadata: { ...kept, labels, ...(annotations ? { annotations } : {}) } }
}

interface Grouping {
  readonly groups: Map<string, Group>
  readonly invalid: number
  readonly skipped: number
}

// pkg/controller/endpointslicemirroring/reconciler.go reconcile, reconciler_helpers.go desiredCalc
const grouped = ({ subsets = [] }: Endpoints): Grouping => {
  const groups = new Map<string, Group>()
  let invalid = 0
  let leftOut = 0
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    let added = 0
    const all = [
      ...addresses.map((one) => [one, true] as const),
      ...notReadyAddresses.map((one) => [one, false] as const),
    ]
    for (const [address, ready] of all) {
      if (added === mostAddresses) break
      const parsed = parseAddress(address.ip)
      if (parsed === undefined) {
        invalid++
        continue
      }
      added++
      const key = groupKey(parsed.family, ports)
      const group = groups.get(key) ?? { addressType: parsed.family, ports: portsOf(ports), endpoints: new Map() }
      const endpoint = endpointOf({ ...address, ip: formatAddress(parsed) }, ready)
      // one endpoint for what is the same but for being ready; the last one counts
      group.endpoints.set(endpointKey(endpoint), endpoint)
      groups.set(key, group)
    }
    leftOut += all.length - added
  }
  return { groups, invalid, skipped: leftOut > invalid ? leftOut : 0 }
}

// pkg/controller/endpointslicemirroring/utils.go epPortsToEpsPorts
const portsOf = (ports: readonly CorePort[]): EndpointPort[] =>
  ports.map((port) => ({ ...port, name: port.name ?? '' }))

// pkg/controller/endpointslicemirroring/utils.go addressToEndpoint
const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname ? { hostname } : {}),
  ...(targetRef ? { targetRef } : {}),
  ...(nodeName ? { nodeName } : {}),
})

// pkg/controller/endpointslicemirroring/utils.go newEndpointSlice
const sliceOf = (endpoints: Endpoints, { addressType, ports, endpoints: all }: Group): EndpointSlice => {
  const { name = '', namespace, labels, annotations = {} } = endpoints.metadata
  const kept = Object.entries(annotations).filter(([key]) => !ownAnnotations.has(key))
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
      ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
      ownerReferences: [newControllerRef(endpoints, endpointsRef)],
    },
    addressType,
    endpoints: [...all.values()].slice(0, mostAddresses),
    ports,
  }
}
