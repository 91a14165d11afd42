import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus } from '../runtime/types.ts'
import type { PodDeps } from './deps.ts'
import { GraceKeeper } from './grace.ts'
import { killContainer, prepareToKill } from './kill-container.ts'
import { formatPod, readySandbox, runningContainers, type PodRuntimeState } from './model.ts'
import { addressesOf } from './sandbox.ts'

/** Which containers are to end, and how. */
interface Kill {
  ids: readonly string[]
  graceSeconds: number
  /** What is said of it. */
  message: string | undefined
}

/** Ends containers of one Pod. What is called here rejects with the runtime's error, or when it is interrupted. */
// pkg/kubelet/kuberuntime/kuberuntime_container.go killContainersWithSyncResult
export class ContainerKiller {
  readonly #deps: PodDeps
  readonly #grace: GraceKeeper
  /** By the ids of containers: what comes before they end, where that has begun. */
  readonly #prepared = new Map<string, Promise<void>>()

  constructor(deps: PodDeps, uid: string) {
    this.#deps = deps
    this.#grace = new GraceKeeper(deps.volumes.podDir(uid))
  }

  /** What was under way has been broken off: it begins anew. */
  interrupted(): void {
    this.#prepared.clear()
  }

  /** Ends these, of a Pod of which others may go on. */
  async kill(pod: Pod, state: PodRuntimeState, kill: Kill, interrupt: AbortSignal): Promise<void> {
    const now = runningContainers(state).filter((one) => kill.ids.includes(one.id))
    await Promise.all(
      now.map((one) => {
        const prepared = this.#prepared.get(one.id) ?? this.#prepare(pod, state, one, kill, interrupt)
        return killContainer(this.#deps, one, kill.graceSeconds, prepared, interrupt)
      }),
    )
  }

  /** Ends those whose turn it is, of a Pod of which all end, with what is left of its grace. */
  async killAll(pod: Pod, state: PodRuntimeState, kill: Kill, interrupt: AbortSignal): Promise<void> {
    const left = { ...kill, graceSeconds: await this.#graceLeft(pod, kill.graceSeconds) }
    // sidecars end later, but hear of it when the others do
    for (const one of runningContainers(state)) {
      if (this.#prepared.has(one.id)) continue
      const prepared = this.#prepare(pod, state, one, left, interrupt)
      prepared.catch(() => undefined)
      this.#prepared.set(one.id, prepared)
    }
    await this.kill(pod, state, left, interrupt)
  }

  #prepare(
    pod: Pod,
    state: PodRuntimeState,
    one: ContainerStatus,
    { graceSeconds, message }: Kill,
    interrupt: AbortSignal,
  ): Promise<void> {
    const podIP = addressesOf(this.#deps, readySandbox(state)).podIPs[0] ?? ''
    return prepareToKill(this.#deps, pod, one, graceSeconds, message, podIP, interrupt)
  }

  /** What is left of the grace of a Pod that ends; none where all of it only starts again. */
  async #graceLeft(pod: Pod, graceSeconds: number): Promise<number> {
    if (graceSeconds === 0) return 0
    try {
      return await this.#grace.left(graceSeconds, this.#deps.clock)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.#deps.log.warn({ pod: formatPod(pod), error: text }, 'the end of its grace could not be written down')
      return graceSeconds
    }
  }
}
