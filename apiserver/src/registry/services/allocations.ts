import { randomUUID } from 'node:crypto'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { IPAddress } from '@kubets/shared/api/types/networking-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Resource } from '../../storage/types.ts'
import { parseAddress } from '@kubets/shared/machinery/addresses.ts'

/** Who holds a cluster IP is an object that clients can read. */
export const ipAddresses: Resource = { group: 'networking.k8s.io', plural: 'ipaddresses' }
/** Who holds a node port is ours alone: no kind has this name, so no client reaches it. */
export const nodePorts: Resource = { group: '', plural: 'servicenodeports' }

export const managedByLabel = 'ipaddress.kubernetes.io/managed-by'
export const managedBy = 'ipallocator.k8s.io'

// pkg/registry/core/service/ipallocator/ipallocator.go createIPAddress
export function ipAddressFor(ip: string, service: Service, now: number): IPAddress {
  const { namespace = '', name = '' } = service.metadata
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: ip,
      uid: randomUUID(),
      creationTimestamp: formatTime(now),
      labels: { [managedByLabel]: managedBy, 'ipaddress.kubernetes.io/ip-family': parseAddress(ip)?.family ?? '' },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  }
}

export type NodePortAllocation = KubeObject & { service: string }

export function nodePortFor(port: number, service: Service): NodePortAllocation {
  const { namespace = '', name = '' } = service.metadata
  return {
    apiVersion: 'v1',
    kind: 'NodePortAllocation',
    metadata: { name: String(port) },
    service: `${namespace}/${name}`,
  }
}

/** The cluster IPs a Service holds. */
export function clusterIPsOf(service: Service | undefined): string[] {
  return (service?.spec.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '')
}

/** The node ports a Service holds; one port number for two protocols counts once. */
export function nodePortsOf(service: Service | undefined): number[] {
  const { ports = [], healthCheckNodePort = 0 } = service?.spec ?? {}
  return [...new Set([...ports.map(({ nodePort = 0 }) => nodePort), healthCheckNodePort].filter((port) => port > 0))]
}
