import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ReconcileMetrics } from '../client/controller.ts'
import type { QueueObserver, WorkQueue } from '../client/workqueue.ts'

/** A registry with the process's own metrics (CPU, memory, event loop). */
export function createRegistry(): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register })
  return register
}

/** Counts and times what controllers do. */
export function reconcileMetrics(register: Registry): ReconcileMetrics {
  const total = new Counter({
    name: 'controller_reconcile_total',
    help: 'Reconciles by controller and result.',
    labelNames: ['controller', 'result'],
    registers: [register],
  })
  const seconds = new Histogram({
    name: 'controller_reconcile_duration_seconds',
    help: 'Time one reconcile took.',
    labelNames: ['controller'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [register],
  })
  return {
    observe(controller, result, duration) {
      total.inc({ controller, result })
      seconds.observe({ controller }, duration)
    },
  }
}

/** Shows what waits in each of the queues and what is worked on; the queues tell the rest to what is returned. */
// component-base/metrics/prometheus/workqueue/metrics.go
export function queueMetrics(register: Registry, queues: () => Iterable<WorkQueue>): QueueObserver {
  const common = { labelNames: ['name'], registers: [register] }
  const gauge = (name: string, help: string, value: (queue: WorkQueue) => number): Gauge =>
    new Gauge({
      ...common,
      name,
      help,
      collect() {
        this.reset()
        for (const queue of queues()) this.set({ name: queue.name }, value(queue))
      },
    })
  const buckets = Array.from({ length: 10 }, (_, power) => 10 ** (power - 8))
  gauge('workqueue_depth', 'Current depth of workqueue.', ({ length }) => length)
  gauge(
    'workqueue_unfinished_work_seconds',
    "How many seconds of work has done that is in progress and hasn't been observed by work_duration.",
    ({ unfinishedMs }) => unfinishedMs / 1000,
  )
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How many seconds has the longest running processor for workqueue been running.',
    ({ longest }) => (longest?.ms ?? 0) / 1000,
  )
  const adds = new Counter({
    ...common,
    name: 'workqueue_adds_total',
    help: 'Total number of adds handled by workqueue',
  })
  const retries = new Counter({
    ...common,
    name: 'workqueue_retries_total',
    help: 'Total number of retries handled by workqueue',
  })
  const waits = new Histogram({
    ...common,
    name: 'workqueue_queue_duration_seconds',
    help: 'How long in seconds an item stays in workqueue before being requested.',
    buckets,
  })
  const works = new Histogram({
    ...common,
    name: 'workqueue_work_duration_seconds',
    help: 'How long in seconds processing an item from workqueue takes.',
    buckets,
  })
  return {
    added: (name) => adds.inc({ name }),
    retried: (name) => retries.inc({ name }),
    waited: (name, seconds) => waits.observe({ name }, seconds),
    worked: (name, seconds) => works.observe({ name }, seconds),
  }
}
