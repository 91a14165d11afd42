import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { BucketsByLabels, registerHistogram, type Buckets } from '@kubets/shared/process/histogram.ts'
import type { Level, Levels, RejectReason, Schema } from './levels.ts'
import type { ReadWriteRequests } from './read-write.ts'
import type { TimingHistogram } from './timing-histogram.ts'

const name = (text: string): string => `apiserver_flowcontrol_${text}`

const flow = ['priority_level', 'flow_schema']
const labels = (schema: Schema) => ({ priority_level: schema.level.name, flow_schema: schema.name })

/** What is written down of each request as it goes. */
export interface Observer {
  /** The request is in a queue, with so many in it. */
  queued(schema: Schema, length: number): void
  /** The request did not wait any longer: it began to execute, or was turned away. */
  waited(schema: Schema, executes: boolean, seconds: number): void
  executed(schema: Schema, isWatch: boolean, seconds: number): void
  estimated(schema: Schema, seats: number): void
  /** A write that so many watchers are going to see. */
  watched(schema: Schema, watchers: number): void
}

const durations = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go
/** The histograms of priority and fairness. */
export function createObserver(register: Registry): Observer {
  const histogram = (what: string, help: string, bounds: number[], more: string[] = []): BucketsByLabels => {
    const buckets = new BucketsByLabels([...flow, ...more], bounds)
    registerHistogram(register, { name: name(what), help, series: () => buckets.series() })
    return buckets
  }
  const lengths = histogram(
    'request_queue_length_after_enqueue',
    'Length of queue in the API Priority and Fairness subsystem, as seen by each request after it is enqueued',
    [0, 10, 25, 50, 100, 250, 500, 1000],
  )
  const waits = histogram(
    'request_wait_duration_seconds',
    'Length of time a request spent waiting in its queue',
    durations,
    ['execute'],
  )
  const executions = histogram(
    'request_execution_seconds',
    'Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem',
    durations,
    ['type'],
  )
  const seats = histogram(
    'work_estimated_seats',
    'Number of estimated seats (maximum of initial and final seats) associated with requests in API Priority and Fairness',
    [1, 2, 4, 10],
  )
  const watchers = histogram(
    'watch_count_samples',
    'count of watchers for mutating requests in API Priority and Fairness',
    [0, 1, 10, 100, 1000, 10000],
  )
  const of = (histogram: BucketsByLabels, { level, name }: Schema, ...more: string[]): Buckets =>
    histogram.of(level.name, name, ...more)
  return {
    queued: (schema, length) => of(lengths, schema).count(length),
    waited: (schema, executes, seconds) => of(waits, schema, String(executes)).count(seconds),
    executed: (schema, isWatch, seconds) => of(executions, schema, isWatch ? 'watch' : 'regular').count(seconds),
    estimated: (schema, count) => of(seats, schema).count(count),
    watched: (schema, count) => of(watchers, schema).count(count),
  }
}

/** The metrics of priority and fairness: read from its counts when somebody asks for the page. */
export function registerFlowControlMetrics(
  register: Registry,
  { levels, requests }: { levels: Levels; requests: ReadWriteRequests },
  clock: Clock,
): void {
  const registers = [register]

  const gauge = (what: string, help: string, value: (schema: Schema) => number): void => {
    new Gauge({
      name: name(what),
      help,
      labelNames: flow,
      registers,
      collect() {
        this.reset()
        for (const schema of levels.schemas) this.set(labels(schema), value(schema))
      },
    })
  }
  gauge(
    'current_inqueue_requests',
    'Number of requests currently pending in queues of the API Priority and Fairness subsystem',
    ({ counts }) => counts.waiting,
  )
  gauge(
    'current_inqueue_seats',
    'Number of seats currently pending in queues of the API Priority and Fairness subsystem',
    ({ counts }) => counts.seatsWaiting,
  )
  gauge(
    'current_executing_requests',
    'Number of requests in initial (for a WATCH) or any (for a non-WATCH) execution stage in the API Priority and Fairness subsystem',
    ({ counts }) => counts.executing,
  )
  gauge(
    'current_executing_seats',
    'Concurrency (number of seats) occupied by the currently executing (initial stage for a WATCH, any stage otherwise) requests in the API Priority and Fairness subsystem',
    ({ counts }) => counts.seats,
  )

  new Counter({
    name: name('dispatched_requests_total'),
    help: 'Number of requests executed by API Priority and Fairness subsystem',
    labelNames: flow,
    registers,
    collect() {
      this.reset()
      for (const schema of levels.schemas) this.inc(labels(schema), schema.counts.dispatched)
    },
  })
  new Counter({
    name: name('request_dispatch_no_accommodation_total'),
    help: 'Number of times a dispatch attempt resulted in a non accommodation due to lack of available seats',
    labelNames: flow,
    registers,
    collect() {
      this.reset()
      for (const schema of levels.schemas) {
        if (schema.counts.noAccommodation > 0) this.inc(labels(schema), schema.counts.noAccommodation)
      }
    },
  })
  new Counter({
    name: name('rejected_requests_total'),
    help: 'Number of requests rejected by API Priority and Fairness subsystem',
    labelNames: [...flow, 'reason'],
    registers,
    collect() {
      this.reset()
      for (const schema of levels.schemas) {
        for (const [reason, count] of Object.entries(schema.counts.rejected) as [RejectReason, number][]) {
          if (count > 0) this.inc({ ...labels(schema), reason }, count)
        }
      }
    },
  })

  const seats = (what: string, help: string, value: (level: Level) => number | undefined): void => {
    new Gauge({
      name: name(what),
      help,
      labelNames: ['priority_level'],
      registers,
      collect() {
        this.reset()
        for (const level of levels.levels) {
          const now = value(level)
          if (now !== undefined) this.set({ priority_level: level.name }, now)
        }
      },
    })
  }
  seats(
    'nominal_limit_seats',
    'Nominal number of execution seats configured for each priority level',
    (level) => level.limits.nominal,
  )
  seats(
    'lower_limit_seats',
    'Configured lower bound on number of execution seats available to each priority level',
    (level) => level.limits.lower,
  )
  seats(
    'upper_limit_seats',
    'Configured upper bound on number of execution seats available to each priority level',
    (level) => level.limits.upper,
  )
  seats(
    'demand_seats_high_watermark',
    'High watermark, over last adjustment period, of demand_seats',
    ({ demand }) => demand.peak,
  )
  seats(
    'demand_seats_average',
    'Time-weighted average, over last adjustment period, of demand_seats',
    ({ demand }) => demand.average,
  )
  seats(
    'demand_seats_stdev',
    'Time-weighted standard deviation, over last adjustment period, of demand_seats',
    ({ demand }) => demand.deviation,
  )
  seats('target_seats', 'Seat allocation targets', ({ target }) => target)
  seats('dispatch_r', 'R(time of last dispatch)', ({ queues }) => queues.dispatched?.at)
  seats('latest_s', 'S(most recently dispatched request)', ({ queues }) => queues.dispatched?.start)
  seats('demand_seats_smoothed', 'Smoothed seat demands', ({ demand }) => demand.smoothed)
  seats('current_r', 'R(time of last change)', ({ queues }) => queues.virtual)
  seats(
    'current_limit_seats',
    'current derived number of execution seats available to each priority level',
    (level) => level.queues.limit,
  )
  new Gauge({
    name: name('seat_fair_frac'),
    help: "Fair fraction of server's concurrency to allocate to each priority level that can use it",
    registers,
    collect() {
      this.set(levels.fairFraction)
    },
  })

  const bounds = (
    what: string,
    help: string,
    value: (level: Level) => [min: number, max: number] | undefined,
  ): void => {
    new Gauge({
      name: name(what),
      help,
      labelNames: ['priority_level', 'bound'],
      registers,
      collect() {
        this.reset()
        for (const level of levels.levels) {
          const [min, max] = value(level) ?? []
          if (min !== undefined) this.set({ priority_level: level.name, bound: 'min' }, min)
          if (max !== undefined) this.set({ priority_level: level.name, bound: 'max' }, max)
        }
      },
    })
  }
  bounds(
    'next_s_bounds',
    'min and max, over queues, of S(oldest waiting request in queue)',
    ({ queues }) => queues.dispatched?.starts,
  )
  bounds(
    'next_discounted_s_bounds',
    'min and max, over queues, of S(oldest waiting request in queue) - estimated work in progress',
    ({ queues }) => queues.dispatched?.discounted,
  )

  type TimingSeries = [labels: object, TimingHistogram]
  const timingOfAll = (what: string, help: string, series: (now: number) => TimingSeries[]): void =>
    registerHistogram(register, { name: name(what), help, series: () => series(clock.elapsed()) })
  const timing = (what: string, help: string, series: (level: Level) => TimingSeries[]): void =>
    timingOfAll(what, help, (now) =>
      [...levels.levels].flatMap((level) => {
        level.queues.advance(now)
        return series(level)
      }),
    )
  timing(
    'demand_seats',
    'Observations, at the end of every nanosecond, of (the number of seats each priority level could use) / (current seat limit for that level if that is not zero otherwise max(1, round(server seat limit/10.0)))',
    (level) => [[{ priority_level: level.name }, level.queues.utilization.demand]],
  )
  timing(
    'priority_level_seat_utilization',
    'Observations, at the end of every nanosecond, of utilization of seats for any stage of execution (but only initial stage for WATCHes)',
    (level) => [[{ phase: 'executing', priority_level: level.name }, level.queues.utilization.seats]],
  )
  timing(
    'priority_level_request_utilization',
    'Observations, at the end of every nanosecond, of number of requests (as a fraction of the relevant limit) waiting or in any stage of execution (but only initial stage for WATCHes)',
    ({ name: level, queues: { utilization } }) => [
      [{ phase: 'executing', priority_level: level }, utilization.executing],
      [{ phase: 'waiting', priority_level: level }, utilization.waiting],
    ],
  )
  timingOfAll(
    'read_vs_write_current_requests',
    'Observations, at the end of every nanosecond, of the number of requests (as a fraction of the relevant limit) waiting or in regular stage of execution',
    (now) => requests.series(now).map(({ labels, histogram }): TimingSeries => [labels, histogram]),
  )
}
