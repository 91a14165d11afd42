// Tells agents on the node which devices and CPUs containers have alone. pkg/kubelet/apis/podresources/server_v1.go
import path from 'node:path'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Assignment, Device } from '../devices/model.ts'
import { loadService } from '../plugins/grpc.ts'
import { serveSocket } from '../plugins/serve.ts'

export const podResourcesLister = loadService(new URL('podresources.proto', import.meta.url), 'v1.PodResourcesLister')

/** Who knows of what containers have. */
export interface PodResourcesSource {
  /** The Pods that have not ended. */
  pods(): readonly Pod[]
  devices(podUid: string, container: string): readonly Assignment[]
  allocatableDevices(): ReadonlyMap<string, readonly Device[]>
  /** The CPUs that a container has alone. */
  cpus(podUid: string, container: string): readonly number[]
  allocatableCpus(): readonly number[]
}

interface ContainerDevices {
  resource_name: string
  device_ids: string[]
  topology?: { nodes: { ID: number }[] }
}

/** Serves in `<root-dir>/pod-resources` until the signal aborts. Rejects when it cannot. */
export function servePodResources(rootDir: string, source: PodResourcesSource, signal: AbortSignal): Promise<void> {
  const methods = {
    List: () => ({ pod_resources: source.pods().map((pod) => podResources(source, pod)) }),
    GetAllocatableResources: () => ({
      devices: [...source.allocatableDevices()].flatMap(([resource, devices]) =>
        devices.flatMap(({ id, nodes }) => listed(resource, id, nodes)),
      ),
      cpu_ids: source.allocatableCpus(),
    }),
    Get: ({ pod_name: name, pod_namespace: namespace }: { pod_name: string; pod_namespace: string }) => {
      const pod = source.pods().find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
      if (!pod) throw new Error(`pod ${name} in namespace ${namespace} not found`)
      return { pod_resources: podResources(source, pod) }
    },
  }
  return serveSocket(path.join(rootDir, 'pod-resources', 'kubelet.sock'), podResourcesLister, methods, signal)
}

function podResources(source: PodResourcesSource, { metadata, spec }: Pod) {
  const { name = '', namespace = '', uid = '' } = metadata
  // the other init containers are over when somebody looks
  const sidecars = (spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always')
  const of = (container: Container) => ({
    name: container.name,
    devices: source.devices(uid, container.name).flatMap(({ resource, devices }) => {
      const nodes = new Map<string, number[]>()
      for (const [node, ids] of devices) {
        for (const id of ids) nodes.set(id, [...(nodes.get(id) ?? []), ...(node < 0 ? [] : [node])])
      }
      return [...nodes].flatMap(([id, near]) => listed(resource, id, near))
    }),
    cpu_ids: source.cpus(uid, container.name),
  })
  return { name, namespace, containers: [...sidecars, ...spec.containers].map(of) }
}

/** A device, once for each NUMA node that it is near to. */
// pkg/kubelet/cm/container_manager.go containerDevicesFromResourceDeviceInstances
function listed(resource: string, id: string, nodes: readonly number[]): ContainerDevices[] {
  const device = { resource_name: resource, device_ids: [id] }
  return nodes.length === 0 ? [device] : nodes.map((ID) => ({ ...device, topology: { nodes: [{ ID }] } }))
}
