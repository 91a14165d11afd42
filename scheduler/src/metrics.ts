import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { BucketsByLabels, registerHistogram } from '@kubets/shared/process/histogram.ts'
import type { Cache } from './cache/cache.ts'
import type { PodInfo } from './cache/pod-info.ts'
import { labelOf, type ClusterEvent } from './framework/events.ts'
import type { CountedPoint, Evaluations, ExtensionPoint, Status, Trace } from './framework/trace.ts'
import type { Handling } from './handlers.ts'
import type { QueueObserver, SchedulingQueue, WaitingPod } from './queue/queue.ts'

/** Plugins are timed one by one in one attempt of so many. */
// pkg/scheduler/framework/runtime/framework.go pluginMetricsSamplePercent
const sampledShare = 0.1

const doubling = (first: number, count: number, factor = 2): number[] =>
  Array.from({ length: count }, (_, i) => first * factor ** i)

// plugins differ by microseconds
const fineBuckets = doubling(0.00001, 20, 1.5)

interface Sources {
  readonly register: Registry
  readonly cache: Cache
  readonly queue: () => SchedulingQueue
  /** Milliseconds from any time on, as fine as can be had. */
  readonly elapsed: () => number
  readonly random: () => number
}

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'

/**
 * What the scheduler counts, under upstream's names. Not here, as there is no such thing in this process: batch_*,
 * get_node_hint_* and store_schedule_results_* (each Pod is scheduled for itself), async_api_call_* and
 * pending_async_api_calls (an API call is made at once), volume_binder_cache_requests_total (there is no such cache).
 * Not yet: volume_scheduling_stage_error_total, dra_bindingconditions_*, resourceclaim_creates_total.
 */
// pkg/scheduler/metrics/metrics.go
export class SchedulerMetrics implements QueueObserver {
  readonly #attempts: Counter
  readonly #attemptSeconds: Histogram
  readonly #algorithmSeconds: Histogram
  readonly #podSeconds: Histogram
  readonly #podAttempts: Histogram
  readonly #preemptions: Counter
  readonly #victims: Histogram
  readonly #points: Histogram
  readonly #plugins = new BucketsByLabels(['plugin', 'extension_point', 'status'], fineBuckets)
  readonly #hints = new BucketsByLabels(['plugin', 'event', 'hint'], fineBuckets)
  readonly #events = new BucketsByLabels(['event'], doubling(0.0001, 12))
  readonly #permits: Histogram
  readonly #evictions: Counter
  readonly #evictionSeconds: Histogram
  readonly #flushed: Counter
  readonly #incoming: Counter
  readonly #bindings: Gauge
  readonly #sources: Sources
  /** By profile and point, then by plugin. */
  readonly #evaluations = new Map<string, Record<CountedPoint, Map<string, Evaluations>>>()

  constructor(sources: Sources) {
    this.#sources = sources
    const { register, cache, queue } = sources
    const registers = [register]
    const buckets = doubling(0.001, 15)
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
      help: 'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
      labelNames: ['attempts'],
      buckets: doubling(0.01, 20),
      registers,
    })
    this.#podAttempts = new Histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Number of attempts to successfully schedule a pod.',
      buckets: doubling(1, 5),
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
      buckets: doubling(1, 7),
      registers,
    })
    new Gauge({
      name: 'scheduler_pending_pods',
      help: "Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
      labelNames: ['queue'],
      registers,
      collect() {
        for (const [name, size] of Object.entries(queue().sizes)) this.set({ queue: name }, size)
      },
    })
    new Gauge({
      name: 'scheduler_cache_size',
      help: 'Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
      labelNames: ['type'],
      registers,
      collect() {
        this.set({ type: 'nodes' }, cache.nodes.length)
        this.set({ type: 'pods' }, cache.podCount)
        this.set({ type: 'assumed_pods' }, cache.assumedPods)
      },
    })
    this.#points = new Histogram({
      name: 'scheduler_framework_extension_point_duration_seconds',
      help: 'Latency for running all plugins of a specific extension point.',
      labelNames: ['extension_point', 'status', 'profile'],
      buckets: doubling(0.0001, 12),
      registers,
    })
    registerHistogram(register, {
      name: 'scheduler_plugin_execution_duration_seconds',
      help: 'Duration for running a plugin at a specific extension point.',
      series: () => this.#plugins.series(),
    })
    registerHistogram(register, {
      name: 'scheduler_queueing_hint_execution_duration_seconds',
      help: 'Duration for running a queueing hint function of a plugin.',
      series: () => this.#hints.series(),
    })
    registerHistogram(register, {
      name: 'scheduler_event_handling_duration_seconds',
      help: 'Event handling latency in seconds.',
      series: () => this.#events.series(),
    })
    new Gauge({
      name: 'scheduler_inflight_events',
      help: 'Number of events currently tracked in the scheduling queue.',
      labelNames: ['event'],
      registers,
      collect() {
        this.reset()
        for (const [event, count] of queue().inFlightEvents) this.set({ event }, count)
      },
    })
    this.#evictionSeconds = new Histogram({
      name: 'scheduler_preemption_goroutines_duration_seconds',
      help: 'Duration in seconds for running goroutines for the preemption.',
      labelNames: ['result'],
      buckets: doubling(0.01, 20),
      registers,
    })
    this.#evictions = new Counter({
      name: 'scheduler_preemption_goroutines_execution_total',
      help: 'Number of preemption goroutines executed.',
      labelNames: ['result'],
      registers,
    })
    this.#flushed = new Counter({
      name: 'scheduler_pod_scheduled_after_flush_total',
      help: 'Number of pods that were successfully scheduled after being flushed from unschedulablePods due to timeout. This metric helps detect potential queueing hint misconfigurations or event handling issues.',
      registers,
    })
    this.#permits = new Histogram({
      name: 'scheduler_permit_wait_duration_seconds',
      help: 'Duration of waiting on permit.',
      labelNames: ['result'],
      buckets,
      registers,
    })
    this.#incoming = new Counter({
      name: 'scheduler_queue_incoming_pods_total',
      help: 'Number of pods added to scheduling queues by event and queue type.',
      labelNames: ['queue', 'event'],
      registers,
    })
    this.#bindings = new Gauge({
      name: 'scheduler_goroutines',
      help: 'Number of running goroutines split by the work they do such as binding.',
      labelNames: ['operation'],
      registers,
    })
    const evaluations = this.#evaluations
    new Counter({
      name: 'scheduler_plugin_evaluation_total',
      help: 'Number of attempts to schedule pods by each plugin and the extension point (available only in PreFilter, Filter, PreScore, and Score).',
      labelNames: ['plugin', 'extension_point', 'profile'],
      registers,
      collect() {
        this.reset()
        for (const [profile, points] of evaluations)
          for (const [point, plugins] of Object.entries(points))
            for (const [plugin, { times }] of plugins) this.inc({ plugin, extension_point: point, profile }, times)
      },
    })
    new Gauge({
      name: 'scheduler_unschedulable_pods',
      help: 'The number of unschedulable pods broken down by plugin name. A pod will increment the gauge for all plugins that caused it to not schedule and so this metric have meaning only when broken down by plugin.',
      labelNames: ['plugin', 'profile'],
      registers,
      collect() {
        this.reset()
        for (const [profile, plugins] of queue().unschedulableReasons())
          for (const [plugin, count] of plugins) this.set({ plugin, profile }, count)
      },
    })
  }

  /** Times what an event from the API brings with it. */
  readonly handling: Handling = (event, work) => {
    const since = this.now()
    work()
    this.#events.of(event).count((this.now() - since) / 1000)
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

  /** Other Pods were told to go for one, or one could not be told. */
  evicted(done: boolean, seconds: number): void {
    const result = done ? 'success' : 'error'
    this.#evictions.inc({ result })
    this.#evictionSeconds.observe({ result }, seconds)
  }

  /** A Pod got its node, this long after it came into the queue. */
  scheduled({ attempts, flushed }: Pick<WaitingPod, 'attempts' | 'flushed'>, seconds: number): void {
    if (flushed) this.#flushed.inc()
    this.#podAttempts.observe(attempts)
    // pkg/scheduler/schedule_one.go getAttemptsLabel
    this.#podSeconds.observe({ attempts: attempts >= 15 ? '15+' : String(attempts) }, seconds)
  }

  incoming(queue: string, event: string): void {
    this.#incoming.inc({ queue, event })
  }

  now(): number {
    return this.#sources.elapsed()
  }

  hinted(plugin: string, event: ClusterEvent, helps: boolean, since: number): void {
    const hint = helps ? 'Queue' : 'QueueSkip'
    this.#hints.of(plugin, labelOf(event), hint).count((this.now() - since) / 1000)
  }

  permitted(result: Status, seconds: number): void {
    this.#permits.observe({ result }, seconds)
  }

  binding(count: number): void {
    this.#bindings.set({ operation: 'binding' }, count)
  }

  trace(profile: string): Trace {
    const { elapsed, random } = this.#sources
    const counted = this.#countedOf(profile)
    return {
      now: elapsed,
      isSampled: random() < sampledShare,
      point: (point, status, since) =>
        this.#points.observe({ extension_point: point, status, profile }, (elapsed() - since) / 1000),
      plugin: (plugin: string, point: ExtensionPoint, status: Status, since: number) =>
        this.#plugins.of(plugin, point, status).count((elapsed() - since) / 1000),
      evaluations: (plugin, point) => {
        const known = counted[point].get(plugin)
        if (known) return known
        const fresh = { times: 0 }
        counted[point].set(plugin, fresh)
        return fresh
      },
    }
  }

  #countedOf(profile: string): Record<CountedPoint, Map<string, Evaluations>> {
    const known = this.#evaluations.get(profile)
    if (known) return known
    const fresh = { PreFilter: new Map(), Filter: new Map(), PreScore: new Map(), Score: new Map() }
    this.#evaluations.set(profile, fresh)
    return fresh
  }
}
