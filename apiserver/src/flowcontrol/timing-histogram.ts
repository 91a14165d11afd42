import { Buckets } from '@kubets/shared/process/histogram.ts'

/** A histogram of a value over time: every bucket counts for how many nanoseconds the value was at most its bound. */
// component-base/metrics/prometheusextension/timing_histogram.go
export class TimingHistogram extends Buckets {
  /** The value was this for so long. */
  add(seconds: number, value: number): void {
    this.count(value, seconds * 1e9)
  }
}
