import { events } from '../api/resources.gen.ts'
import type { Event, ObjectReference } from '../api/types/core-v1.ts'
import type { Clock } from '../machinery/clock.ts'
import { isNotFound, StatusError } from '../machinery/errors.ts'
import type { Logger } from '../machinery/logger.ts'
import type { KubeObject } from '../machinery/object.ts'
import { formatTime } from '../machinery/time.ts'
import type { Client } from './client.ts'
import { EventCorrelator, type Verdict } from './event-correlator.ts'

interface RecorderOptions {
  client: Client
  clock: Clock
  log: Logger
  /** The program, e.g. "kubelet". */
  component: string
  /** The node, for programs that run on one. */
  host?: string
}

const maxQueued = 1000
// client-go tools/record/event.go
const maxTries = 12
const retryMs = 10_000
const flushLimitMs = 5_000
const maxMessageBytes = 1024

/** Writes core/v1 Events in the background. Nothing here ever throws: an event is worth no failure. */
export class EventRecorder {
  readonly #options: RecorderOptions
  readonly #correlator = new EventCorrelator()
  readonly #queue: Event[] = []
  #sending: Promise<void> | undefined
  #names = 0
  /** Since that was last told. */
  #dropped = 0

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** Takes an event about the object; past 1,000 waiting ones it is dropped. */
  event(
    about: KubeObject | ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    annotations: Readonly<Record<string, string>> = {},
  ): void {
    if (this.#queue.length >= maxQueued) {
      this.#dropped++
      return
    }
    this.#queue.push(this.#make(referenceTo(about), type, reason, message, annotations))
    this.#sending ??= this.#drain()
  }

  /** Resolves when everything is sent, or after five seconds. */
  async flush(): Promise<void> {
    const done = new AbortController()
    const limit = this.#options.clock.sleep(flushLimitMs, done.signal).catch(() => undefined)
    await Promise.race([this.#sending, limit])
    done.abort()
  }

  #make(
    involvedObject: ObjectReference,
    type: string,
    reason: string,
    message: string,
    annotations: Readonly<Record<string, string>>,
  ): Event {
    const { clock, component, host } = this.#options
    const now = clock.now()
    const time = formatTime(now)
    // unique and in order: the time in nanoseconds, of which the clock has not that many digits
    const stamp = BigInt(Math.trunc(now)) * 1_000_000n + BigInt(this.#names++ % 1_000_000)
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: `${involvedObject.name ?? ''}.${stamp.toString(16)}`,
        namespace: involvedObject.namespace || 'default',
        ...(Object.keys(annotations).length > 0 ? { annotations: { ...annotations } } : {}),
      },
      involvedObject,
      reason,
      message: message.length > maxMessageBytes ? message.slice(0, maxMessageBytes) : message,
      source: host === undefined ? { component } : { component, host },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    }
  }

  async #drain(): Promise<void> {
    // the caller stores this promise before it can come to its end
    await Promise.resolve()
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      const verdict = this.#correlator.correlate(event, this.#options.clock.elapsed())
      if (verdict.action !== 'drop') await this.#sendRetrying(verdict)
    }
    this.#sending = undefined
    if (this.#dropped === 0) return
    // once for all of them: a line for each would be work when there is too much of it
    this.#options.log.warn({ dropped: this.#dropped }, 'too many events waited to be sent, some were dropped')
    this.#dropped = 0
  }

  async #sendRetrying(verdict: Exclude<Verdict, { action: 'drop' }>): Promise<void> {
    const { clock, log } = this.#options
    for (let tries = 1; ; tries++) {
      try {
        this.#correlator.remember(verdict.key, await this.#send(verdict))
        return
      } catch (error) {
        const { reason, message } = verdict.event
        // a refusal stays a refusal; only an apiserver out of reach is worth another try
        if (error instanceof StatusError && error.code < 500) {
          log.warn({ reason, message, err: error }, 'the apiserver refused an event')
          return
        }
        if (tries >= maxTries) {
          log.warn({ reason, message, err: error }, 'could not send an event')
          return
        }
        await clock.sleep(tries === 1 ? retryMs * Math.random() : retryMs)
      }
    }
  }

  async #send(verdict: Exclude<Verdict, { action: 'drop' }>): Promise<Event> {
    const { client } = this.#options
    if (verdict.action === 'create') return client.create(events, verdict.event)
    const { name, namespace, patch, event } = verdict
    try {
      return await client.patch(events, name, patch, { type: 'strategic', namespace })
    } catch (error) {
      // the first one has expired meanwhile
      if (!isNotFound(error)) throw error
      return client.create(events, event)
    }
  }
}

/** What an event says it is about. */
// client-go tools/reference/ref.go GetReference
function referenceTo(about: KubeObject | ObjectReference): ObjectReference {
  if (!('metadata' in about)) return about
  const { apiVersion, kind, metadata } = about
  const { namespace, name, uid, resourceVersion } = metadata
  return { kind, namespace, name, uid, apiVersion, resourceVersion }
}
