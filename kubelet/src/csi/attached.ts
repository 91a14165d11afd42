import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'

export interface AttachedVolumesOptions {
  /** The Node object of this node as it was last seen. */
  node(): Node | undefined
  /** What the node's status says of volumes in use has changed: have it written. */
  changed(): void
  clock: Clock
}

// so long a Pod's worker does nothing else
const patienceMs = 5000

/**
 * The volumes that have to be attached to this node before they can be mounted. The status tells that they are in use, so
 * that nobody detaches them, before anything is done with them.
 */
// pkg/kubelet/volumemanager/volume_manager.go GetVolumesInUse
export class AttachedVolumes {
  readonly #options: AttachedVolumesOptions
  readonly #used = new Set<string>()
  /** On disk from an earlier kubelet; whether they have to be attached only the node's status knows. */
  readonly #left = new Set<string>()
  readonly #waiting = new Set<() => void>()

  constructor(options: AttachedVolumesOptions) {
    this.#options = options
  }

  /** For the node's status, which names those of `before`. */
  inUse(before: readonly string[]): string[] {
    return [...new Set([...this.#used, ...before.filter((name) => this.#left.has(name))])].sort()
  }

  /** The volume is here from an earlier kubelet. */
  found(name: string): void {
    this.#left.add(name)
  }

  /** Says that the volume is in use. Answers whether that is known and the volume is attached; waits a little for it. */
  // operation_generator.go GenerateVerifyControllerAttachedVolumeFunc
  async use(name: string, signal: AbortSignal): Promise<boolean> {
    const { clock, changed } = this.#options
    if (!this.#used.has(name)) {
      this.#used.add(name)
      changed()
    }
    const until = clock.elapsed() + patienceMs
    while (!this.#isAttached(name)) {
      signal.throwIfAborted()
      const left = until - clock.elapsed()
      if (left <= 0) return false
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
      const cancel = clock.timer(left, resolve)
      await promise
      cancel()
      this.#waiting.delete(resolve)
    }
    return true
  }

  /** Nothing of the volume is on the node any more. */
  release(name: string): void {
    const had = this.#used.delete(name)
    if (this.#left.delete(name) || had) this.#options.changed()
  }

  /** The Node object is another than before. */
  nodeChanged(): void {
    for (const wake of this.#waiting) wake()
  }

  #isAttached(name: string): boolean {
    const status = this.#options.node()?.status
    if (!status?.volumesInUse?.includes(name)) return false
    return status.volumesAttached?.some((one) => one.name === name) ?? false
  }
}
