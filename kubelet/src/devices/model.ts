// Which devices there are and who has which: pure. pkg/kubelet/cm/devicemanager/manager.go, pod_devices.go

/** What a container needs to use its devices. deviceplugin/v1beta1 ContainerAllocateResponse */
export interface ContainerResponse {
  envs?: Readonly<Record<string, string>>
  mounts?: readonly { container_path: string; host_path: string; read_only: boolean }[]
  devices?: readonly { container_path: string; host_path: string; permissions: string }[]
  annotations?: Readonly<Record<string, string>>
  cdi_devices?: readonly { name: string }[]
}

export interface Device {
  id: string
  healthy: boolean
  /** The NUMA nodes that it is near to. */
  nodes: readonly number[]
}

/** What a container has of one resource. */
export interface Assignment {
  podUid: string
  container: string
  resource: string
  /** Ids by the NUMA node they are near to; -1 for none. */
  devices: ReadonlyMap<number, readonly string[]>
  response: ContainerResponse
}

/** A resource that a plugin has, or had. */
export interface Resource {
  devices: ReadonlyMap<string, Device>
  /** When its plugin went; undefined while it is there. */
  goneAt: number | undefined
}

// endpoint.go endpointStopGracePeriod
const goneForMs = 5 * 60_000
const nowhere = -1

export const idsOf = ({ devices }: Assignment): Set<string> => new Set([...devices.values()].flat())

/** The ids of a resource that containers have. */
// pod_devices.go devices
export function inUse(assignments: readonly Assignment[], resource: string): Set<string> {
  return new Set(assignments.filter((one) => one.resource === resource).flatMap((one) => [...idsOf(one)]))
}

/** The ids of a resource that may be given out. */
export function healthyIds(resource: Resource): Set<string> {
  if (resource.goneAt !== undefined) return new Set()
  return new Set([...resource.devices.values()].filter((one) => one.healthy).map((one) => one.id))
}

/** What the node has of devices, as amounts; `forgotten` are gone for so long that nobody waits for them. */
// GetCapacity
export function deviceCapacity(resources: ReadonlyMap<string, Resource>, now: number) {
  const capacity: Record<string, string> = {}
  const allocatable: Record<string, string> = {}
  const forgotten: string[] = []
  for (const [name, resource] of resources) {
    if (resource.goneAt !== undefined && now - resource.goneAt > goneForMs) forgotten.push(name)
    else {
      capacity[name] = String(resource.devices.size)
      allocatable[name] = String(healthyIds(resource).size)
    }
  }
  return { capacity, allocatable, forgotten }
}

/** What a container asks for, and what is known of that. */
export interface Wanted {
  podUid: string
  container: string
  resource: string
  required: number
  /** Devices of init containers before it, which have ended when it runs. */
  reusable: ReadonlySet<string>
  /** The container runs already: the kubelet has started again, and its plugin may not be back yet. */
  running: boolean
}

/** What is left to do: take `first`, and so many more of `available`. */
export interface Need {
  first: ReadonlySet<string>
  available: ReadonlySet<string>
  more: number
}

/**
 * Which devices a container may get; undefined when it has what it needs. Throws an Error when it cannot.
 */
// devicesToAllocate
export function need(
  resources: ReadonlyMap<string, Resource>,
  assignments: readonly Assignment[],
  wanted: Wanted,
): Need | undefined {
  const { podUid, container, resource: name, required, reusable, running } = wanted
  const mine = assignments.find((one) => one.podUid === podUid && one.container === container && one.resource === name)
  const given = mine && idsOf(mine)
  if (given && given.size !== required) {
    const change = `changed request for resource ${JSON.stringify(name)} from ${given.size} to ${required}`
    throw new Error(`pod ${JSON.stringify(podUid)} container ${JSON.stringify(container)} ${change}`)
  }
  if (running) return undefined
  const resource = resources.get(name)
  if (!resource) throw new Error(`cannot allocate unregistered device ${name}`)
  const healthy = healthyIds(resource)
  if (healthy.size === 0) throw new Error(`no healthy devices present; cannot allocate unhealthy devices ${name}`)
  if (given && !given.isSubsetOf(healthy)) {
    throw new Error(`previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${name}`)
  }
  if (given || required === 0) return undefined
  const first = new Set([...reusable].slice(0, required))
  const more = required - first.size
  const available = healthy.difference(inUse(assignments, name))
  if (available.size < more) {
    const amounts = `Requested: ${more}, Available: ${available.size}`
    throw new Error(`requested number of devices unavailable for ${name}. ${amounts}`)
  }
  return { first, available, more }
}

/** The devices, of which those come first that the plugin would rather give. */
export function choose({ first, available, more }: Need, preferred: readonly string[]): string[] {
  const better = preferred.filter((id) => available.has(id))
  return [...first, ...[...new Set([...better, ...available])].slice(0, more)]
}

/** The devices by their NUMA nodes. */
export function byNode(resource: Resource | undefined, ids: readonly string[]): Map<number, string[]> {
  const nodes = new Map<number, string[]>()
  for (const id of ids) {
    const near = resource?.devices.get(id)?.nodes ?? []
    for (const node of near.length > 0 ? near : [nowhere]) nodes.set(node, [...(nodes.get(node) ?? []), id])
  }
  return nodes
}

/** What a container is started with, of all resources it has; of two things in one place the first counts. */
export interface DeviceOptions {
  envs: ReadonlyMap<string, string>
  mounts: readonly { containerPath: string; hostPath: string; readonly: boolean }[]
  devices: readonly { containerPath: string; hostPath: string; permissions: string }[]
  annotations: ReadonlyMap<string, string>
  /** Qualified names of CDI devices. */
  cdiDevices: readonly string[]
}

// pod_devices.go deviceRunContainerOptions
export function deviceOptions(responses: readonly ContainerResponse[]): DeviceOptions {
  const first = <V>(entries: [string, V][]): Map<string, V> => new Map(entries.toReversed())
  const mounts = first(
    responses.flatMap((one) => (one.mounts ?? []).map((it) => [it.container_path, it] as [string, typeof it])),
  )
  const devices = first(
    responses.flatMap((one) => (one.devices ?? []).map((it) => [it.container_path, it] as [string, typeof it])),
  )
  return {
    envs: first(responses.flatMap((one) => Object.entries(one.envs ?? {}))),
    annotations: first(responses.flatMap((one) => Object.entries(one.annotations ?? {}))),
    cdiDevices: [...new Set(responses.flatMap((one) => (one.cdi_devices ?? []).map(({ name }) => name)))],
    mounts: [...mounts.values()].map((one) => ({
      containerPath: one.container_path,
      hostPath: one.host_path,
      readonly: one.read_only,
    })),
    devices: [...devices.values()].map((one) => ({
      containerPath: one.container_path,
      hostPath: one.host_path,
      permissions: one.permissions,
    })),
  }
}
