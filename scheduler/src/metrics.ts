import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Cache } from './cache/cache.ts'
import type { PodInfo } from './cache/pod-info.ts'
import type { SchedulingQueue } from './queue/queue.ts'

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'

/** What the scheduler counts, under upstream's names. */
// pkg/scheduler/metrics/metrics.go
export class SchedulerMetrics {
  readonly #attempts: Counter
  readonly #attemptSeconds: Histogram
  readonly #algorithmSeconds: Histogram
  readonly #podSeconds: Histogram
  readonly #podAttempts: Histogram
  readonly #preemptions: Counter
  readonly #victims: Histogram

  constructor(register: Registry, queue: SchedulingQueue, cache: Cache) {
    const registers = [register]
    const buckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)
    this.#attempts = new Counter({
      name: 'scheduler_schedule_attempts_total',
      help: "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
      labelNames: ['result', 'profile'],
      registers,
    })
    this.#attemptSeconds = new Histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
      labelNames: ['result', 'profile'],
      buckets,
      registers,
    })
    this.#algorithmSeconds = new Histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'Scheduling algorithm latency in seconds',
      buckets: [0.00005, 0.0001, 0.0002, 0.0005, ...buckets],
      registers,
    })
    this.#podSeconds = new Histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue.',
      labelNames: ['attempts'],
      buckets: Array.from({ length: 20 }, (_, i) => 0.01 * 2 ** i),
      registers,
    })
    this.#podAttempts = new Histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Number of attempts to successfully schedule a pod.',
      buckets: [1, 2, 4, 8, 16],
      registers,
    })
    this.#preemptions = new Counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Total preemption attempts in the cluster till now',
      registers,
    })
    this.#victims = new Histogram({
      name: 'scheduler_preemption_victims',
      help: 'Number of selected preemption victims',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers,
    })
    new Gauge({
      name: 'scheduler_pending_pods',
      help: "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
      labelNames: ['queue'],
      registers,
      collect() {
        for (const [name, size] of Object.entries(queue.sizes)) this.set({ queue: name }, size)
      },
    })
    new Gauge({
      name: 'scheduler_cache_size',
      help: 'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
      labelNames: ['type'],
      registers,
      collect() {
        this.set({ type: 'nodes' }, cache.nodes.length)
        this.set({ type: 'assumed_pods' }, cache.assumedPods)
      },
    })
  }

  /** One attempt ended. */
  attempt({ pod }: PodInfo, result: AttemptResult, seconds: number): void {
    const profile = pod.spec.schedulerName ?? ''
    this.#attempts.inc({ result, profile })
    this.#attemptSeconds.observe({ result, profile }, seconds)
  }

  /** An attempt ended in looking for Pods that could go; so many were found. */
  preempted(victims: number): void {
    this.#preemptions.inc()
    if (victims > 0) this.#victims.observe(victims)
  }

  algorithm(seconds: number): void {
    this.#algorithmSeconds.observe(seconds)
  }

  /** A Pod got its node, this long after it came into the queue. */
  scheduled(attempts: number, seconds: number): void {
    this.#podAttempts.observe(attempts)
    this.#podSeconds.observe({ attempts: String(Math.min(attempts, 15)) }, seconds)
  }
}
