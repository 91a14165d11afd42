import { services } from '@kubets/shared/api/resources.gen.ts'
import type { Node, Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { ObjectMeta } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { newControllerRef, objectKey } from '@kubets/shared/machinery/object.ts'
import { familiesOf, isHeadless } from '../services/service-pods.ts'
import { triggerTimeAnnotation } from '../services/trigger-time.ts'
import { desiredEndpoints, groupKey } from './desired.ts'
import { fillSlices } from './fill.ts'
import { asksForHints, shareOut } from './hints.ts'
import { headlessLabel, managedBy, managedByLabel, serviceNameLabel } from './names.ts'

export interface SlicesSeen {
  service: Service
  /** Pods that its selector matches. */
  pods: readonly Pod[]
  /** The Service's slices that this controller manages. */
  slices: readonly EndpointSlice[]
  node: (name: string) => Node | undefined
  triggerTime: string | undefined
  maxEndpointsPerSlice: number
  /** Of CPU, by zone. */
  zoneShares: ReadonlyMap<string, number> | undefined
  /** Whether zones shared out the endpoints before. */
  wasShared: boolean
}

export interface SlicesPlan {
  create: EndpointSlice[]
  update: EndpointSlice[]
  delete: EndpointSlice[]
  /** True when Pods were left out because their node is not known yet. */
  incomplete: boolean
  /** Whether zones share out the endpoints now, and what is to be told of it. */
  isShared: boolean
  events: { type: 'Normal' | 'Warning'; reason: string; message: string }[]
}

// staging endpointslice/utils.go setEndpointSliceLabels
const labelsOf = (service: Service): Record<string, string> => {
  const labels = { ...service.metadata.labels }
  delete labels[headlessLabel]
  return {
    ...labels,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata.name ?? '',
    [managedByLabel]: managedBy,
  }
}

const withTrigger = (
  annotations: Record<string, string> | undefined,
  triggerTime: string | undefined,
): Record<string, string> => {
  const { [triggerTimeAnnotation]: _, ...rest } = annotations ?? {}
  return triggerTime ? { ...rest, [triggerTimeAnnotation]: triggerTime } : rest
}

/** The writes that give a Service its slices, with as few slices touched as may be. */
// staging endpointslice/reconciler.go Reconcile
export const plan = (seen: SlicesSeen): SlicesPlan => {
  const { service, pods, node, triggerTime, maxEndpointsPerSlice } = seen
  const [slices, foreign] = parted(seen.slices, ({ metadata }) => isOwnedBy(metadata, service))
  const result: SlicesPlan = { create: [], update: [], delete: [], incomplete: false, isShared: false, events: [] }
  const shares = asksForHints(service)
  const kept = new Map<string, EndpointSlice[]>()
  const labels = labelsOf(service)
  const { groups, unplaced } = desiredEndpoints(service, pods, node)
  result.incomplete = unplaced.size > 0
  result.events.push(...[...unplaced].map((pod) => leftOut(pod, service)))
  // A family without any endpoint still has one empty slice, so that its emptiness is known.
  for (const family of familiesOf(service)) {
    const key = groupKey(family, [])
    if (![...groups.values()].some((group) => group.family === family))
      groups.set(key, { family, ports: [], endpoints: [] })
  }

  const build = (addressType: string, ports: EndpointPort[], endpoints: Endpoint[]): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels,
      annotations: withTrigger(undefined, triggerTime),
      ownerReferences: [newControllerRef(service, services)],
    },
    addressType,
    endpoints,
    ports,
  })

  const rewrite = (slice: EndpointSlice, endpoints: Endpoint[]): EndpointSlice => {
    const annotations = withTrigger(slice.metadata.annotations, triggerTime)
    return { ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints }
  }

  const left = new Set(slices)
  for (const [key, { family, ports, endpoints }] of groups) {
    const existing = slices.filter((slice) => groupKey(slice.addressType, slice.ports ?? []) === key)
    for (const slice of existing) left.delete(slice)
    const filled = fillSlices(existing, endpoints, maxEndpointsPerSlice, !shares)
    for (const { slice, endpoints: next, changed } of filled.kept) {
      if (!changed && deepEqual(slice.metadata.labels ?? {}, labels)) {
        kept.set(family, [...(kept.get(family) ?? []), slice])
        continue
      }
      result.update.push(rewrite(slice, next))
    }
    for (const chunk of filled.created) result.create.push(build(family, ports, chunk))
    result.delete.push(...filled.emptied)
  }
  result.delete.push(...left)
  const planned = reuse(shares ? sharedOut(result, kept, seen, rewrite) : told(result, seen))
  return {
    ...planned,
    // What a Service on its way out leaves is the garbage collector's: it must not find more each time it looks.
    create: service.metadata.deletionTimestamp === undefined ? planned.create : [],
    // Those of an earlier Service of the same name go, and are not taken over.
    delete: [...planned.delete, ...foreign],
  }
}

// staging endpointslice/utils.go ownedBy
const isOwnedBy = ({ ownerReferences = [] }: ObjectMeta, { metadata }: Service): boolean =>
  ownerReferences.some(({ uid, kind, apiVersion }) => uid === metadata.uid && kind === 'Service' && apiVersion === 'v1')

const parted = <T>(all: readonly T[], belongs: (one: T) => boolean): readonly [T[], T[]] => [
  all.filter(belongs),
  all.filter((one) => !belongs(one)),
]

// staging endpointslice/reconciler.go reconcileByAddressType, pkg/controller/endpointslice syncService
const leftOut = (pod: Pod, service: Service): SlicesPlan['events'][number] => {
  const key = objectKey(service)
  const problem = `skipping Pod ${pod.metadata.name} for Service ${key}: Node ${pod.spec?.nodeName} Not Found`
  return { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message: failedUpdate(key, problem) }
}

/** What is told of a Service whose slices are not as they should be. */
// pkg/controller/endpointslice/endpointslice_controller.go syncService
export const failedUpdate = (service: string, problem: string): string =>
  `Error updating Endpoint Slices for Service ${service}: ${problem}`

type Rewrite = (slice: EndpointSlice, endpoints: Endpoint[]) => EndpointSlice

/** The plan with hints for zones, family by family. */
// staging endpointslice/reconciler.go reconcileByAddressType
const sharedOut = (
  plan: SlicesPlan,
  kept: ReadonlyMap<string, readonly EndpointSlice[]>,
  { service, zoneShares, wasShared }: SlicesSeen,
  rewrite: Rewrite,
): SlicesPlan => {
  const result = { ...plan, create: [...plan.create], update: [...plan.update], isShared: wasShared }
  for (const family of familiesOf(service)) {
    const isOwn = ({ addressType }: EndpointSlice): boolean => addressType === family
    const changed = [...result.create.filter(isOwn), ...result.update.filter(isOwn)]
    const written = changed.map(({ endpoints }) => endpoints ?? [])
    const out = shareOut({ written, unchanged: kept.get(family) ?? [] }, zoneShares)
    const next = new Map(changed.map((slice, i) => [slice, { ...slice, endpoints: out.written[i] ?? [] }]))
    const withHints = (slice: EndpointSlice): EndpointSlice => next.get(slice) ?? slice
    result.create = result.create.map(withHints)
    result.update = [
      ...result.update.map(withHints),
      ...out.touched.map(({ slice, endpoints }) => rewrite(slice, endpoints)),
    ]
    if (out.problem !== undefined) {
      const message = `${out.problem}, addressType: ${family}`
      result.events.push({ type: 'Warning', reason: 'TopologyAwareHintsDisabled', message })
    } else if (!result.isShared) {
      const message = `Topology Aware Hints has been enabled, addressType: ${family}`
      result.events.push({ type: 'Normal', reason: 'TopologyAwareHintsEnabled', message })
    }
    result.isShared = out.problem === undefined
  }
  return result
}

/** The plan, with a word that zones share out nothing any more. */
const told = (plan: SlicesPlan, { service, wasShared }: SlicesSeen): SlicesPlan => {
  const [family = ''] = wasShared ? familiesOf(service) : []
  if (family === '') return plan
  const message = `Topology Aware Hints has been disabled, addressType: ${family}`
  return { ...plan, events: [...plan.events, { type: 'Warning', reason: 'TopologyAwareHintsDisabled', message }] }
}

// A slice about to go can take what a new one would hold: one write in place of two.
// staging endpointslice/reconciler.go finalize
const reuse = (plan: SlicesPlan): SlicesPlan => {
  const going = [...plan.delete]
  const create: EndpointSlice[] = []
  const update = [...plan.update]
  for (const slice of plan.create) {
    const at = going.findIndex((candidate) => candidate.addressType === slice.addressType)
    const [target] = at < 0 ? [] : going.splice(at, 1)
    if (!target) {
      create.push(slice)
      continue
    }
    const { labels, annotations } = slice.metadata
    update.push({ ...slice, metadata: { ...target.metadata, labels, annotations } })
  }
  return { ...plan, create, update, delete: going }
}

/** Why a slice of a Service is not as planned. */
// k8s.io/endpointslice reconciler.go finalize
export const failedWrite = (
  verb: 'create' | 'update' | 'delete',
  { metadata }: EndpointSlice,
  service: string,
  problem: string,
): string =>
  `failed to ${verb} ${verb === 'create' ? '' : `${metadata.name} `}EndpointSlice for Service ${service}: ${problem}`
