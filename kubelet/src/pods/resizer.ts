import type { Container, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { CgroupSettings } from '../cgroups/settings.ts'
import { linuxResources } from '../containers/resources.ts'
import type { PodDeps } from './deps.ts'
import { newest, shared, type PodRuntimeState, type StartFailure } from './model.ts'
import {
  givenTo,
  resizable,
  resizeActions,
  resizeMessage,
  wantedResources,
  wantsResize,
  withAllocated,
  type Allocation,
  type ResizeAction,
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
  /** Whether the Pod as a whole has what it is granted; after a start of the kubelet nobody knows. */
  #settled = false

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

  /** What its containers, and the Pod as a whole, have. */
  get actuated(): Pick<Allocation, 'actuated' | 'actuatedPod'> {
    return this.#deps.allocations.get(this.#uid) ?? { actuated: {} }
  }

  /** Whether there is something left to do, and when it is tried again if it went wrong. */
  get inProgress(): { retryAt: number | undefined } | undefined {
    return this.#goesOn ? { retryAt: this.#failures.get(shared.resize)?.retryAt } : undefined
  }

  /** Grants the Pod what it wants, if the node can, and answers the Pod as it is granted. */
  // pkg/kubelet/allocation/allocation_manager.go handlePodResourcesResize
  async grant(pod: Pod): Promise<Pod> {
    const { allocations, recorder } = this.#deps
    const wanted = wantedResources(pod)
    const before = allocations.get(this.#uid)
    const ofPod = pod.spec.resources
    const allocatedPod = ofPod && { allocatedPod: ofPod }
    if (!before) {
      // its containers will start with that
      const actuated = Object.fromEntries(resizable(pod).map((one) => [one.name, givenTo(pod, one)]))
      const actuatedPod = ofPod && { actuatedPod: ofPod }
      await allocations.set(this.#uid, { allocated: wanted, actuated, ...allocatedPod, ...actuatedPod })
    }
    if (!before || !wantsResize(pod, before)) {
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
      return withAllocated(pod, before)
    }
    this.#pending = undefined
    this.#failures.delete(shared.resize)
    await allocations.set(this.#uid, { allocated: wanted, ...allocatedPod })
    recorder.event(pod, 'Normal', 'ResizeStarted', resizeMessage('started', pod))
    this.#goesOn = true
    this.#settled = false
    return pod
  }

  /**
   * What is left to do for running containers; tells of the end when nothing is. The Pod as a whole is given more before
   * they are, and less when they have less; what goes wrong with that is noted for the next attempt.
   */
  // kuberuntime_manager.go doPodResizeAction
  async actions(pod: Pod, state: PodRuntimeState): Promise<Map<string, ResizeAction>> {
    const actions = resizeActions(pod, state, this.actuated.actuated)
    const { clock, cgroups, lifetime, recorder } = this.#deps
    if (actions.size > 0) this.#settled = false
    if (!this.#settled && clock.elapsed() >= (this.#failures.get(shared.resize)?.retryAt ?? 0)) {
      try {
        const changes = await cgroups.changes(pod)
        this.#goesOn ||= changes !== undefined && Object.keys({ ...changes.before, ...changes.after }).length > 0
        await this.#checkMemory(pod, state, actions, changes?.after.memoryLimit)
        if (changes) await cgroups.set(pod, changes.before)
        if (actions.size === 0) await this.#settle(pod, changes?.after ?? {})
      } catch (error) {
        lifetime.throwIfAborted()
        this.#goesOn = true
        this.#fail(pod, error)
      }
    }
    if (this.#goesOn && actions.size === 0 && this.#settled) {
      recorder.event(pod, 'Normal', 'ResizeCompleted', resizeMessage('completed', pod))
      this.#failures.delete(shared.resize)
    }
    this.#goesOn = actions.size > 0 || (this.#goesOn && !this.#settled)
    return actions
  }

  /** Its containers have what they are granted: now the Pod has no more than that. */
  async #settle(pod: Pod, less: CgroupSettings): Promise<void> {
    const { cgroups, allocations, lifetime } = this.#deps
    await cgroups.set(pod, less)
    const actuatedPod = pod.spec.resources
    if (actuatedPod) await allocations.set(this.#uid, { actuatedPod })
    this.#settled = true
    if (this.#goesOn) await cgroups.refresh(lifetime)
  }

  /** A container is about to start with what it is granted. */
  async starts(pod: Pod, container: Container): Promise<void> {
    if (!resizable(pod).includes(container)) return
    await this.#deps.allocations.set(this.#uid, { actuated: { [container.name]: givenTo(pod, container) } })
  }

  /** Gives a running container what it is granted; what goes wrong is noted for the next attempt. */
  async resize(pod: Pod, id: string, name: string): Promise<void> {
    const { runtime, allocations, lifetime, node, cpus } = this.#deps
    const container = resizable(pod).find((one) => one.name === name)
    if (!container) return
    const alone = cpus.exclusive(this.#uid, name).size > 0
    try {
      await runtime.updateContainerResources(id, linuxResources(pod, container, node.memoryBytes, alone), lifetime)
      await allocations.set(this.#uid, { actuated: { [name]: givenTo(pod, container) } })
      this.#failures.delete(shared.resize)
    } catch (error) {
      lifetime.throwIfAborted()
      this.#fail(pod, error)
    }
  }

  #fail(pod: Pod, error: unknown): void {
    const { recorder, clock } = this.#deps
    const message = error instanceof Error ? error.message : String(error)
    if (this.#failures.get(shared.resize)?.message !== message) {
      recorder.event(pod, 'Warning', 'ResizeError', resizeMessage('error', pod, message))
    }
    this.#failures.set(shared.resize, { reason: 'Error', message, retryAt: clock.elapsed() + resizeRetryMs })
  }

  /** Throws when the Pod or a container uses more memory than its new limit: the kernel would end it. */
  // kuberuntime_manager.go validateMemoryResizeAction
  async #checkMemory(
    pod: Pod,
    state: PodRuntimeState,
    actions: ReadonlyMap<string, ResizeAction>,
    podLimit: number | undefined,
  ): Promise<void> {
    const { runtime, cgroups, lifetime, node } = this.#deps
    const problems: string[] = []
    const check = (what: string, limit: number, usage: number): void => {
      if (usage <= limit) return
      problems.push(`attempting to set ${what} memory limit (${limit}) below current usage (${usage})`)
    }
    if (podLimit !== undefined) check('pod', podLimit, await cgroups.memoryUsage(pod))
    const updated = resizable(pod).filter(({ name }) => actions.get(name) === 'update')
    const all = updated.length > 0 ? await runtime.containerStats({ podUid: this.#uid }, lifetime) : []
    for (const container of updated) {
      const { memoryLimit } = linuxResources(pod, container, node.memoryBytes)
      const id = newest(state, container.name)?.id
      const usage = all.find((one) => one.containerId === id)?.memoryUsageBytes ?? 0
      if (memoryLimit > 0) check(`container "${container.name}"`, memoryLimit, usage)
    }
    if (problems.length === 0) return
    const list = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
    throw new Error(`cannot decrease memory limits: ${list}`)
  }
}
