import { flowSchemas, priorityLevelConfigurations } from '@kubets/shared/api/resources.gen.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '@kubets/shared/api/types/flowcontrol-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { kindOfRef } from '../auth/lookup.ts'
import type { CachedKind, Registry } from '../registry/types.ts'
import { estimate, isWrite, type Subject } from './estimate.ts'
import { Levels, type RejectReason, type Schema } from './levels.ts'
import type { Digest } from './match.ts'
import type { Observer } from './metrics.ts'
import type { Ticket, Work } from './queue-set.ts'
import { ReadWriteRequests } from './read-write.ts'

/** A request that may run: it holds its seats until it gives them back. */
export interface Seat {
  readonly schema: Schema
  /** May be called more than once. */
  release(): void
}

/** The request was not let in. */
export class Rejected extends Error {
  readonly schema: Schema
  /** Seconds to stay away. */
  readonly retryAfter: number

  constructor(schema: Schema, reason: RejectReason, retryAfter: number) {
    super(reason)
    this.schema = schema
    this.retryAfter = retryAfter
  }
}

// staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go: a quarter of --request-timeout
const waitMilliseconds = 15_000

/** Lets requests in by priority and fairness. */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol
export class FlowControl {
  readonly levels: Levels
  readonly requests = new ReadWriteRequests()
  readonly #clock: Clock
  readonly #observer: Observer
  readonly #schemaObjects: CachedKind
  readonly #levelObjects: CachedKind
  readonly #waiters = new WeakMap<Ticket, () => void>()
  #schemasChanged = -1
  #levelsChanged = -1

  /** `seats` is the concurrency of the whole server. */
  constructor(registry: Registry, seats: number, clock: Clock, observer: Observer) {
    this.levels = new Levels(seats)
    this.#observer = observer
    this.#clock = clock
    this.#schemaObjects = registry.cached(kindOfRef(flowSchemas))
    this.#levelObjects = registry.cached(kindOfRef(priorityLevelConfigurations))
  }

  /**
   * Seats for a request, at once or when it is its turn. Throws or rejects with Rejected when there is no room, and with
   * the signal's reason when the sender does not wait any longer.
   */
  acquire(digest: Digest, subject: () => Subject, signal: AbortSignal): Seat | Promise<Seat> {
    this.#refresh()
    const schema = this.levels.classify(digest)
    const { level } = schema
    const work = level.isExempt ? free : this.#estimate(schema, subject())
    const now = this.#clock.elapsed()
    const ticket = this.levels.arrive(schema, digest, work, now)
    if (typeof ticket === 'string') {
      this.#observer.waited(schema, false, 0)
      throw this.#reject(schema, ticket)
    }
    if (ticket.queueLength > 0) this.#observer.queued(schema, ticket.queueLength)
    const { verb } = digest
    if (ticket.state === 'executing') return this.#seat(schema, ticket, verb)
    return this.#wait(schema, ticket, verb, signal)
  }

  #estimate(schema: Schema, subject: Subject): Work {
    const work = estimate(subject, schema.level.seatsOfOne)
    this.#observer.estimated(schema, Math.max(work.seats, work.finalSeats))
    if (isWrite(subject)) this.#observer.watched(schema, subject.watchers)
    return work
  }

  /** Divides the seats anew; to be called every ten seconds. */
  adjust(): void {
    this.#wake(this.levels.adjust(this.#clock.elapsed()))
  }

  #refresh(): void {
    const { changed: schemas } = this.#schemaObjects
    const { changed: levels } = this.#levelObjects
    if (schemas === this.#schemasChanged && levels === this.#levelsChanged) return
    this.#schemasChanged = schemas
    this.#levelsChanged = levels
    this.#wake(
      this.levels.configure(
        this.#levelObjects.list() as Iterable<PriorityLevelConfiguration>,
        this.#schemaObjects.list() as Iterable<FlowSchema>,
        this.#clock.elapsed(),
      ),
    )
  }

  #wait(schema: Schema, ticket: Ticket, verb: string, signal: AbortSignal): Promise<Seat> {
    const { counts } = schema
    counts.waiting++
    counts.seatsWaiting += ticket.work.seats
    this.requests.change('waiting', verb, 1, ticket.arrived)
    return new Promise((resolve, reject) => {
      const done = (): void => {
        counts.waiting--
        counts.seatsWaiting -= ticket.work.seats
        this.requests.change('waiting', verb, -1, this.#clock.elapsed())
        cancelTimer()
        signal.removeEventListener('abort', aborted)
      }
      const giveUp = (reason: RejectReason, error?: unknown): void => {
        done()
        const now = this.#clock.elapsed()
        this.#observer.waited(schema, false, (now - ticket.arrived) / 1000)
        this.#wake(schema.level.queues.end(ticket, now))
        const rejected = this.#reject(schema, reason)
        reject(error instanceof Error ? error : rejected)
      }
      const aborted = (): void => giveUp('cancelled', signal.reason)
      const cancelTimer = this.#clock.timer(waitMilliseconds, () => giveUp('time-out'))
      signal.addEventListener('abort', aborted)
      this.#waiters.set(ticket, () => {
        done()
        resolve(this.#seat(schema, ticket, verb))
      })
    })
  }

  #seat(schema: Schema, ticket: Ticket, verb: string): Seat {
    const { counts, level } = schema
    if (!level.isExempt) this.#observer.waited(schema, true, (ticket.started - ticket.arrived) / 1000)
    const { seats, finalSeats, finalMs } = ticket.work
    counts.dispatched++
    counts.executing++
    this.requests.change('executing', verb, 1, ticket.started)
    counts.seats += seats
    return {
      schema,
      release: () => {
        if (ticket.state === 'ended') return
        counts.executing--
        counts.seats -= seats
        const now = this.#clock.elapsed()
        this.requests.change('executing', verb, -1, now)
        this.#observer.executed(schema, verb === 'watch', (now - ticket.started) / 1000)
        if (finalSeats > 0) {
          level.queues.holdSeats(finalSeats, now)
          this.#clock.timer(finalMs, () => this.#wake(level.queues.holdSeats(-finalSeats, this.#clock.elapsed())))
        }
        this.#wake(level.queues.end(ticket, now))
      },
    }
  }

  #reject(schema: Schema, reason: RejectReason): Rejected {
    const { counts, level } = schema
    counts.rejected[reason]++
    level.retryAfter.record(this.#clock.elapsed())
    return new Rejected(schema, reason, level.retryAfter.seconds)
  }

  #wake(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) this.#waiters.get(ticket)?.()
  }
}

const free = { seats: 1, finalSeats: 0, finalMs: 0 }
