import { Counter, Gauge, type Registry } from 'prom-client'
import type { Level, Levels, RejectReason, Schema } from './levels.ts'

const name = (text: string): string => `apiserver_flowcontrol_${text}`

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/metrics/metrics.go
/** The metrics of priority and fairness: read from its counts when somebody asks for the page. */
export function registerFlowControlMetrics(register: Registry, levels: Levels): void {
  const registers = [register]
  const flow = ['priority_level', 'flow_schema']
  const labels = (schema: Schema) => ({ priority_level: schema.level.name, flow_schema: schema.name })

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

  const seats = (what: string, help: string, value: (level: Level) => number): void => {
    new Gauge({
      name: name(what),
      help,
      labelNames: ['priority_level'],
      registers,
      collect() {
        this.reset()
        for (const level of levels.levels) this.set({ priority_level: level.name }, value(level))
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
    'current_limit_seats',
    'current derived number of execution seats available to each priority level',
    (level) => level.queues.limit,
  )
}
