import type { Clock } from '@kubets/shared/machinery/clock.ts'

/** Lets a worker sleep until a time is over, it is woken, or the kubelet ends. */
export class Sleeper {
  readonly #clock: Pick<Clock, 'timer'>
  readonly #lifetime: AbortSignal
  #woken = false
  #wake: () => void = () => undefined

  constructor(clock: Pick<Clock, 'timer'>, lifetime: AbortSignal) {
    this.#clock = clock
    this.#lifetime = lifetime
    lifetime.addEventListener('abort', () => this.#wake(), { once: true })
  }

  /** Wakes the worker. If it does not sleep, it will not sleep next time, unless it was `up` meanwhile. */
  wake(): void {
    this.#woken = true
    this.#wake()
  }

  /** The worker looks at everything now: what woke it before is dealt with. */
  up(): void {
    this.#woken = false
  }

  /** Sleeps for so many milliseconds, without end if undefined; `deaf`: only the end of the kubelet wakes it before. */
  async sleep(ms: number | undefined, deaf = false): Promise<void> {
    if (this.#lifetime.aborted || (this.#woken && !deaf)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = () => (deaf && !this.#lifetime.aborted ? undefined : resolve())
    const cancel = ms === undefined ? () => undefined : this.#clock.timer(ms, resolve)
    await promise
    cancel()
  }
}
