import type { Clock } from './clock.ts'

/** A clock for tests: time stands still until `advance` is called. */
export class FakeClock implements Clock {
  /** What the wall clock says when time begins. */
  #start: number
  #elapsed = 0
  #timers = new Set<{ at: number; fn: () => void }>()

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#start = now
  }

  now(): number {
    return this.#start + this.#elapsed
  }

  elapsed(): number {
    return this.#elapsed
  }

  /** Sets the wall clock forward, or back: no time passes. */
  set(byMs: number): void {
    this.#start += byMs
  }

  timer(ms: number, fn: () => void): () => void {
    const entry = { at: this.#elapsed + Math.max(0, ms), fn }
    this.#timers.add(entry)
    return () => this.#timers.delete(entry)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortReason(signal))
        return
      }
      const onAbort = (): void => {
        cancel()
        reject(abortReason(signal))
      }
      const cancel = this.timer(ms, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** How many timers are armed: lets a test wait until the code under test sleeps. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time by `ms`, firing what is due in order, and lets the promises this settles run. */
  async advance(ms: number): Promise<void> {
    // what is under way may still arm a timer that falls into this time
    await settle()
    const target = this.#elapsed + ms
    for (;;) {
      const due = [...this.#timers].filter((t) => t.at <= target).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#elapsed = Math.max(this.#elapsed, due.at)
      due.fn()
      await settle()
    }
    this.#elapsed = target
    await settle()
  }
}

/** One turn of the event loop: every promise callback that is ready has run after it. */
function settle(): Promise<void> {
  // eslint-disable-next-line no-restricted-globals -- real turns of the loop, no time
  return new Promise((resolve) => setImmediate(resolve))
}

function abortReason(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new DOMException('This operation was aborted', 'AbortError')
}
