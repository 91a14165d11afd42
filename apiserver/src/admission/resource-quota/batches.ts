import { internal } from '@kubets/shared/machinery/errors.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'

/** One that waits for its verdict; only the first of settle and fail counts. */
export interface Waiter<T> {
  readonly item: T
  pass(): void
  fail(error: unknown): void
}

// plugin/resourcequota/controller.go Evaluate
const limitMs = 10_000

/**
 * Gathers what comes in under one key while the key is being worked on, so that a burst of writes costs one write of
 * their quota instead of one each.
 */
// plugin/resourcequota/controller.go quotaEvaluator, addWork and completeWork
export class Batches<T> {
  readonly #clock: Clock
  readonly #work: (key: string, batch: readonly Waiter<T>[]) => Promise<void>
  readonly #waiting = new Map<string, Waiter<T>[]>()

  constructor(clock: Clock, work: (key: string, batch: readonly Waiter<T>[]) => Promise<void>) {
    this.#clock = clock
    this.#work = work
  }

  /** Resolves when the work has let the item pass; rejects with what it fails with, or a 500 after ten seconds. */
  submit(key: string, item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.timer(limitMs, () =>
        reject(internal(new Error('resource quota evaluation timed out'))),
      )
      const waiter: Waiter<T> = {
        item,
        pass: () => {
          cancel()
          resolve()
        },
        fail: (error) => {
          cancel()
          reject(error as Error)
        },
      }
      const waiting = this.#waiting.get(key)
      if (waiting) waiting.push(waiter)
      else {
        this.#waiting.set(key, [waiter])
        void this.#run(key)
      }
    })
  }

  async #run(key: string): Promise<void> {
    for (;;) {
      const batch = this.#waiting.get(key) ?? []
      if (batch.length === 0) break
      this.#waiting.set(key, [])
      try {
        await this.#work(key, batch)
      } catch (error) {
        for (const waiter of batch) waiter.fail(error)
      }
    }
    this.#waiting.delete(key)
  }
}
