import { containerShouldRestart, restartRuleFor } from '@kubets/shared/api/pod.ts'
import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus, PodSandboxStatus } from '../runtime/types.ts'

/** What the runtime has of one Pod. Both lists begin with the newest. */
export interface PodRuntimeState {
  sandboxes: readonly PodSandboxStatus[]
  containers: readonly ContainerStatus[]
}

export type ProbeKind = 'liveness' | 'readiness' | 'startup'
export type ProbeResult = 'Success' | 'Failure' | 'Unknown'

/** Last settled result of a container's probe; undefined when there is none (no such probe, or no result yet). */
export type ProbeResults = (containerId: string, kind: ProbeKind) => ProbeResult | undefined

/** Why a container could not be started lately, and from when it may be tried again, in the clock's elapsed time. */
export interface StartFailure {
  reason: string
  message: string
  retryAt: number
  /** For pulls: from when the reason is ImagePullBackOff, and with which message. */
  backOffAt?: number
  backOffMessage?: string
  /** For pulls: the back-off, from which the next one follows. */
  pullSeconds?: number
  /** The image that the container was to have. */
  image?: string
}

/** Why the kubelet ended a Pod, which has failed then. */
export interface PodFailure {
  reason: string
  message: string
  /** Set when it was not the Pod's fault: what its condition DisruptionTarget says. */
  disruption?: string
}

/** By container name, or by one of the keys of `shared`. */
export type StartFailures = ReadonlyMap<string, StartFailure>

/** Why this container could not be started lately; with another image it is another one. */
// pkg/kubelet/images/image_manager.go EnsureImageExists, kuberuntime_manager.go getStableKey: their back-offs' keys
export function failureOf(failures: StartFailures, { name, image }: Container): StartFailure | undefined {
  const failure = failures.get(name)
  return failure && (failure.image ?? image) === image ? failure : undefined
}

/** The failures with times since the epoch, which is so far ahead of elapsed time. */
export function inWallTime(failures: StartFailures, aheadMs: number): StartFailures {
  return new Map(
    [...failures].map(([name, failure]) => {
      const { retryAt, backOffAt } = failure
      const moved = { ...failure, retryAt: retryAt + aheadMs }
      return [name, backOffAt === undefined ? moved : { ...moved, backOffAt: backOffAt + aheadMs }]
    }),
  )
}

/** Failures of what all containers of a Pod need; no container can have such a name. */
export const shared = { sandbox: '/sandbox', volumes: '/volumes', resize: '/resize' } as const

/** Labels of our containers beyond those of the runtime. */
export const keys = {
  /** Seconds a restart has to wait when the container ends. */
  backOff: 'kubets.back-off',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  /** Of a sandbox: the runtime it was given to, by its name there. */
  runtimeHandler: 'kubets.runtime-handler',
  gracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
} as const

/** The container of the Pod with that name, of whatever kind. */
export function specOf({ spec }: Pod, name: string): Container | undefined {
  const all = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  return all.find((one) => one.name === name)
}

/** True for an init container that keeps running beside the others (a sidecar). */
// pkg/kubelet/container/helpers.go / podutil.IsRestartableInitContainer
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/** The newest container of that name, of whichever sandbox. */
export function newest(state: PodRuntimeState, name: string, sandboxId?: string): ContainerStatus | undefined {
  let best: ContainerStatus | undefined
  for (const one of state.containers) {
    if (one.name !== name || (sandboxId !== undefined && one.sandboxId !== sandboxId)) continue
    if (!best || one.attempt > best.attempt || (one.attempt === best.attempt && one.createdAt > best.createdAt)) {
      best = one
    }
  }
  return best
}

/** The containers that run, of whichever sandbox. */
export function runningContainers({ containers }: PodRuntimeState): ContainerStatus[] {
  return containers.filter((one) => one.state === 'CONTAINER_RUNNING')
}

/** The sandbox that runs, if any. */
export function readySandbox(state: PodRuntimeState): PodSandboxStatus | undefined {
  return state.sandboxes.find((one) => one.state === 'SANDBOX_READY')
}

/** Whether its rules or the policy want this ended container to be started again. */
// pkg/kubelet/container/helpers.go ShouldContainerBeRestarted
export function shouldRestart({ spec }: Pod, container: Container, { exitCode }: ContainerStatus): boolean {
  return containerShouldRestart(container, spec, exitCode)
}

const restartAll = 'RestartAllContainers'

/** The ends of containers whose rules want that the whole Pod starts again. */
// pkg/kubelet/container/helpers.go ShouldAllContainersRestart
export function restartCauses({ spec }: Pod, state: PodRuntimeState): ContainerStatus[] {
  return [...(spec.initContainers ?? []), ...spec.containers].flatMap((container) => {
    const last = newest(state, container.name)
    const ended = last?.state === 'CONTAINER_EXITED'
    return ended && restartRuleFor(container, last.exitCode) === restartAll ? [last] : []
  })
}

/** Whether a container of the Pod may ever want that. component-helpers/pods/util.go AllContainersCouldRestart */
export function couldRestartAll({ spec }: Pod): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === restartAll),
  )
}

/** What is said of a container that was taken away so that the whole Pod starts again. */
// pkg/kubelet/kubelet_pods.go convertToAPIContainerStatuses
export const restartingAll = {
  reason: 'RestartingAllContainers',
  message: 'The container is removed because RestartAllContainers in place',
} as const

/** True when a container of the spec was the application's (not an init container) and exists in the sandbox. */
export function mainContainersBegan(pod: Pod, state: PodRuntimeState, sandboxId: string): boolean {
  return pod.spec.containers.some((container) => newest(state, container.name, sandboxId) !== undefined)
}

/** "name_namespace(uid)", as upstream's messages name a Pod. */
// pkg/kubelet/util/format/pod.go Pod
export function formatPod(pod: Pod): string {
  return `${pod.metadata.name ?? ''}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`
}
