/** A histogram of a value over time: every bucket counts for how many nanoseconds the value was at most its bound. */
// component-base/metrics/prometheusextension/timing_histogram.go
export class TimingHistogram {
  readonly bounds: readonly number[]
  readonly #counts: number[]
  #count = 0
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  /** The value was this for so long. */
  add(seconds: number, value: number): void {
    const weight = seconds * 1e9
    const bucket = this.bounds.findIndex((bound) => value <= bound)
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + weight
    this.#count += weight
    this.#sum += weight * value
  }

  /** Bounds with what is at or below them, +Inf last, and the totals. */
  get(): { buckets: [bound: number | '+Inf', count: number][]; sum: number; count: number } {
    let below = 0
    const buckets = this.bounds.map((bound, i): [number | '+Inf', number] => {
      below += this.#counts[i] ?? 0
      return [bound, Math.round(below)]
    })
    const count = Math.round(this.#count)
    return { buckets: [...buckets, ['+Inf', count]], sum: this.#sum, count }
  }
}
