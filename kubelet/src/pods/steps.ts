import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDeps } from './deps.ts'
import { ContainerKiller } from './killer.ts'
import {
  failureOf,
  readySandbox,
  shared,
  specOf,
  type PodFailure,
  type PodRuntimeState,
  type StartFailure,
} from './model.ts'
import type { PodVolumes } from './pod-volumes.ts'
import type { PodResizer } from './resizer.ts'
import { addressesOf, runSandbox, sandboxFailure } from './sandbox.ts'
import { startContainer, StartError } from './start-container.ts'
import type { Step, StepOf } from './sync.ts'

export interface StepParts {
  volumes: PodVolumes
  resizer: PodResizer
  /** What could not be started lately: where a step notes that it failed, or that it no longer does. */
  failures: Map<string, StartFailure>
  /** Hears why the Pod cannot stay on the node. */
  cannotStay(why: PodFailure): void
}

/**
 * Does the steps of one Pod that sync.ts names. What fails and is to be tried again is noted among the failures; what
 * rejects is the runtime's error, or why it was interrupted.
 */
export class PodSteps {
  readonly #deps: PodDeps
  readonly #uid: string
  readonly #parts: StepParts
  readonly #killer: ContainerKiller

  constructor(deps: PodDeps, uid: string, parts: StepParts) {
    this.#deps = deps
    this.#uid = uid
    this.#parts = parts
    this.#killer = new ContainerKiller(deps, uid)
  }

  /** The step that was under way has been broken off. */
  interrupted(): void {
    this.#killer.interrupted()
  }

  /** Does a step, for the Pod of which the runtime has this. `interrupt` ends what waits, but nothing half way. */
  async do(step: Step, pod: Pod, state: PodRuntimeState, interrupt: AbortSignal): Promise<void> {
    const { runtime, lifetime } = this.#deps
    switch (step.kind) {
      case 'mountVolumes':
        return this.#mountVolumes(pod, state, interrupt)
      case 'runSandbox':
        return this.#runSandbox(pod, step.attempt, interrupt)
      case 'stopSandbox':
        return runtime.stopPodSandbox(step.id, lifetime)
      case 'startContainer':
        return this.#startContainer(pod, state, step, interrupt)
      case 'resizeContainer':
        return this.#parts.resizer.resize(pod, step.id, step.name)
      case 'killContainer':
        return this.#killer.kill(pod, state, { ...step, ids: [step.id] }, interrupt)
      case 'killAll':
        return this.#killer.killAll(pod, state, step, interrupt)
      case 'removeContainer':
        return runtime.removeContainer(step.id, lifetime)
      case 'unmountVolumes':
        return this.#unmountVolumes()
      case 'finish':
        return this.#removeAll(state)
    }
  }

  async #mountVolumes(pod: Pod, state: PodRuntimeState, interrupt: AbortSignal): Promise<void> {
    const { volumes, failures, cannotStay } = this.#parts
    const addresses = addressesOf(this.#deps, readySandbox(state))
    const { failure, rejected } = await volumes.mount(pod, addresses, interrupt)
    if (rejected !== undefined) cannotStay(rejected)
    if (failure === undefined) failures.delete(shared.volumes)
    else failures.set(shared.volumes, failure)
  }

  async #runSandbox(pod: Pod, attempt: number, interrupt: AbortSignal): Promise<void> {
    const { recorder, clock, lifetime, metrics } = this.#deps
    const { failures } = this.#parts
    if (attempt > 0) {
      recorder.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    }
    try {
      await runSandbox(this.#deps, pod, attempt, interrupt, lifetime)
      metrics.sandbox(false)
      failures.delete(shared.sandbox)
    } catch (error) {
      interrupt.throwIfAborted()
      const { reason, message, waitMs } = sandboxFailure(error)
      recorder.event(pod, 'Warning', reason, message)
      metrics.sandbox(true)
      failures.set(shared.sandbox, { reason, message, retryAt: clock.elapsed() + waitMs })
    }
  }

  async #startContainer(
    pod: Pod,
    state: PodRuntimeState,
    step: StepOf<'startContainer'>,
    interrupt: AbortSignal,
  ): Promise<void> {
    const { resizer, failures } = this.#parts
    const { metrics } = this.#deps
    const container = specOf(pod, step.name)
    const sandbox = state.sandboxes.find((one) => one.id === step.sandboxId)
    if (!container || !sandbox) return
    await resizer.starts(pod, container)
    try {
      const before = failureOf(failures, container)
      await startContainer(this.#deps, pod, container, step, state, sandbox, before, interrupt)
      failures.delete(step.name)
      metrics.container(step.containerKind, undefined)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      metrics.container(step.containerKind, error.failure.reason)
      const { image } = container
      failures.set(step.name, image === undefined ? error.failure : { ...error.failure, image })
    }
  }

  // pkg/kubelet/kubelet.go SyncTerminatedPod; the volumes last, as only they are remembered to be gone
  async #unmountVolumes(): Promise<void> {
    const { cgroups, lifetime } = this.#deps
    await cgroups.remove(this.#uid, lifetime)
    await this.#parts.volumes.unmount(this.#uid, lifetime)
  }

  async #removeAll(state: PodRuntimeState): Promise<void> {
    const { runtime, volumes, cgroups, allocations, lifetime } = this.#deps
    await Promise.all(state.containers.map((one) => runtime.removeContainer(one.id, lifetime)))
    await Promise.all(state.sandboxes.map((one) => runtime.removePodSandbox(one.id, lifetime)))
    // the folder tells of the Pod: it goes last
    await cgroups.remove(this.#uid, lifetime)
    await volumes.removePod(this.#uid, lifetime)
    allocations.forget(this.#uid)
  }
}
