import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { realClock } from '@kubets/shared/testing/real-clock.ts'

/** The machine's clock, which a test may set, and from which it may take time away. */
export class SettableClock implements Clock {
  #set = 0
  #passed = 0

  now(): number {
    return realClock.now() + this.#set + this.#passed
  }

  elapsed(): number {
    return realClock.elapsed() + this.#passed
  }

  timer(ms: number, fn: () => void): () => void {
    return realClock.timer(ms, fn)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return realClock.sleep(ms, signal)
  }

  /** Sets the wall clock forward, or back: no time passes. */
  set(byMs: number): void {
    this.#set += byMs
  }

  /** So much time has passed. What sleeps meanwhile does not notice before it wakes. */
  pass(ms: number): void {
    this.#passed += ms
  }
}
