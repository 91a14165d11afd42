import type { Pod } from './types/core-v1.ts'

/** A port of the node that a container wants for itself. */
export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

const anyAddress = '0.0.0.0'

/** The host ports of a Pod's containers and sidecars. */
// pkg/scheduler/util/utils.go GetHostPorts
export function hostPortsOf(pod: Pod): HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')
  return [...pod.spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => port.hostPort)
      .map((port) => ({ ip: port.hostIP || anyAddress, protocol: port.protocol ?? 'TCP', port: port.hostPort ?? 0 })),
  )
}

/** Whether two host ports cannot stand side by side: the wildcard address meets every other. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress
}
