import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ReconcileMetrics } from '../client/controller.ts'
import type { WorkQueue } from '../client/workqueue.ts'

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

/** Shows how many keys wait in each of the queues. */
export function queueMetrics(register: Registry, queues: () => Iterable<WorkQueue>): void {
  new Gauge({
    // client-go util/workqueue/metrics.go
    name: 'workqueue_depth',
    help: 'Current depth of workqueue.',
    labelNames: ['name'],
    registers: [register],
    collect() {
      for (const queue of queues()) this.set({ name: queue.name }, queue.length)
    },
  })
}
