import type { Clock } from '@kubets/shared/machinery/clock.ts'

export interface BoundedRunnerOptions {
  readonly clock: Clock
  /** Resolves when done; a rejection means: try again after `retryMs`. */
  readonly work: () => Promise<void>
  /** From the start of the last run to the next one; asked after each run. */
  readonly minIntervalMs: () => number
  readonly retryMs: number
  /** Runs even when nobody asked for this long. */
  readonly maxIntervalMs: number
}

/**
 * Runs work soon after it is asked for: at once when the last run is long enough ago, else as soon as it is; requests
 * in between become one run, and runs never overlap.
 */
// pkg/proxy/runner/bounded_frequency_runner.go BoundedFrequencyRunner
export class BoundedRunner {
  readonly #options: BoundedRunnerOptions
  #lastStart = -Infinity
  #running = false
  #wanted = false
  #stopped = false
  #cancel: (() => void) | undefined

  constructor(options: BoundedRunnerOptions) {
    this.#options = options
  }

  /** Asks for a run. */
  request(): void {
    this.#wanted = true
    if (!this.#running) this.#schedule(this.#lastStart + this.#options.minIntervalMs())
  }

  /** Ends: what runs finishes, nothing starts again. */
  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #schedule(at: number): void {
    this.#cancel?.()
    if (this.#stopped) return
    const wait = at - this.#options.clock.now()
    if (wait > 0) this.#cancel = this.#options.clock.timer(wait, () => void this.#run())
    else void this.#run()
  }

  async #run(): Promise<void> {
    const { clock, work, minIntervalMs, retryMs, maxIntervalMs } = this.#options
    this.#cancel = undefined
    this.#running = true
    this.#wanted = false
    this.#lastStart = clock.now()
    const failed = await work().then(
      () => false,
      () => true,
    )
    this.#running = false
    const next = this.#wanted ? minIntervalMs() : failed ? retryMs : maxIntervalMs
    this.#schedule(this.#lastStart + next)
  }
}
