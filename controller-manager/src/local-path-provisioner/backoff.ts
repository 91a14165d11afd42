// sig-storage-lib-external-provisioner controller/controller.go NewProvisionController
const baseMs = 15_000
const maxMs = 1_000_000

/** How long volumes wait after failures. Unlike a queue's, it lasts over the steps of a try that go well. */
export class Backoff {
  readonly #waits = new Map<string, { readonly failures: number; readonly until: number }>()

  /** Counts a failure; returns how long to wait. */
  failed(key: string, now: number): number {
    const failures = (this.#waits.get(key)?.failures ?? 0) + 1
    const ms = Math.min(baseMs * 2 ** (failures - 1), maxMs)
    this.#waits.set(key, { failures, until: now + ms })
    return ms
  }

  /** How much of the wait is left. */
  left(key: string, now: number): number {
    return Math.max(0, (this.#waits.get(key)?.until ?? 0) - now)
  }

  forget(key: string): void {
    this.#waits.delete(key)
  }
}
