const maximum = 32

/** How long rejected clients of a priority level are told to stay away: longer while many are rejected. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go
export class RetryAfter {
  #history: { second: number; count: number }[] = []
  #seconds = 1
  #raisedAt = 0

  /** Seconds. */
  get seconds(): number {
    return this.#seconds
  }

  /** A request was rejected; `now` in milliseconds. */
  record(now: number): void {
    const second = Math.floor(now / 1000)
    const last = this.#history.at(-1)
    if (last?.second === second) {
      last.count++
      return
    }
    this.#history = this.#history.filter((one) => second - one.second <= maximum)
    this.#update(second)
    this.#history.push({ second, count: 1 })
  }

  #update(second: number): void {
    const recent = this.#history.filter((one) => second - one.second <= this.#seconds)
    const rejected = recent.reduce((total, { count }) => total + count, 0)
    if (second - this.#raisedAt >= this.#seconds && rejected >= 3 * this.#seconds) {
      this.#seconds = Math.min(this.#seconds * 2, maximum)
      this.#raisedAt = second
    } else if (rejected < this.#seconds && this.#seconds > 1) {
      this.#seconds--
    }
  }
}
