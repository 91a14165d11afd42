// The Node object as the kubelet reports it: pure. pkg/kubelet/nodestatus/setters.go, kubelet_node_status.go
import type {
  ContainerImage,
  Node,
  NodeCondition,
  NodeRuntimeHandler,
  NodeStatus,
  Taint,
} from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { quantityOf } from '@kubets/shared/machinery/quantity.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { allocatableOf, type Reservation } from '../cgroups/allocatable.ts'
import type { Image, RuntimeHandler } from '../runtime/types.ts'
import type { Pressure } from '../eviction/thresholds.ts'
import type { Machine } from './machine.ts'

/** Amounts of devices. */
export interface DeviceAmounts {
  capacity: Readonly<Record<string, string>>
  allocatable: Readonly<Record<string, string>>
  removed: readonly string[]
}

export interface NodeSeen {
  name: string
  ips: readonly string[]
  port: number
  maxPods: number
  machine: Machine
  /** What of the machine is not for Pods. */
  reservation: Reservation
  /** What it has of devices; `removed` are none any more. */
  devices: DeviceAmounts
  /** Whether containers may have CPUs of their own. */
  staticCpus: boolean
  runtimeVersion: string
  runtimeHandlers: readonly RuntimeHandler[]
  images: readonly Image[]
  /** What the node is short of. */
  pressure: readonly Pressure[]
  /** Volumes that must not be detached. */
  volumesInUse: readonly string[]
  /** Why the node cannot run Pods; empty when it can. */
  problems: readonly string[]
  now: number
}

export const kubeletVersion = 'v1.36.0'
// pkg/kubelet/apis/config: nodeStatusMaxImages
const maxImages = 50
const maxImageNames = 5

/** What a node of this version may lack and this one has. */
// component-helpers/nodedeclaredfeatures/features; without CPUs of their own, guaranteed Pods are resized as all others
const resizesGuaranteed = 'GuaranteedQoSPodCPUResize'
const declaredFeatures = [
  resizesGuaranteed,
  'InPlacePodLevelResourcesVerticalScaling',
  'RestartAllContainersOnContainerExits',
]

// setters.go MemoryPressureCondition, DiskPressureCondition, PIDPressureCondition
const pressureClaims = [
  {
    type: 'MemoryPressure',
    no: { reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' },
    yes: { reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' },
  },
  {
    type: 'DiskPressure',
    no: { reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
    yes: { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' },
  },
  {
    type: 'PIDPressure',
    no: { reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
    yes: { reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' },
  },
] as const

/** What the node's events are called for what its conditions say; of those that are new since `before`. */
// pkg/kubelet/kubelet_node_status.go recordNodeStatusEvent
export function conditionEvents(before: NodeStatus | undefined, after: NodeStatus): string[] {
  const changed = (after.conditions ?? []).filter(({ type, status }) => {
    const known = conditionOf(before, type)
    // whether it is ready at first is no news, what it is short of is
    return type === 'Ready' && !known ? false : known?.status !== status
  })
  return changed.map(({ type, status, reason }) => {
    if (type === 'Ready') return status === 'True' ? 'NodeReady' : 'NodeNotReady'
    return `Node${(reason ?? '').replace('Kubelet', '')}`
  })
}

/** The labels every node has. */
export function nodeLabels(name: string, architecture: string): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': architecture,
  }
}

/** What the machine has for Pods. */
export function nodeResources(machine: Machine, maxPods: number): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
    ...Object.fromEntries(
      Object.entries(machine.hugePages).map(([size, bytes]) => [
        `hugepages-${size}`,
        quantityOf(bytes, 'BinarySI').toString(),
      ]),
    ),
    pods: String(maxPods),
  }
}

/** The status; a condition keeps its transition time from `before` while its status stays. */
export function nodeStatus(seen: NodeSeen, before: NodeStatus | undefined): NodeStatus {
  const { machine } = seen
  // what others say that the node has stays
  const { devices } = seen
  const none = Object.fromEntries(devices.removed.map((name) => [name, '0']))
  const capacity = { ...before?.capacity, ...nodeResources(machine, seen.maxPods), ...devices.capacity, ...none }
  return {
    capacity,
    allocatable: { ...allocatableOf(capacity, seen.reservation), ...devices.allocatable },
    addresses: [
      ...seen.ips.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: seen.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: seen.port } },
    nodeInfo: {
      ...machine.info,
      containerRuntimeVersion: `docker://${seen.runtimeVersion}`,
      kubeletVersion,
      kubeProxyVersion: '',
    },
    conditions: conditions(seen, before),
    images: nodeImages(seen.images),
    ...(seen.volumesInUse.length > 0 ? { volumesInUse: [...seen.volumesInUse] } : {}),
    ...(seen.runtimeHandlers.length > 0 ? { runtimeHandlers: seen.runtimeHandlers.map(runtimeHandler) } : {}),
    // Docker adds the groups that the image says
    features: { supplementalGroupsPolicy: false },
    declaredFeatures: seen.staticCpus ? declaredFeatures.filter((one) => one !== resizesGuaranteed) : declaredFeatures,
  }
}

function conditions(seen: NodeSeen, before: NodeStatus | undefined): NodeCondition[] {
  const ready =
    seen.problems.length === 0
      ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { status: 'False', reason: 'KubeletNotReady', message: `[${seen.problems.join(', ')}]` }
  if (seen.problems.length === 1) ready.message = seen.problems[0] ?? ''
  const claims = [
    ...pressureClaims.map(({ type, no, yes }) => {
      const claim = seen.pressure.includes(type) ? { status: 'True', ...yes } : { status: 'False', ...no }
      return { type, ...claim }
    }),
    { type: 'Ready', ...ready },
  ]
  const now = formatTime(seen.now)
  return claims.map((one) => {
    const old = conditionOf(before, one.type)
    const kept = old?.status === one.status ? old.lastTransitionTime : undefined
    return { ...one, lastHeartbeatTime: now, lastTransitionTime: kept ?? now }
  })
}

function runtimeHandler({ name, recursiveReadOnlyMounts, userNamespaces }: RuntimeHandler): NodeRuntimeHandler {
  return { name, features: { recursiveReadOnlyMounts, userNamespaces } }
}

// the largest images: they are worth most to a scheduler that looks where they are
function nodeImages(images: readonly Image[]): ContainerImage[] {
  return images
    .map((image) => ({
      names: [...image.repoDigests, ...image.repoTags].slice(0, maxImageNames),
      sizeBytes: image.size,
    }))
    .filter((image) => image.names.length > 0)
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, maxImages)
}

/** Leaves to the attach/detach controller what CSI drivers have to attach before it can be mounted. */
// pkg/volume/util/util.go ControllerManagedAttachAnnotation
export const nodeAnnotations: Readonly<Record<string, string>> = {
  'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
}

/** The Node object with which the kubelet introduces itself. */
export function initialNode(name: string, architecture: string, status: NodeStatus, taints: readonly Taint[]): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(name, architecture), annotations: { ...nodeAnnotations } },
    spec: taints.length > 0 ? { taints: [...taints] } : {},
    status,
  }
}

/** True when `after` says anything new besides its heartbeats; conditions of others do not count. */
export function worthWriting(before: NodeStatus | undefined, after: NodeStatus): boolean {
  const known = (before ?? {}) as Record<string, unknown>
  if (before?.volumesInUse && !after.volumesInUse) return true
  return Object.entries(after).some(([key, value]) =>
    key === 'conditions'
      ? after.conditions?.some((one) => !deepEqual(lasting(one), lasting(conditionOf(before, one.type))))
      : !deepEqual(value, known[key]),
  )
}

/**
 * The strategic merge patch from one status to the other. It names what changes, of resources each: others may write at
 * the same time, and what they wrote is neither undone nor missed.
 */
// k8s.io/component-helpers/node/util/status.go preparePatchBytesforNodeStatus
export function statusPatch(before: NodeStatus | undefined, after: NodeStatus): object {
  const known = (before ?? {}) as Record<string, unknown>
  const changed = Object.fromEntries(Object.entries(after).filter(([key, value]) => !deepEqual(value, known[key])))
  return {
    ...changed,
    capacity: resourcePatch(before?.capacity, after.capacity),
    allocatable: resourcePatch(before?.allocatable, after.allocatable),
    // merged by type, two addresses of one type would become one
    ...('addresses' in changed && { addresses: [{ $patch: 'replace' }, ...(after.addresses ?? [])] }),
    ...(before?.volumesInUse && !after.volumesInUse && { volumesInUse: null }),
  }
}

function resourcePatch(before: NodeStatus['capacity'] = {}, after: NodeStatus['capacity'] = {}): object {
  const changed = Object.entries(after).filter(([name, amount]) => before[name] !== amount)
  const gone = Object.keys(before).filter((name) => after[name] === undefined)
  return Object.fromEntries([...changed, ...gone.map((name) => [name, null] as const)])
}

function conditionOf(status: NodeStatus | undefined, type: string): NodeCondition | undefined {
  return status?.conditions?.find((one) => one.type === type)
}

function lasting(condition: NodeCondition | undefined): unknown {
  return { ...condition, lastHeartbeatTime: undefined }
}
