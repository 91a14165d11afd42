import { isPodReady } from '@kubets/shared/api/pod.ts'
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import {
  addressesOf,
  familiesOf,
  followsPods,
  hostnameIn,
  isHeadless,
  mayBeEndpoint,
  podReference,
  targetPortIn,
} from '../services/service-pods.ts'
import { triggerTimeAnnotation } from '../services/trigger-time.ts'
import { truncate } from './truncate.ts'

const headlessLabel = 'service.kubernetes.io/headless'
const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity'

export interface EndpointsSeen {
  service: Service
  /** Pods that its selector matches. */
  pods: readonly Pod[]
  current: Endpoints | undefined
  /** When the change happened that is written now. */
  triggerTime: string | undefined
}

export type EndpointsAction = { type: 'create' | 'update'; endpoints: Endpoints }

const portsOf = (service: Service, pod: Pod): EndpointPort[] => {
  const ports: EndpointPort[] = []
  for (const port of service.spec.ports ?? []) {
    const number = targetPortIn(pod, port)
    if (number === undefined) continue
    ports.push({
      ...(port.name ? { name: port.name } : {}),
      port: number,
      protocol: port.protocol ?? 'TCP',
      ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
    })
  }
  return ports.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

const byAddress = (a: EndpointAddress, b: EndpointAddress): number =>
  a.ip !== b.ip ? (a.ip < b.ip ? -1 : 1) : (a.targetRef?.uid ?? '') < (b.targetRef?.uid ?? '') ? -1 : 1

// Pods with the same ports share a subset; pkg/api/v1/endpoints/util.go RepackSubsets
const subsetsOf = (service: Service, pods: readonly Pod[]): EndpointSubset[] => {
  const { publishNotReadyAddresses = false } = service.spec
  const [family = 'IPv4'] = familiesOf(service)
  const portless = isHeadless(service) && (service.spec.ports ?? []).length === 0
  const groups = new Map<string, { ready: EndpointAddress[]; notReady: EndpointAddress[]; ports: EndpointPort[] }>()
  for (const pod of pods) {
    const [ip] = addressesOf(pod, family)
    if (!ip || !mayBeEndpoint(pod, publishNotReadyAddresses)) continue
    const ports = portsOf(service, pod)
    if (ports.length === 0 && !portless) continue
    const hostname = hostnameIn(pod, service)
    const address: EndpointAddress = {
      ip,
      ...(hostname ? { hostname } : {}),
      ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
      targetRef: podReference(pod),
    }
    const key = JSON.stringify(ports)
    const group = groups.get(key) ?? { ready: [], notReady: [], ports }
    groups.set(key, group)
    ;(publishNotReadyAddresses || isPodReady(pod) ? group.ready : group.notReady).push(address)
  }
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ready, notReady, ports }]) => ({
      ...(ready.length > 0 ? { addresses: ready.sort(byAddress) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady.sort(byAddress) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }))
}

const without = (values: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))

/** The Endpoints a Service should have; undefined when they are so already, or are not ours to keep. */
// pkg/controller/endpoint/endpoints_controller.go syncService
export const plan = ({ service, pods, current, triggerTime }: EndpointsSeen): EndpointsAction | undefined => {
  if (!followsPods(service)) return undefined
  const { subsets, truncated } = truncate(subsetsOf(service, pods))
  const labels = {
    ...without(service.metadata.labels ?? {}, headlessLabel),
    [managedByLabel]: 'endpoint-controller',
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  }
  const wasTruncated = current?.metadata.annotations?.[overCapacityAnnotation] === 'truncated'
  if (
    current &&
    deepEqual(current.subsets ?? [], subsets) &&
    deepEqual(current.metadata.labels ?? {}, labels) &&
    wasTruncated === truncated
  )
    return undefined
  const annotations = {
    ...without(current?.metadata.annotations ?? {}, triggerTimeAnnotation, overCapacityAnnotation),
    ...(triggerTime ? { [triggerTimeAnnotation]: triggerTime } : {}),
    ...(truncated ? { [overCapacityAnnotation]: 'truncated' } : {}),
  }
  return {
    type: current ? 'update' : 'create',
    endpoints: {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        ...(current?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace }),
        labels,
        annotations,
      },
      subsets,
    },
  }
}

/** What is told on the Endpoints that could not be written. */
// pkg/controller/endpoint/endpoints_controller.go syncService
export const failedWrite = (
  { type, endpoints: { metadata } }: EndpointsAction,
  problem: string,
): { reason: string; message: string } => {
  const key = `${metadata.namespace}/${metadata.name}`
  return type === 'create'
    ? { reason: 'FailedToCreateEndpoint', message: `Failed to create endpoint for service ${key}: ${problem}` }
    : { reason: 'FailedToUpdateEndpoint', message: `Failed to update endpoint ${key}: ${problem}` }
}
