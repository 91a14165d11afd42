import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { timeout, tooLargeResourceVersion } from '@kubets/shared/machinery/errors.ts'

interface Waiter {
  revision: number
  settle(error?: Error): void
}

/** Who waits for the cache to reach a revision. */
export class RevisionWaiters {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  reached(revision: number): void {
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.settle()
  }

  /** Resolves when reached() is told at least `revision`; 504 after `ms`. */
  // apiserver/pkg/storage/cacher/watch_cache.go waitUntilFreshAndBlock
  wait(revision: number, current: () => number, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        cancel()
        signal?.removeEventListener('abort', aborted)
        this.#waiters.delete(waiter)
        if (error) reject(error)
        else resolve()
      }
      const waiter: Waiter = { revision, settle }
      const aborted = (): void => settle(timeout('the request was ended'))
      const cancel = this.#clock.timer(ms, () => {
        settle(tooLargeResourceVersion(revision, current(), 1))
      })
      signal?.addEventListener('abort', aborted)
      this.#waiters.add(waiter)
    })
  }
}
