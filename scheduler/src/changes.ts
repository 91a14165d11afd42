import type { Clock } from '@kubets/shared/machinery/clock.ts'

/** Lets others wait until something has come to be: they look again at every change. */
export class Changes {
  readonly #looks = new Set<() => void>()

  /** Something changed: who waits looks again. */
  tell(): void {
    for (const look of this.#looks) look()
  }

  /**
   * Resolves as soon as `isDone` says so; rejects with what it throws, and in Go's words when the time is over or the
   * signal aborts.
   */
  until(isDone: () => boolean, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        this.#looks.delete(look)
        cancel()
        signal.removeEventListener('abort', abort)
        if (error) reject(error)
        else resolve()
      }
      const look = (): void => {
        try {
          if (isDone()) end()
        } catch (error) {
          end(error as Error)
        }
      }
      const abort = (): void => end(new Error('context canceled'))
      const cancel = clock.timer(timeoutMs, () => end(new Error('context deadline exceeded')))
      this.#looks.add(look)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      else look()
    })
  }
}
