import { services } from '@kubets/shared/api/resources.gen.ts'
import type { Node, Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { familiesOf, isHeadless } from '../services/service-pods.ts'
import { triggerTimeAnnotation } from '../services/trigger-time.ts'
import { desiredEndpoints, groupKey } from './desired.ts'
import { fillSlices } from './fill.ts'
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
}

export interface SlicesPlan {
  create: EndpointSlice[]
  update: EndpointSlice[]
  delete: EndpointSlice[]
  /** True when Pods were left out because their node is not known yet. */
  incomplete: boolean
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
export const plan = ({ service, pods, slices, node, triggerTime, maxEndpointsPerSlice }: SlicesSeen): SlicesPlan => {
  const result: SlicesPlan = { create: [], update: [], delete: [], incomplete: false }
  const labels = labelsOf(service)
  const { groups, unplaced } = desiredEndpoints(service, pods, node)
  result.incomplete = unplaced > 0
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

  const left = new Set(slices)
  for (const [key, { family, ports, endpoints }] of groups) {
    const existing = slices.filter((slice) => groupKey(slice.addressType, slice.ports ?? []) === key)
    for (const slice of existing) left.delete(slice)
    const filled = fillSlices(existing, endpoints, maxEndpointsPerSlice)
    for (const { slice, endpoints: next, changed } of filled.kept) {
      if (!changed && deepEqual(slice.metadata.labels ?? {}, labels)) continue
      const annotations = withTrigger(slice.metadata.annotations, triggerTime)
      result.update.push({ ...slice, metadata: { ...slice.metadata, labels, annotations }, endpoints: next })
    }
    for (const chunk of filled.created) result.create.push(build(family, ports, chunk))
    result.delete.push(...filled.emptied)
  }
  result.delete.push(...left)
  return reuse(result)
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
