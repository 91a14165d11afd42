import type { Clock } from '../machinery/clock.ts'
import { DelayHeap } from './delay-heap.ts'

/** Told what happens in queues, each by its name. */
// client-go util/workqueue/metrics.go queueMetrics
export interface QueueObserver {
  added(queue: string): void
  retried(queue: string): void
  /** A key has waited for a worker. */
  waited(queue: string, seconds: number): void
  /** A worker has dealt with a key. */
  worked(queue: string, seconds: number): void
}

interface WorkQueueOptions {
  name: string
  clock: Clock
  observer?: QueueObserver | undefined
  /** The wait after a key's first failure; doubles with each further one. */
  baseDelayMs?: number
  maxDelayMs?: number
}

/**
 * Keys that need work. A key waits in the queue once however often it was added; a key added while it is being
 * worked on comes again when that is done, so no two workers ever hold the same key.
 */
// client-go util/workqueue: queue.go, delaying_queue.go, rate_limiting_queue.go
export class WorkQueue {
  readonly name: string
  readonly #clock: Clock
  readonly #baseDelayMs: number
  readonly #maxDelayMs: number
  /** In order of arrival; a Set keeps insertion order and takes from the front in constant time. */
  readonly #queue = new Set<string>()
  /** Needs work: waiting in the queue, or added again while being worked on; and since when. */
  readonly #dirty = new Map<string, number>()
  /** Since when each key is worked on; the one that is worked on longest comes first. */
  readonly #processing = new Map<string, number>()
  readonly #observer: QueueObserver | undefined
  readonly #failures = new Map<string, number>()
  readonly #delayed = new DelayHeap()
  readonly #takers: ((key: string | undefined) => void)[] = []
  #cancelTimer: (() => void) | undefined
  #timerAt = Infinity
  #shutDown = false

  constructor({ name, clock, observer, baseDelayMs = 5, maxDelayMs = 1_000_000 }: WorkQueueOptions) {
    this.name = name
    this.#observer = observer
    this.#clock = clock
    this.#baseDelayMs = baseDelayMs
    this.#maxDelayMs = maxDelayMs
  }

  /** How many keys wait for a worker now (not those whose delay still runs). */
  get length(): number {
    return this.#queue.size
  }

  /** The key that has been worked on longest, and how long; undefined while nobody works. */
  get longest(): { readonly key: string; readonly ms: number } | undefined {
    for (const [key, since] of this.#processing) return { key, ms: this.#clock.elapsed() - since }
    return undefined
  }

  /** How long the keys that are worked on now have been so, together. */
  get unfinishedMs(): number {
    const now = this.#clock.elapsed()
    return [...this.#processing.values()].reduce((sum, since) => sum + now - since, 0)
  }

  add(key: string): void {
    if (this.#shutDown || this.#dirty.has(key)) return
    this.#observer?.added(this.name)
    this.#dirty.set(key, this.#clock.elapsed())
    if (!this.#processing.has(key)) this.#enqueue(key)
  }

  /** Adds the key after `ms`; of several such calls the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#shutDown) return
    this.#observer?.retried(this.name)
    if (ms <= 0) {
      this.add(key)
      return
    }
    this.#delayed.add(key, this.#clock.elapsed() + ms)
    this.#arm()
  }

  /** Adds the key after a wait that grows with its failures since the last `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.addAfter(key, Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs))
  }

  /** The key succeeded (or is given up): its next failure waits briefly again. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  numRequeues(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, as soon as there is one; undefined once the queue is shut down and empty. */
  get(): Promise<string | undefined> {
    const [key] = this.#queue
    if (key !== undefined) {
      this.#queue.delete(key)
      return Promise.resolve(this.#hand(key))
    }
    if (this.#shutDown) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  /** Must follow every `get`: the key may be handed out again. */
  done(key: string): void {
    const since = this.#processing.get(key)
    if (since !== undefined) this.#observer?.worked(this.name, (this.#clock.elapsed() - since) / 1000)
    this.#processing.delete(key)
    if (this.#dirty.has(key)) this.#enqueue(key)
  }

  /** Takes no more keys; those that wait are still handed out, those whose delay runs are dropped. */
  shutDown(): void {
    this.#shutDown = true
    this.#cancelTimer?.()
    this.#delayed.clear()
    for (const taker of this.#takers.splice(0)) taker(undefined)
  }

  #enqueue(key: string): void {
    const taker = this.#takers.shift()
    if (taker === undefined) this.#queue.add(key)
    else taker(this.#hand(key))
  }

  #hand(key: string): string {
    const now = this.#clock.elapsed()
    this.#observer?.waited(this.name, (now - (this.#dirty.get(key) ?? now)) / 1000)
    this.#dirty.delete(key)
    this.#processing.set(key, now)
    return key
  }

  /** One timer, for the key that is due first. */
  #arm(): void {
    const at = this.#delayed.nextAt
    if (at >= this.#timerAt) return
    this.#cancelTimer?.()
    this.#timerAt = at
    this.#cancelTimer = this.#clock.timer(at - this.#clock.elapsed(), () => {
      this.#timerAt = Infinity
      for (const key of this.#delayed.takeDue(this.#clock.elapsed())) this.add(key)
      this.#arm()
    })
  }
}
