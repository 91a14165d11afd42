import type { Clock } from '@kubets/shared/machinery/clock.ts'

/** How long those who wait have their turns before everything else has one. */
const sliceMilliseconds = 5

/**
 * Turns of many who wait for the same: one change has a thousand watchers. Each is called in the order it came; what comes
 * while others have their turn is taken by one call later, so that the busier it is, the more each call does.
 */
export class Turns {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #running = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `take` in its turn, at once when nobody else has one; once, however often it is added until then. */
  add(take: () => void): void {
    this.#waiting.add(take)
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    let end = this.#clock.elapsed() + sliceMilliseconds
    // what is added meanwhile is iterated too
    for (const take of this.#waiting) {
      this.#waiting.delete(take)
      take()
      await Promise.resolve() // what it began belongs to its turn
      if (this.#clock.elapsed() < end) continue
      await this.#clock.sleep(0)
      end = this.#clock.elapsed() + sliceMilliseconds
    }
    this.#running = false
  }
}
