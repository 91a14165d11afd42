import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import { labelOf, type ClusterEvent } from '../framework/events.ts'
import type { Plugin, QueuedPod } from '../framework/plugin.ts'
import type { Profile } from '../framework/profile.ts'
import { BackoffQueue, dueOf, isBackingOff, type Failed } from './backoff-queue.ts'
import { Heap } from './heap.ts'

/** A Pod on its way through the queue. */
export interface WaitingPod extends QueuedPod, Omit<Failed, 'info'> {
  /** Scheduling attempts begun. */
  readonly attempts: number
  /** When it first came, ms. */
  readonly firstSeen: number
  /** Who turned it away last. */
  readonly rejectedBy: ReadonlySet<string>
  /** No event woke it for its present attempt, only the time it had waited. */
  readonly flushed: boolean
}

/** Learns what goes on in the queue. */
export interface QueueObserver {
  /** A Pod came into one of the queues, by an event. */
  incoming(queue: 'active' | 'backoff' | 'unschedulable', event: string): void
  /** Milliseconds from any time on. */
  now(): number
  /** A plugin was asked since then whether the event may help a Pod. */
  hinted(plugin: string, event: ClusterEvent, helps: boolean, since: number): void
}

const nobody: QueueObserver = { incoming: () => undefined, now: () => 0, hinted: () => undefined }

export interface QueueOptions {
  readonly clock: Clock
  /** By the name of the scheduler that Pods ask for; their Pods are sorted alike. */
  readonly profiles: ReadonlyMap<string, Profile>
  readonly initialBackoffMs?: number
  readonly maxBackoffMs?: number
  readonly maxUnschedulableMs?: number
  readonly observer?: QueueObserver
}

const flushIntervalMs = 30_000
/** What happens while one attempt waits for others; more, and the Pod is tried again whatever it was. */
const maxMissed = 1_000

/** An attempt that waits for others, while the world goes on. */
interface Flight {
  readonly uid: string
  /** The Pod as it is by now, where it was changed. */
  info: PodInfo | undefined
  readonly missed: { readonly event: ClusterEvent; readonly highest: number }[]
}

/**
 * Pods that wait for a node: the active ones by priority, those that back off after an attempt while there are others to
 * try, and those that wait for the cluster to change. An event wakes a waiting Pod when a plugin that turned it away says that it may help.
 */
// pkg/scheduler/backend/queue/scheduling_queue.go PriorityQueue
export class SchedulingQueue {
  readonly #options: Required<QueueOptions>
  readonly #active: Heap<WaitingPod>
  readonly #backoff: BackoffQueue<WaitingPod>
  readonly #unschedulable = new Map<string, WaitingPod>()
  readonly #gated = new Map<string, WaitingPod>()
  /** Events that plugins let Pods in for that they kept out. */
  readonly #opening: ReadonlySet<ClusterEvent['kind']>
  #waiter: ((pod: WaitingPod | undefined) => void) | undefined
  #isServing = false
  #cancelBackoff: (() => void) | undefined
  #cancelFlush: (() => void) | undefined
  #closed = false
  #flight: Flight | undefined

  constructor(options: QueueOptions) {
    this.#options = {
      initialBackoffMs: 1000,
      maxBackoffMs: 10_000,
      maxUnschedulableMs: 300_000,
      observer: nobody,
      ...options,
    }
    this.#opening = new Set(
      [...options.profiles.values()].flatMap(({ preEnqueue }) => preEnqueue.flatMap(({ opensOn = [] }) => opensOn)),
    )
    const [profile] = options.profiles.values()
    const sort = profile?.queueSort
    const uid = (pod: WaitingPod): string => pod.info.uid
    const comesFirst = (a: WaitingPod, b: WaitingPod): boolean => sort?.less?.(a, b) ?? a.timestamp < b.timestamp
    this.#active = new Heap(uid, comesFirst)
    this.#backoff = new BackoffQueue(comesFirst)
    this.#armFlush()
  }

  /** How many Pods wait where. */
  get sizes(): { active: number; backoff: number; unschedulable: number; gated: number } {
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size,
      gated: this.#gated.size,
    }
  }

  /** What is kept for an attempt that waits for others, by the event; and the Pod itself. */
  get inFlightEvents(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    if (!this.#flight) return counts
    counts.set('PodPopped', 1)
    for (const { event } of this.#flight.missed) counts.set(labelOf(event), (counts.get(labelOf(event)) ?? 0) + 1)
    return counts
  }

  /** How many Pods wait because of each plugin, by profile: those it turned away or holds. */
  // pkg/scheduler/metrics/metrics.go UnschedulableReason
  unschedulableReasons(): Map<string, Map<string, number>> {
    const reasons = new Map<string, Map<string, number>>()
    const count = ({ info }: WaitingPod, plugins: Iterable<string>): void => {
      const profile = info.pod.spec.schedulerName ?? ''
      const counts = reasons.get(profile) ?? new Map<string, number>()
      reasons.set(profile, counts)
      for (const plugin of plugins) counts.set(plugin, (counts.get(plugin) ?? 0) + 1)
    }
    for (const pod of [...this.#unschedulable.values(), ...this.#backoff.items, ...this.#active.items])
      count(pod, pod.rejectedBy)
    for (const pod of this.#gated.values()) {
      const holder = this.#holder(pod)
      if (holder) count(pod, [holder.name])
    }
    return reasons
  }

  /** Takes a Pod without a node. */
  add(info: PodInfo): void {
    const now = this.#options.clock.elapsed()
    this.#enter(
      {
        info,
        timestamp: now,
        attempts: 0,
        rejections: 0,
        errors: 0,
        due: -Infinity,
        firstSeen: now,
        rejectedBy: new Set(),
        flushed: false,
      },
      'UnscheduledPodAdd',
    )
  }

  /** A waiting Pod was changed; `relevant` when not only its status was. */
  update(info: PodInfo, relevant: boolean): void {
    const flight = this.#flight
    if (flight?.uid === info.uid) {
      flight.info = info
      if (relevant) this.#miss({ kind: 'PodUpdate', pod: info })
      return
    }
    const active = this.#active.get(info.uid)
    if (active) return this.#active.put({ ...active, info })
    const backingOff = this.#backoff.get(info.uid)
    if (backingOff) return this.#backoff.put({ ...backingOff, info })
    const gated = this.#gated.get(info.uid)
    if (gated) {
      this.#gated.delete(info.uid)
      // the time it was held is not this scheduler's
      const firstSeen = gated.attempts === 0 ? this.#options.clock.elapsed() : gated.firstSeen
      return this.#enter({ ...gated, info, firstSeen }, 'UnscheduledPodUpdate')
    }
    const waiting = this.#unschedulable.get(info.uid)
    if (!waiting) return this.add(info)
    this.#unschedulable.set(info.uid, { ...waiting, info })
    if (relevant) this.#wake({ ...waiting, info }, 'UnscheduledPodUpdate')
  }

  delete(uid: string): void {
    this.#active.delete(uid)
    this.#backoff.delete(uid)
    this.#unschedulable.delete(uid)
    this.#gated.delete(uid)
  }

  /** The next Pod to schedule, as soon as there is one; undefined once the queue is closed. One caller at a time. */
  pop(): Promise<WaitingPod | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#waiter = resolve
      this.#serve()
    })
  }

  /**
   * The attempt with this Pod is going to wait for others: what happens to it and to the cluster is kept for when it is
   * put back, or until `landed`.
   */
  // pkg/scheduler/backend/queue/active_queue.go inFlightEvents
  inFlight({ info }: WaitingPod): void {
    this.#flight = { uid: info.uid, info: undefined, missed: [] }
  }

  landed(): void {
    this.#flight = undefined
  }

  /** Puts back a Pod that no node was found for; what has happened since it was taken may help it already. */
  putUnschedulable(pod: WaitingPod, rejectedBy: ReadonlySet<string>): void {
    const flight = this.#flight?.uid === pod.info.uid ? this.#flight : undefined
    const info = flight?.info ?? pod.info
    const counts = { rejections: pod.rejections + 1, errors: 0 }
    const waiting = { ...this.#failed(pod, counts), info, rejectedBy, flushed: false }
    this.#unschedulable.set(info.uid, waiting)
    this.#options.observer.incoming('unschedulable', 'ScheduleAttemptFailure')
    if (!flight) return
    this.landed()
    const helps = ({ event, highest }: Flight['missed'][number]): boolean =>
      info.priority <= highest && (event.kind === 'PodUpdate' || this.#mayHelp(waiting, event))
    if (flight.missed.length > maxMissed || flight.missed.some(helps)) this.#wake(waiting, 'ScheduleAttemptFailure')
  }

  #miss(event: ClusterEvent, highest = Infinity): void {
    const missed = this.#flight?.missed
    if (missed && missed.length <= maxMissed) missed.push({ event, highest })
  }

  /** Puts back a Pod whose attempt ended in an error: it is tried again after its backoff. */
  putBackoff(pod: WaitingPod): void {
    this.#backoff.put(this.#failed(pod, { rejections: pod.rejections, errors: pod.errors + 1 }))
    this.#options.observer.incoming('backoff', 'ScheduleAttemptFailure')
    this.#armBackoff()
  }

  /** Lets a Pod that waits be tried at once. */
  activate(uid: string): void {
    const pod = this.#unschedulable.get(uid) ?? this.#backoff.get(uid)
    if (!pod || this.#isHeld(pod)) return
    this.delete(uid)
    this.#enter(pod, 'ForceActivate')
  }

  /**
   * Wakes the Pods that the event may help. The event is made when somebody waits for one, which is rare.
   * @param highest only Pods up to this priority
   */
  move(makeEvent: () => ClusterEvent, highest = Infinity): void {
    const opens = this.#gated.size > 0 && this.#opening.size > 0
    if (this.#unschedulable.size === 0 && !this.#flight && !opens) return
    const event = makeEvent()
    this.#miss(event, highest)
    if (opens && this.#opening.has(event.kind)) this.#letIn(event)
    for (const pod of [...this.#unschedulable.values()]) {
      if (pod.info.priority > highest) continue
      if (this.#mayHelp(pod, event)) this.#wake(pod, labelOf(event))
    }
  }

  /** Those that are kept out by a plugin that this event may change the mind of. */
  #letIn(event: ClusterEvent): void {
    for (const pod of [...this.#gated.values()]) {
      const holder = this.#holder(pod)
      if (holder && (!holder.opensOn?.includes(event.kind) || holder.queueingHint?.(pod.info, event) === false))
        continue
      this.#gated.delete(pod.info.uid)
      this.#enter(pod, labelOf(event))
    }
  }

  close(): void {
    this.#closed = true
    this.#cancelBackoff?.()
    this.#cancelFlush?.()
    this.#waiter?.(undefined)
    this.#waiter = undefined
  }

  // pkg/scheduler/backend/queue/scheduling_queue.go isPodWorthRequeuing
  #mayHelp({ info, rejectedBy }: WaitingPod, event: ClusterEvent): boolean {
    if (rejectedBy.size === 0) return true
    const { observer } = this.#options
    const plugins = this.#profileOf(info)?.plugins
    for (const name of rejectedBy) {
      const plugin = plugins?.get(name)
      if (!plugin?.queueingHint) return true
      const since = observer.now()
      const helps = plugin.queueingHint(info, event)
      observer.hinted(name, event, helps, since)
      if (helps) return true
    }
    return false
  }

  #isHeld({ info }: WaitingPod): boolean {
    return this.#profileOf(info)?.preEnqueue.some((plugin) => plugin.preEnqueue?.(info)) ?? false
  }

  /** The first plugin that keeps the Pod out of the active queue. */
  #holder({ info }: WaitingPod): Plugin | undefined {
    return this.#profileOf(info)?.preEnqueue.find((one) => one.preEnqueue?.(info))
  }

  #profileOf({ pod }: PodInfo): Profile | undefined {
    return this.#options.profiles.get(pod.spec.schedulerName ?? '')
  }

  #enter(pod: WaitingPod, event: string): void {
    if (this.#isHeld(pod)) {
      this.#gated.set(pod.info.uid, pod)
      this.#options.observer.incoming('unschedulable', event)
      return
    }
    this.#active.put(pod)
    this.#options.observer.incoming('active', event)
    this.#serve()
  }

  #wake(pod: WaitingPod, event: string): void {
    // it is making room for itself; what ends that wakes it again
    if (this.#isHeld(pod)) return
    this.#unschedulable.delete(pod.info.uid)
    if (isBackingOff(pod, this.#options.clock.elapsed())) {
      this.#backoff.put(pod)
      this.#options.observer.incoming('backoff', event)
      this.#armBackoff()
      this.#serve()
    } else {
      this.#enter(pod, event)
    }
  }

  /** Who waits has the first of all Pods that come by what happens now: the most important may be the last that it wakes. */
  #serve(): void {
    if (!this.#waiter || this.#isServing) return
    this.#isServing = true
    queueMicrotask(() => {
      this.#isServing = false
      const resolve = this.#waiter
      const pod = resolve && this.#next()
      if (!pod) return
      this.#waiter = undefined
      resolve({ ...pod, attempts: pod.attempts + 1 })
    })
  }

  /** The first active Pod; where there is none, one that backs off: it makes way for others, of which there are none. */
  // pkg/scheduler/backend/queue/active_queue.go unlockedPop
  #next(): WaitingPod | undefined {
    const active = this.#active.pop()
    if (active) return active
    const pod = this.#backoff.popEarly()
    if (!pod) return undefined
    this.#options.observer.incoming('active', 'PopFromBackoffQ')
    this.#armBackoff()
    return pod
  }

  /** The Pod after an attempt that failed. */
  // pkg/scheduler/backend/queue/scheduling_queue.go AddUnschedulablePodIfNotPresent
  #failed(pod: WaitingPod, counts: Pick<Failed, 'rejections' | 'errors'>): WaitingPod {
    const failed = { ...pod, ...counts, timestamp: this.#options.clock.elapsed() }
    return { ...failed, due: dueOf(failed, this.#options) }
  }

  #armBackoff(): void {
    this.#cancelBackoff?.()
    const end = this.#backoff.nextEnd
    if (end === undefined || this.#closed) return
    this.#cancelBackoff = this.#options.clock.timer(Math.max(0, end - this.#options.clock.elapsed()), () => {
      for (const pod of this.#backoff.popCompleted(this.#options.clock.elapsed())) this.#enter(pod, 'BackoffComplete')
      this.#armBackoff()
    })
  }

  /** Nobody waits forever for an event that a hint may have missed. */
  #armFlush(): void {
    this.#cancelFlush = this.#options.clock.timer(flushIntervalMs, () => {
      const oldest = this.#options.clock.elapsed() - this.#options.maxUnschedulableMs
      for (const pod of [...this.#unschedulable.values()])
        if (pod.timestamp < oldest) this.#wake({ ...pod, flushed: true }, 'UnschedulableTimeout')
      this.#armFlush()
    })
  }
}
