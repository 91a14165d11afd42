import { TimingHistogram } from './timing-histogram.ts'

/** How a priority level was for some time. */
export interface Usage {
  /** Seats in use and waited for. */
  demand: number
  seatsInUse: number
  executing: number
  waiting: number
  limit: number
  /** How many requests its queues hold. */
  capacity: number
}

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go: the buckets
const demandBounds = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6]
const seatBounds = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1]
const requestBounds = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1]

/** What part of a priority level was in use, over time. */
export class Utilization {
  readonly demand = new TimingHistogram(demandBounds)
  readonly seats = new TimingHistogram(seatBounds)
  readonly executing = new TimingHistogram(requestBounds)
  readonly waiting = new TimingHistogram(requestBounds)

  add(seconds: number, { demand, seatsInUse, executing, waiting, limit, capacity }: Usage): void {
    this.demand.add(seconds, demand / limit)
    this.seats.add(seconds, seatsInUse / limit)
    this.executing.add(seconds, executing / limit)
    this.waiting.add(seconds, waiting / Math.max(capacity, 1))
  }
}

/** A value over a period of time. */
export interface Observed {
  seconds: number
  peak: number
  average: number
  /** The standard deviation. */
  deviation: number
}

/** Integrates a value over time. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/integrator.go
export class Integrator {
  #seconds = 0
  #sum = 0
  #squares = 0
  #peak = 0

  /** The value has been this for so long. */
  add(seconds: number, value: number): void {
    this.#seconds += seconds
    this.#sum += seconds * value
    this.#squares += seconds * value * value
  }

  /** The value became this, for a moment at least. */
  reached(value: number): void {
    if (value > this.#peak) this.#peak = value
  }

  /** What was seen since the last call; `value` is what the next period begins with. */
  take(value: number): Observed {
    const seconds = this.#seconds
    const average = seconds > 0 ? this.#sum / seconds : 0
    const variance = seconds > 0 ? this.#squares / seconds - average * average : 0
    const observed = { seconds, peak: this.#peak, average, deviation: Math.sqrt(Math.max(variance, 0)) }
    this.#seconds = this.#sum = this.#squares = 0
    this.#peak = value
    return observed
  }
}
