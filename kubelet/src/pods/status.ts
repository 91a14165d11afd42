// The status of a Pod as the kubelet reports it: a pure function of the Pod and of what the runtime has.
// pkg/kubelet/kubelet_pods.go generateAPIPodStatus, convertToAPIContainerStatuses
import { podQOS, podRequests } from '@kubets/shared/api/pod.ts'
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodStatus,
  ResourceRequirements,
} from '@kubets/shared/api/types/core-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { ContainerStatus as RuntimeContainer } from '../runtime/types.ts'
import { podConditions } from './conditions.ts'
import {
  isSidecar,
  readySandbox,
  restartCauses,
  restartingAll,
  type PodFailure,
  type PodRuntimeState,
  type ProbeResults,
} from './model.ts'
import { normalizeStatus } from './normalize.ts'
import { podPhase } from './phase.ts'
import type { Allocation, Given, ResizeStatus } from './resize.ts'
import { statusLists, type ContainerKind, type Waiting } from './sync.ts'

export interface StatusInput {
  pod: Pod
  state: PodRuntimeState
  now: number
  probes: ProbeResults
  waiting: ReadonlyMap<string, Waiting>
  /** Nothing of the Pod runs or will run again. */
  ended: boolean
  /** Why the kubelet ended it (Preempting, DeadlineExceeded), if it did. */
  failed: PodFailure | undefined
  hostIPs: readonly string[]
  /** What running containers were given, where that may differ from what the Pod was granted. */
  actuated: Allocation['actuated']
  /** The same for the Pod as a whole. */
  actuatedPod: ResourceRequirements | undefined
  resize: ResizeStatus
}

/** Computes the status. Fields that others own (nominatedNodeName, their conditions) are left out. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, state, now } = input
  const { spec } = pod
  const of = (container: Container, kind: ContainerKind): ContainerStatus => containerStatus(input, container, kind)
  const init = (spec.initContainers ?? []).map((container) => of(container, 'init'))
  const main = spec.containers.map((container) => of(container, 'main'))
  const ephemeral = (spec.ephemeralContainers ?? []).map((container) => of(container, 'ephemeral'))
  const phase = finalPhase(input, init, main)
  const sandbox = readySandbox(state)
  const ips = sandbox?.network === 'NODE' ? input.hostIPs : (sandbox?.ips ?? [])
  // an ended Pod keeps the address it had
  const podIPs = ips.length > 0 ? ips.map((ip) => ({ ip })) : input.ended ? (pod.status?.podIPs ?? []) : []
  const failed = phase === 'Failed' ? (input.failed ?? keptReason(pod)) : undefined
  return normalizeStatus(pod, {
    ...observed(pod),
    phase,
    conditions: podConditions(
      pod,
      phase,
      init,
      main,
      {
        sandboxReady: ips.length > 0,
        restartingAll: restartCauses(pod, state).length > 0,
        resize: input.resize,
        failed,
      },
      now,
    ),
    ...(failed ? { reason: failed.reason, message: failed.message } : {}),
    ...(input.hostIPs[0] === undefined ? {} : { hostIP: input.hostIPs[0] }),
    hostIPs: input.hostIPs.map((ip) => ({ ip })),
    ...(podIPs[0] === undefined ? {} : { podIP: podIPs[0].ip, podIPs }),
    startTime: pod.status?.startTime ?? formatTime(now),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    ...resourcesOfPod(input),
    qosClass: pod.status?.qosClass ?? podQOS(pod),
  })
}

// kubelet_pods.go convertToAPIPodLevelResourcesStatus: of the Pod as a whole when it says so itself, else the sum
function resourcesOfPod({ pod, actuatedPod, state }: StatusInput): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  const { resources } = pod.spec
  const requests = [...podRequests(pod)].map(([name, amount]) => [name, amount.toString()] as const)
  const running = state.containers.some(runs)
  return {
    ...(requests.length > 0 ? { allocatedResources: Object.fromEntries(requests) } : {}),
    ...(resources ? { resources: running ? (actuatedPod ?? resources) : resources } : {}),
  }
}

/** The status of a Pod of which nothing has run here, because the node does not take it. */
// pkg/kubelet/kubelet.go rejectPod
export function rejectedStatus(pod: Pod, failed: Waiting, now: number): PodStatus {
  return {
    ...observed(pod),
    phase: 'Failed',
    ...failed,
    startTime: pod.status?.startTime ?? formatTime(now),
    qosClass: pod.status?.qosClass ?? podQOS(pod),
  }
}

function observed({ metadata: { generation } }: Pod): { observedGeneration?: number } {
  return generation === undefined ? {} : { observedGeneration: generation }
}

function finalPhase(input: StatusInput, init: readonly ContainerStatus[], main: readonly ContainerStatus[]): string {
  const before = input.pod.status?.phase
  // a Pod never comes back from its end
  if (before === 'Succeeded' || before === 'Failed') return before
  const running = [...init, ...main].some((one) => one.state?.running)
  if (input.failed && !running) return 'Failed'
  const phase = podPhase(input.pod.spec, init, main, input.ended && !running)
  // it has not ended while a sidecar still runs. pkg/kubelet/status/status_manager.go mergePodStatus
  return running && (phase === 'Succeeded' || phase === 'Failed') ? (before ?? 'Pending') : phase
}

function keptReason(pod: Pod): PodFailure | undefined {
  const { phase, reason, message } = pod.status ?? {}
  return phase === 'Failed' && reason !== undefined ? { reason, message: message ?? '' } : undefined
}

function containerStatus(input: StatusInput, container: Container, kind: ContainerKind): ContainerStatus {
  const { pod, state } = input
  const { name } = container
  const instances = state.containers.filter((one) => one.name === name).toSorted((a, b) => b.attempt - a.attempt)
  const [last, before] = instances
  const waiting = input.waiting.get(name)
  if (!last) {
    const reported = reportedStatus(pod, name, kind)
    if (kind !== 'ephemeral' && reported?.state && !reported.state.waiting && restartsAll(input)) {
      return takenAway(reported)
    }
    return withoutInstance(pod, container, kind, waiting, input.ended)
  }
  const ended = last.state === 'CONTAINER_EXITED'
  // the reason for waiting takes the place of the end that led to it, which becomes the last state
  const shown: ContainerState = waiting && !runs(last) ? { waiting } : stateOf(last, pod)
  const previous = shown.waiting && ended ? last : before
  const started = runs(last) && (!container.startupProbe || input.probes(last.id, 'startup') === 'Success')
  const reported = reportedStatus(pod, name, kind)
  return {
    name,
    state: shown,
    lastState: previous?.state === 'CONTAINER_EXITED' ? stateOf(previous, pod) : (keptLastState(reported) ?? {}),
    ready: isReady(input, container, kind, last, started),
    // an instance that somebody removed still counts
    restartCount: Math.max(last.attempt, reported?.restartCount ?? 0),
    image: last.image,
    imageID: imageId(last),
    containerID: containerId(last),
    ...(kind === 'ephemeral' ? {} : { started: kind === 'init' && !isSidecar(container) ? runs(last) : started }),
    ...(kind === 'main' || isSidecar(container) ? resourcesOf(container, last, input.actuated) : {}),
    ...mountsOf(container),
  }
}

// kubelet_pods.go convertToAPIContainerStatuses: what is read-only is so without what is mounted below it
function mountsOf({ volumeMounts = [] }: Container): Pick<ContainerStatus, 'volumeMounts'> {
  if (volumeMounts.length === 0) return {}
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
    })),
  }
}

// kubelet_pods.go convertContainerStatusResources: what runs has what it was given, what does not will get what is granted
function resourcesOf(
  container: Container,
  last: RuntimeContainer,
  actuated: Allocation['actuated'],
): Partial<ContainerStatus> {
  const granted = container.resources ?? {}
  const { inherited: _, ...given }: Given =
    (runs(last) && Object.hasOwn(actuated, container.name) ? actuated[container.name] : undefined) ?? granted
  const { requests } = granted
  return {
    ...(requests && Object.keys(requests).length > 0 ? { allocatedResources: requests } : {}),
    resources: given,
  }
}

function reportedStatus(pod: Pod, name: string, kind: ContainerKind): ContainerStatus | undefined {
  return pod.status?.[statusLists[kind]]?.find((one) => one.name === name)
}

function runs(container: RuntimeContainer): boolean {
  return container.state === 'CONTAINER_RUNNING'
}

function isReady(
  input: StatusInput,
  container: Container,
  kind: ContainerKind,
  last: RuntimeContainer,
  started: boolean,
): boolean {
  // nobody probes it, and nothing waits for it. pkg/kubelet/prober/prober_manager.go UpdatePodStatus
  if (kind === 'ephemeral') return false
  if (kind === 'init' && !isSidecar(container)) return last.state === 'CONTAINER_EXITED' && last.exitCode === 0
  if (!runs(last) || !started) return false
  return !container.readinessProbe || input.probes(last.id, 'readiness') === 'Success'
}

/** Whether containers are taken away so that the Pod starts again from the beginning, or have just been. */
function restartsAll({ pod, state, ended }: StatusInput): boolean {
  const before = pod.status?.conditions?.find(({ type }) => type === 'AllContainersRestarting')
  return !ended && (before?.status === 'True' || restartCauses(pod, state).length > 0)
}

function takenAway({ name, image, restartCount }: ContainerStatus): ContainerStatus {
  return {
    name,
    state: { waiting: restartingAll },
    lastState: { terminated: { ...restartingAll, exitCode: 137 } },
    ready: false,
    restartCount: restartCount + 1,
    image,
    imageID: '',
    started: false,
  }
}

/** An end that the runtime knows nothing of. */
function keptLastState(reported: ContainerStatus | undefined): ContainerState | undefined {
  const { lastState } = reported ?? {}
  return lastState?.terminated?.reason === restartingAll.reason ? lastState : undefined
}

function withoutInstance(
  pod: Pod,
  container: Container,
  kind: ContainerKind,
  waiting: Waiting | undefined,
  podEnded: boolean,
): ContainerStatus {
  const reported = reportedStatus(pod, container.name, kind)
  if (reported?.state?.terminated && podEnded) return reported
  const status: ContainerStatus = {
    name: container.name,
    state: { waiting: waiting ?? notBegun(pod) },
    lastState: {},
    ready: false,
    restartCount: reported?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
    ...(kind === 'ephemeral' ? {} : { started: false }),
  }
  if (reported?.containerID === undefined) {
    const lastState = keptLastState(reported)
    return lastState ? { ...status, lastState } : status
  }
  // it ran and somebody took it away, so nobody knows how it ended
  const lost: ContainerState = {
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: podEnded
        ? 'The container could not be located when the pod was terminated'
        : 'The container could not be located when the pod was deleted.  The container used to be Running',
    },
  }
  const gone = reported.state?.terminated ? { terminated: reported.state.terminated } : lost
  if (podEnded) return { ...status, state: gone, imageID: reported.imageID, containerID: reported.containerID }
  return { ...status, lastState: gone, restartCount: reported.restartCount }
}

/** What is said of a container that waits for volumes, the sandbox, its turn or its image; what holds it up, events tell. */
// kubelet_pods.go convertToAPIContainerStatuses defaultWaitingState
function notBegun({ spec }: Pod): { reason: string } {
  return { reason: (spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' }
}

/** The state of an instance in the API's form. */
function stateOf(container: RuntimeContainer, pod: Pod): ContainerState {
  if (runs(container)) return { running: { startedAt: formatTime(container.startedAt) } }
  if (container.state !== 'CONTAINER_EXITED') return { waiting: notBegun(pod) }
  return {
    terminated: {
      exitCode: container.exitCode,
      ...(container.signal ? { signal: container.signal } : {}),
      reason: container.reason,
      ...(container.message ? { message: container.message } : {}),
      startedAt: formatTime(container.startedAt),
      finishedAt: formatTime(container.finishedAt),
      containerID: containerId(container),
    },
  }
}

function containerId(container: RuntimeContainer): string {
  return `docker://${container.id}`
}

function imageId(container: RuntimeContainer): string {
  return container.imageRef.includes('@') ? `docker-pullable://${container.imageRef}` : `docker://${container.imageRef}`
}
