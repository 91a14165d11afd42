import type { Clock } from '../machinery/clock.ts'

const firstMs = 800
const maxMs = 30_000
const resetAfterMs = 120_000

/** Growing, jittered waits between tries at an apiserver; starts over after two quiet minutes or a success. */
// client-go tools/cache/reflector.go NewReflector: wait.NewExponentialBackoffManager
export class Backoff {
  readonly #clock: Clock
  #next = firstMs
  #last = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  reset(): void {
    this.#next = firstMs
  }

  /** Rejects with the signal's reason when that aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const now = this.#clock.elapsed()
    if (now - this.#last > resetAfterMs) this.reset()
    this.#last = now
    const ms = Math.min(this.#next * (1 + Math.random()), maxMs)
    this.#next = Math.min(this.#next * 2, maxMs)
    await this.#clock.sleep(ms, signal)
  }
}
