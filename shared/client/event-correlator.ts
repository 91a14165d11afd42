import type { Event } from '../api/types/core-v1.ts'

// client-go tools/record/events_cache.go: the numbers clients are used to
const maxRemembered = 4096
const similarLimit = 10
const similarWindowMs = 600_000
const spamBurst = 25
const spamRefillMs = 300_000

/** What to send for an event: nothing, a new object, or a change of the one sent before. */
export type Verdict =
  | { action: 'drop' }
  | { action: 'create'; key: string; event: Event }
  | { action: 'bump'; key: string; name: string; namespace: string; patch: object; event: Event }

interface Sent {
  name: string
  count: number
  firstTimestamp: string
}

/** Folds repeats into a count, many similar ones into one, and lets no object send without bounds. */
// client-go tools/record/events_cache.go EventCorrelator
export class EventCorrelator {
  readonly #spam = new Lru<{ tokens: number; at: number }>(maxRemembered)
  readonly #similar = new Lru<{ messages: Set<string>; at: number }>(maxRemembered)
  readonly #sent = new Lru<Sent>(maxRemembered)

  /** `now` in milliseconds of the clock's elapsed time. */
  correlate(event: Event, now: number): Verdict {
    const { key, message } = this.#aggregate(event, now)
    if (this.#isSpam(event, now)) return { action: 'drop' }
    const before = this.#sent.get(key)
    if (before === undefined) return { action: 'create', key, event: { ...event, message } }
    const count = before.count + 1
    const { lastTimestamp } = event
    const folded = { ...event, message, count, firstTimestamp: before.firstTimestamp }
    const { namespace = '' } = event.metadata
    return {
      action: 'bump',
      key,
      name: before.name,
      namespace,
      patch: { message, count, lastTimestamp },
      event: folded,
    }
  }

  /** Remembers what the server now has, so that the next like it only raises the count. */
  remember(key: string, event: Event): void {
    const { count = 1, firstTimestamp = '' } = event
    this.#sent.set(key, { name: event.metadata.name ?? '', count, firstTimestamp })
  }

  /** Past a number of different messages for the same reason, they are all one event. */
  #aggregate(event: Event, now: number): { key: string; message: string } {
    const { involvedObject, type, reason, message = '' } = event
    const group = JSON.stringify([objectKeyOf(event), type, reason])
    let record = this.#similar.get(group)
    if (record === undefined || now - record.at > similarWindowMs) record = { messages: new Set(), at: now }
    record.at = now
    if (record.messages.size < similarLimit) record.messages.add(message)
    this.#similar.set(group, record)
    if (record.messages.size < similarLimit) return { key: group + (involvedObject.fieldPath ?? '') + message, message }
    return { key: group, message: `(combined from similar events): ${message}` }
  }

  /** A bucket of tokens per source and object. */
  #isSpam(event: Event, now: number): boolean {
    const key = objectKeyOf(event)
    const bucket = this.#spam.get(key) ?? { tokens: spamBurst, at: now }
    const tokens = Math.min(spamBurst, bucket.tokens + (now - bucket.at) / spamRefillMs)
    this.#spam.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
    return tokens < 1
  }
}

/** Who says it about which object, at whatever version and in whatever part of it. */
function objectKeyOf({ source, involvedObject }: Event): string {
  return JSON.stringify([source, { ...involvedObject, resourceVersion: '', fieldPath: '' }])
}

/** Remembers the most recently used entries. */
class Lru<V> {
  readonly #entries = new Map<string, V>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#max) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
