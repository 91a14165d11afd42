import type { WorkQueue } from '@kubets/shared/client/workqueue.ts'

/** Every request has its time limit, so that a key that takes longer than all of some hundreds together has no way on. */
const stuckMs = 15 * 60_000

/** How the controllers are, by name, for /healthz: that one is dead, or which key one is stuck on. */
// controller-manager/pkg/healthz, cmd/kube-controller-manager/app/controllermanager.go StartControllers
export class ControllerHealth {
  readonly #controllers = new Map<string, readonly WorkQueue[]>()
  readonly #ended = new Set<string>()

  /** It works, on these queues. */
  started(name: string, queues: readonly WorkQueue[]): void {
    this.#controllers.set(name, queues)
  }

  /** It works no more. */
  ended(name: string): void {
    this.#ended.add(name)
  }

  /** Forgets all: the leadership is another one. */
  clear(): void {
    this.#controllers.clear()
    this.#ended.clear()
  }

  /** A check for each of these controllers: what is wrong with it, or undefined; one that waits for its turn to lead is well. */
  checks(names: readonly string[]): Record<string, () => string | undefined> {
    return Object.fromEntries(names.map((name) => [name, () => this.#problemOf(name)]))
  }

  #problemOf(name: string): string | undefined {
    if (this.#ended.has(name)) return 'it has ended'
    for (const { longest } of this.#controllers.get(name) ?? []) {
      if (longest && longest.ms >= stuckMs)
        return `it has been busy with ${longest.key} for ${Math.floor(longest.ms / 1000)} s`
    }
    return undefined
  }
}
