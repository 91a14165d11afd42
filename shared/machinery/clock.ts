/** Where time comes from; the real one is in process/clock.ts, tests advance a FakeClock. */
export interface Clock {
  /** Milliseconds since the epoch, for what others read. It may be set forward and back: what measures takes `elapsed`. */
  now(): number
  /** Milliseconds since some moment in the past, which nobody sets: for how long things take, and when they are due. */
  elapsed(): number
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  timer(ms: number, fn: () => void): () => void
  /**
   * Resolves after `ms`, with 0 once everything else that is ready had its turn; rejects with the signal's reason as soon as
   * it aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
