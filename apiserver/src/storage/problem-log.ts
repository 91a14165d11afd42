import type { Logger } from '@kubets/shared/machinery/logger.ts'

/** Says once what goes wrong again and again, and once when it no longer does. */
export class ProblemLog {
  readonly #log: Logger
  readonly #task: string
  #last: string | undefined

  /** `task` completes "cannot …" and "can … again". */
  constructor(log: Logger, task: string) {
    this.#log = log
    this.#task = task
  }

  failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (message !== this.#last) this.#log.warn({ error: message }, `cannot ${this.#task}`)
    this.#last = message
  }

  succeeded(): void {
    if (this.#last !== undefined) this.#log.info(`can ${this.#task} again`)
    this.#last = undefined
  }
}
