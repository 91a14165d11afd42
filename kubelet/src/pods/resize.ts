// Changes of what a running Pod's containers may use: what is wanted (spec), what the node has granted (allocated), and
// what the containers have (actuated). Pure functions. pkg/kubelet/allocation, kuberuntime_manager.go computePodResizeAction
import type { Container, Pod, PodCondition, ResourceRequirements } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { isSidecar, newest, type PodRuntimeState } from './model.ts'
import type { Waiting } from './sync.ts'

/** Resources by container name. */
export type Resources = Readonly<Record<string, ResourceRequirements>>

/** What a container was given: its own resources, and the limits of the Pod as a whole where it has none. */
export interface Given extends ResourceRequirements {
  inherited?: Record<string, string>
}

/** What the node has granted to a Pod, and what its containers were last given. */
export interface Allocation {
  allocated: Resources
  actuated: Readonly<Record<string, Given>>
  /** The same for the Pod as a whole; absent when its containers alone say what it needs. */
  allocatedPod?: ResourceRequirements
  actuatedPod?: ResourceRequirements
}

/** What a container of the Pod is given. */
// kuberuntime_container_linux.go getCPULimit, getMemoryLimit
export function givenTo({ spec }: Pod, { resources }: Container): Given {
  const ofPod = Object.entries(spec.resources?.limits ?? {})
  const inherited = ofPod.filter(([name]) => mutable.includes(name) && resources?.limits?.[name] === undefined)
  return { ...resources, ...(inherited.length > 0 ? { inherited: Object.fromEntries(inherited) } : {}) }
}

/** The containers that can be resized: all but init containers that end. */
export function resizable({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers]
}

/** What the Pod's spec wants. */
export function wantedResources(pod: Pod): Resources {
  return Object.fromEntries(resizable(pod).map(({ name, resources }) => [name, resources ?? {}]))
}

/** The Pod with the resources it was granted in place of those it wants. */
// allocation_manager.go UpdatePodFromAllocation
export function withAllocated(pod: Pod, allocation: Pick<Allocation, 'allocated' | 'allocatedPod'> | undefined): Pod {
  if (!allocation || !wantsResize(pod, allocation)) return pod
  const { allocated, allocatedPod } = allocation
  const granted = (container: Container): Container => {
    const resources = Object.hasOwn(allocated, container.name) ? allocated[container.name] : undefined
    return resources ? { ...container, resources } : container
  }
  const { resources: _, ...spec } = pod.spec
  const init = spec.initContainers && { initContainers: spec.initContainers.map(granted) }
  const ofPod = allocatedPod && { resources: allocatedPod }
  return { ...pod, spec: { ...spec, ...ofPod, ...init, containers: spec.containers.map(granted) } }
}

/** Whether the Pod wants something else than it was granted. */
export function wantsResize(pod: Pod, allocation: Pick<Allocation, 'allocated' | 'allocatedPod'>): boolean {
  const { allocated, allocatedPod } = allocation
  if (changed(allocatedPod, pod.spec.resources).length > 0) return true
  return resizable(pod).some(({ name, resources }) => changed(allocated[name], resources).length > 0)
}

/** How a running container comes to what was granted: in place, or by a restart. */
export type ResizeAction = 'update' | 'restart'

/** The running containers that have something else than was granted. `pod` has what was granted. */
export function resizeActions(
  pod: Pod,
  state: PodRuntimeState,
  actuated: Allocation['actuated'],
): Map<string, ResizeAction> {
  const actions = new Map<string, ResizeAction>()
  for (const container of resizable(pod)) {
    const { name, resizePolicy } = container
    if (newest(state, name)?.state !== 'CONTAINER_RUNNING' || !Object.hasOwn(actuated, name)) continue
    const changes = changed(actuated[name], givenTo(pod, container))
    if (changes.length === 0) continue
    const restart = resizePolicy?.some(
      ({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changes.includes(resourceName),
    )
    actions.set(name, restart ? 'restart' : 'update')
  }
  return actions
}

const mutable = ['cpu', 'memory']

function changed(before: Given | undefined, after: Given | undefined): string[] {
  const differ = (a: string | undefined, b: string | undefined): boolean =>
    a === undefined || b === undefined ? a !== b : parseQuantity(a).cmp(parseQuantity(b)) !== 0
  const limit = (of: Given | undefined, name: string): string | undefined => of?.limits?.[name] ?? of?.inherited?.[name]
  return mutable.filter(
    (name) =>
      differ(before?.requests?.[name], after?.requests?.[name]) || differ(limit(before, name), limit(after, name)),
  )
}

/** What a Pod's status says of a resize: why it waits, or that it goes on, and what troubles it. */
export interface ResizeStatus {
  pending: Waiting | undefined
  inProgress: { error: string | undefined } | undefined
}

export const noResize: ResizeStatus = { pending: undefined, inProgress: undefined }

/** The conditions of a resize, without their times; there are none when there is none. */
export function resizeClaims({
  pending,
  inProgress,
}: ResizeStatus): Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[] {
  const error = inProgress?.error
  return [
    ...(pending ? [{ type: 'PodResizePending', status: 'True', ...pending }] : []),
    ...(inProgress
      ? [
          {
            type: 'PodResizeInProgress',
            status: 'True',
            ...(error === undefined ? {} : { reason: 'Error', message: error }),
          },
        ]
      : []),
  ]
}

/** What events of a resize say. pkg/kubelet/events/event.go PodResizeStartedMsg and its siblings */
export function resizeMessage(what: string, pod: Pod, error?: string): string {
  const { generation } = pod.metadata
  const list = (all: readonly Container[]) => all.map(({ name, resources }) => ({ name, resources: resources ?? {} }))
  const { initContainers = [], containers, resources } = pod.spec
  const summary = {
    ...(resources ? { resources } : {}),
    ...(initContainers.length > 0 ? { initContainers: list(initContainers) } : {}),
    containers: list(containers),
    generation,
    ...(error === undefined ? {} : { error }),
  }
  return `Pod resize ${what}: ${JSON.stringify(summary)}`
}
