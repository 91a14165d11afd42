import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { linuxResources } from '../containers/resources.ts'
import type { PodDeps } from './deps.ts'
import { shared, type PodRuntimeState, type StartFailure } from './model.ts'
import {
  resizable,
  resizeActions,
  resizeMessage,
  wantedResources,
  wantsResize,
  withAllocated,
  type ResizeAction,
  type Resources,
} from './resize.ts'
import type { Waiting } from './sync.ts'

/** How long after a resize was deferred or failed it is tried again. */
export const resizeRetryMs = 10_000

/** Brings one Pod's containers to the resources it wants, as far as the node can grant them. */
export class PodResizer {
  readonly #deps: PodDeps
  readonly #uid: string
  readonly #failures: Map<string, StartFailure>
  readonly #refusal: (pod: Pod) => Waiting | undefined
  #pending: Waiting | undefined
  #goesOn = false

  /**
   * @param failures where a failed attempt is noted, under `shared.resize`
   * @param refusal says why the node cannot grant what a Pod wants
   */
  constructor(
    deps: PodDeps,
    uid: string,
    failures: Map<string, StartFailure>,
    refusal: (pod: Pod) => Waiting | undefined,
  ) {
    this.#deps = deps
    this.#uid = uid
    this.#failures = failures
    this.#refusal = refusal
  }

  /** Why the node does not grant what the Pod wants. */
  get pending(): Waiting | undefined {
    return this.#pending
  }

  /** What its containers have. */
  get actuated(): Resources {
    return this.#deps.allocations.get(this.#uid)?.actuated ?? {}
  }

  /** The Pod as it was granted. */
  granted(pod: Pod): Pod {
    return withAllocated(pod, this.#deps.allocations.get(this.#uid)?.allocated)
  }

  /** Grants the Pod what it wants, if the node can, and answers the Pod as it is granted. */
  // pkg/kubelet/allocation/allocation_manager.go handlePodResourcesResize
  async grant(pod: Pod): Promise<Pod> {
    const { allocations, recorder } = this.#deps
    const wanted = wantedResources(pod)
    const before = allocations.get(this.#uid)
    // its containers will start with that
    if (!before) await allocations.set(this.#uid, { allocated: wanted, actuated: wanted })
    if (!before || !wantsResize(pod, before.allocated)) {
      this.#pending = undefined
      return pod
    }
    const refusal = this.#refusal(pod)
    if (refusal) {
      const { reason, message } = refusal
      if (reason !== this.#pending?.reason || message !== this.#pending.message) {
        recorder.event(pod, 'Warning', `Resize${reason}`, resizeMessage(reason, pod, message))
      }
      this.#pending = refusal
      return withAllocated(pod, before.allocated)
    }
    this.#pending = undefined
    this.#failures.delete(shared.resize)
    await allocations.set(this.#uid, { allocated: wanted })
    recorder.event(pod, 'Normal', 'ResizeStarted', resizeMessage('started', pod))
    this.#goesOn = true
    return pod
  }

  /** What is left to do for running containers; tells of the end when nothing is. */
  actions(pod: Pod, state: PodRuntimeState): Map<string, ResizeAction> {
    const actions = resizeActions(pod, state, this.actuated)
    if (this.#goesOn && actions.size === 0) {
      this.#deps.recorder.event(pod, 'Normal', 'ResizeCompleted', resizeMessage('completed', pod))
      this.#failures.delete(shared.resize)
    }
    this.#goesOn = actions.size > 0
    return actions
  }

  /** A container is about to start with what it is granted. */
  async starts(pod: Pod, container: Container): Promise<void> {
    if (!resizable(pod).includes(container)) return
    await this.#deps.allocations.set(this.#uid, { actuated: { [container.name]: container.resources ?? {} } })
  }

  /** Gives a running container what it is granted; what goes wrong is noted for the next attempt. */
  async resize(pod: Pod, id: string, name: string): Promise<void> {
    const { runtime, allocations, recorder, clock, lifetime, node } = this.#deps
    const container = resizable(pod).find((one) => one.name === name)
    if (!container) return
    try {
      const resources = linuxResources(pod, container, node.memoryBytes)
      await this.#checkMemory(id, name, resources.memoryLimit)
      await runtime.updateContainerResources(id, resources, lifetime)
      await allocations.set(this.#uid, { actuated: { [name]: container.resources ?? {} } })
      this.#failures.delete(shared.resize)
    } catch (error) {
      lifetime.throwIfAborted()
      const message = error instanceof Error ? error.message : String(error)
      if (this.#failures.get(shared.resize)?.message !== message) {
        recorder.event(pod, 'Warning', 'ResizeError', resizeMessage('error', pod, message))
      }
      this.#failures.set(shared.resize, { reason: 'Error', message, retryAt: clock.now() + resizeRetryMs })
    }
  }

  /** Throws when a container uses more memory than its new limit: the kernel would end it. 0 is no limit. */
  // pkg/kubelet/kuberuntime/kuberuntime_manager.go validateMemoryResizeAction
  async #checkMemory(id: string, name: string, limit: number): Promise<void> {
    const { runtime, lifetime } = this.#deps
    if (limit === 0) return
    const all = await runtime.containerStats({ podUid: this.#uid }, lifetime)
    const usage = all.find((one) => one.containerId === id)?.memoryUsageBytes ?? 0
    if (usage > limit) {
      throw new Error(`attempting to set container "${name}" memory limit (${limit}) below current usage (${usage})`)
    }
  }
}
