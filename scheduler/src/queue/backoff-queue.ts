import { Heap } from './heap.ts'

/** What backing off is reckoned by. */
export interface Failed {
  readonly info: { readonly uid: string }
  /** Attempts that found no node. */
  readonly rejections: number
  /** Attempts in a row, the last among them, that ended in an error. */
  readonly errors: number
  /** When the last attempt ended, ms. */
  readonly timestamp: number
  /** The second in which its time to back off ends, ms; -Infinity for one that need not. */
  readonly due: number
}

export interface BackoffOptions {
  readonly initialBackoffMs: number
  /** 0: nobody backs off. */
  readonly maxBackoffMs: number
}

// Within a second it is not time that counts, but who is more important: so whole seconds end together.
// pkg/scheduler/backend/queue/backoff_queue.go backoffQOrderingWindowDuration
const windowMs = 1000
const windowOf = (ms: number): number => Math.floor(ms / windowMs) * windowMs

/** The second in which an attempt's time to back off ends: it doubles with each of its kind; errors count apart. */
// backoff_queue.go getBackoffTime, calculateBackoffDuration
export const dueOf = (
  { rejections, errors, timestamp }: Omit<Failed, 'info' | 'due'>,
  { initialBackoffMs, maxBackoffMs }: BackoffOptions,
): number => {
  const count = errors > 0 ? errors : rejections
  if (count === 0 || maxBackoffMs === 0) return -Infinity
  return windowOf(timestamp + Math.min(maxBackoffMs, initialBackoffMs * 2 ** (count - 1)))
}

/** Whether it still has to back off: to the end of the second its time ends in. */
// backoff_queue.go isPodBackingoff
export const isBackingOff = ({ due }: Pick<Failed, 'due'>, now: number): boolean => due >= windowOf(now)

/**
 * Pods that back off after an attempt: those that found no node, who are only to let others pass, by the second and then
 * as active ones; and those that met an error, who are not tried before their time.
 */
// pkg/scheduler/backend/queue/backoff_queue.go backoffQueue
export class BackoffQueue<T extends Failed> {
  readonly #rejected: Heap<T>
  readonly #errors: Heap<T>

  /** @param comesFirst how active Pods are sorted */
  constructor(comesFirst: (a: T, b: T) => boolean) {
    const uid = ({ info }: T): string => info.uid
    this.#rejected = new Heap(uid, (a, b) => (a.due === b.due ? comesFirst(a, b) : a.due < b.due))
    this.#errors = new Heap(uid, (a, b) => a.due < b.due)
  }

  get size(): number {
    return this.#rejected.size + this.#errors.size
  }

  get items(): T[] {
    return [...this.#rejected.items, ...this.#errors.items]
  }

  /** When the next of them are done, ms; undefined where there is none. */
  get nextEnd(): number | undefined {
    const first = Math.min(this.#rejected.peek()?.due ?? Infinity, this.#errors.peek()?.due ?? Infinity)
    return first === Infinity ? undefined : first + windowMs
  }

  put(pod: T): void {
    ;(pod.errors > 0 ? this.#errors : this.#rejected).put(pod)
  }

  get(uid: string): T | undefined {
    return this.#rejected.get(uid) ?? this.#errors.get(uid)
  }

  delete(uid: string): void {
    this.#rejected.delete(uid)
    this.#errors.delete(uid)
  }

  /** The first that may be tried when nobody else is there: never one that met an error. */
  popEarly(): T | undefined {
    return this.#rejected.pop()
  }

  /** Takes out those who are done, in their order. */
  popCompleted(now: number): T[] {
    const done: T[] = []
    for (const heap of [this.#rejected, this.#errors])
      for (let pod = heap.peek(); pod && !isBackingOff(pod, now); pod = heap.peek()) {
        heap.pop()
        done.push(pod)
      }
    return done
  }
}
