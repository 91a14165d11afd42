// Changes of what a running Pod's containers may use: what is wanted (spec), what the node has granted (allocated), and
// what the containers have (actuated). Pure functions. pkg/kubelet/allocation, kuberuntime_manager.go computePodResizeAction
import type { Container, Pod, PodCondition, ResourceRequirements } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'
import { isSidecar, newest, type PodRuntimeState } from './model.ts'
import type { Waiting } from './sync.ts'

/** Resources by container name. */
export type Resources = Readonly<Record<string, ResourceRequirements>>

/** What the node has granted to a Pod, and what its containers were last given. */
export interface Allocation {
  allocated: Resources
  actuated: Resources
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
export function withAllocated(pod: Pod, allocated: Resources | undefined): Pod {
  if (!allocated || !wantsResize(pod, allocated)) return pod
  const granted = (container: Container): Container => {
    const resources = Object.hasOwn(allocated, container.name) ? allocated[container.name] : undefined
    return resources ? { ...container, resources } : container
  }
  const { spec } = pod
  const init = spec.initContainers && { initContainers: spec.initContainers.map(granted) }
  return { ...pod, spec: { ...spec, ...init, containers: spec.containers.map(granted) } }
}

/** Whether the Pod wants something else than it was granted. */
export function wantsResize(pod: Pod, allocated: Resources): boolean {
  return resizable(pod).some(({ name, resources }) => changed(allocated[name], resources).length > 0)
}

/** How a running container comes to what was granted: in place, or by a restart. */
export type ResizeAction = 'update' | 'restart'

/** The running containers that have something else than was granted. `pod` has what was granted. */
export function resizeActions(pod: Pod, state: PodRuntimeState, actuated: Resources): Map<string, ResizeAction> {
  const actions = new Map<string, ResizeAction>()
  for (const { name, resources, resizePolicy } of resizable(pod)) {
    if (newest(state, name)?.state !== 'CONTAINER_RUNNING' || !Object.hasOwn(actuated, name)) continue
    const changes = changed(actuated[name], resources)
    if (changes.length === 0) continue
    const restart = resizePolicy?.some(
      ({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changes.includes(resourceName),
    )
    actions.set(name, restart ? 'restart' : 'update')
  }
  return actions
}

const mutable = ['cpu', 'memory']

function changed(before: ResourceRequirements | undefined, after: ResourceRequirements | undefined): string[] {
  const differ = (a: string | undefined, b: string | undefined): boolean =>
    a === undefined || b === undefined ? a !== b : parseQuantity(a).cmp(parseQuantity(b)) !== 0
  return mutable.filter(
    (name) =>
      differ(before?.requests?.[name], after?.requests?.[name]) ||
      differ(before?.limits?.[name], after?.limits?.[name]),
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
  const { initContainers = [], containers } = pod.spec
  const summary = {
    ...(initContainers.length > 0 ? { initContainers: list(initContainers) } : {}),
    containers: list(containers),
    generation,
    ...(error === undefined ? {} : { error }),
  }
  return `Pod resize ${what}: ${JSON.stringify(summary)}`
}
