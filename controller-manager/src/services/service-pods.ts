import { isPodReady, isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { ObjectReference, Pod, Service, ServicePort } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'

export type Family = 'IPv4' | 'IPv6'

/** Services with a selector, whose endpoints follow Pods; ExternalName has none and others are kept by users. */
export const followsPods = (service: Service): boolean =>
  service.spec.selector !== undefined &&
  Object.keys(service.spec.selector).length > 0 &&
  service.spec.type !== 'ExternalName'

export const selects = (service: Service, labels: Record<string, string>): boolean =>
  Object.entries(service.spec.selector ?? {}).every(([key, value]) => labels[key] === value)

export const isHeadless = (service: Service): boolean => (service.spec.clusterIP ?? '') === 'None'

/** The address families of a Service, its own first. */
export const familiesOf = (service: Service): Family[] => {
  const families = (service.spec.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6')
  if (families.length > 0) return families
  return [service.spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4']
}

const familyOf = (address: string): Family => (address.includes(':') ? 'IPv6' : 'IPv4')

/** The Pod's addresses of one family. */
export const addressesOf = (pod: Pod, family: Family): string[] => {
  const all = pod.status?.podIPs?.map((each) => each.ip ?? '') ?? []
  if (all.length === 0 && pod.status?.podIP) all.push(pod.status.podIP)
  return all.filter((address) => address !== '' && familyOf(address) === family)
}

/** A Pod belongs to endpoints while it has an address and has not finished. */
// staging endpointslice/util/controller_utils.go ShouldPodBeInEndpoints
export const mayBeEndpoint = (pod: Pod, includeTerminating: boolean): boolean =>
  (includeTerminating || pod.metadata.deletionTimestamp === undefined) &&
  !isPodTerminal(pod) &&
  (pod.status?.podIP !== undefined || (pod.status?.podIPs ?? []).length > 0)

/** The Pod's name in the Service's domain, when the Pod asks for one there. */
// staging endpointslice/util/controller_utils.go ShouldSetHostname
export const hostnameIn = (pod: Pod, service: Service): string | undefined =>
  pod.spec?.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined

export const podReference = (pod: Pod): ObjectReference => ({
  kind: 'Pod',
  namespace: pod.metadata.namespace,
  name: pod.metadata.name,
  uid: pod.metadata.uid,
})

/** The number behind a service port in this Pod; undefined when the Pod has no port of that name. */
// staging endpointslice/util/controller_utils.go findPort
export const targetPortIn = (pod: Pod, port: ServicePort): number | undefined => {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target === 0 ? port.port : target
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars])
    for (const candidate of container.ports ?? [])
      if (candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))
        return candidate.containerPort
  return undefined
}

/** What of a Pod its endpoints show; while it stays the same no Service needs a look. */
// staging endpointslice/util/controller_utils.go podEndpointsChanged
export const sameEndpoint = (a: Pod, b: Pod): boolean =>
  a.metadata.uid === b.metadata.uid &&
  (a.metadata.deletionTimestamp === undefined) === (b.metadata.deletionTimestamp === undefined) &&
  isPodReady(a) === isPodReady(b) &&
  isPodTerminal(a) === isPodTerminal(b) &&
  a.spec?.nodeName === b.spec?.nodeName &&
  deepEqual(a.status?.podIPs, b.status?.podIPs) &&
  a.status?.podIP === b.status?.podIP &&
  deepEqual(a.metadata.labels, b.metadata.labels)
