import type { FlowSchema, PriorityLevelConfiguration } from '@kubets/shared/api/types/flowcontrol-v1.ts'
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '@kubets/shared/api/kinds/flowcontrol/bootstrap.ts'
import { allocate, nominalLimits, noDemand, withObserved, type Demand, type Limits, type Shares } from './allocate.ts'
import { seatsOfOne } from './estimate.ts'
import { distinguisherOf, inOrder, matches, type Digest } from './match.ts'
import { QueueSet, type Response, type Tally, type Ticket } from './queue-set.ts'
import { RetryAfter } from './retry-after.ts'
import { flowHash } from './shuffle.ts'

/** What has come of the requests of one schema, for the metrics. */
export interface Counts extends Tally {
  dispatched: number
  rejected: Record<RejectReason, number>
  waiting: number
  seatsWaiting: number
  executing: number
  seats: number
}

export type RejectReason = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled'

/** A priority level at work. */
export interface Level {
  readonly name: string
  uid: string
  isExempt: boolean
  limits: Limits
  demand: Demand
  /** The seats it is to have if it can; undefined: it was not asked what it needs. */
  target: number | undefined
  /** The most seats that one request gets. */
  seatsOfOne: number
  readonly queues: QueueSet
  readonly retryAfter: RetryAfter
}

export interface Schema {
  readonly object: FlowSchema
  readonly name: string
  readonly uid: string
  readonly level: Level
  readonly counts: Counts
}

/** Whose a ticket is. */
export interface Asked {
  schema: Schema
  digest: Digest
}

const maximumHashes = 10_000

/**
 * The priority levels and flow schemas in force, kept over changes of their objects. Mandatory ones are there also while
 * nobody has stored them.
 */
export class Levels {
  readonly #seats: number
  readonly #levels = new Map<string, Level>()
  #counts = new Map<string, Counts>()
  readonly #hashes = new Map<string, bigint>()
  readonly #flows = new WeakMap<Ticket, bigint>()
  readonly #requests = new WeakMap<Ticket, Asked>()
  #schemas: Schema[] = []
  #fairFraction = 0

  /** `seats` is the concurrency of the whole server. */
  constructor(seats: number) {
    this.#seats = seats
    this.configure([], [], 0)
  }

  get levels(): Iterable<Level> {
    return this.#levels.values()
  }
  /** What part of their targets levels have, as of the last call of `adjust`. */
  get fairFraction(): number {
    return this.#fairFraction
  }
  get schemas(): readonly Schema[] {
    return this.#schemas
  }

  /** Takes over what is stored; gives back who begins to execute by it. */
  configure(stored: Iterable<PriorityLevelConfiguration>, storedSchemas: Iterable<FlowSchema>, now: number): Ticket[] {
    const configurations = withMandatory(stored, mandatoryPriorityLevels)
    const limits = nominalLimits(configurations.map(sharesOf), this.#seats)
    const started: Ticket[] = []
    const gone = new Set(this.#levels.keys())
    for (const [i, configuration] of configurations.entries()) {
      const { name = '', uid = '' } = configuration.metadata
      const limit = limits[i] ?? { nominal: 0, lower: 0, upper: 0 }
      gone.delete(name)
      started.push(...this.#level(name, uid, responseOf(configuration), limit, now))
    }
    for (const name of gone) this.#levels.delete(name)
    const before = this.#counts
    this.#counts = new Map()
    this.#schemas = inOrder(withMandatory(storedSchemas, mandatoryFlowSchemas)).flatMap((object) => {
      const level = this.#levels.get(object.spec.priorityLevelConfiguration.name)
      const { name = '', uid = '' } = object.metadata
      return level === undefined ? [] : [{ object, name, uid, level, counts: this.#countsOf(name, level.name, before) }]
    })
    return started
  }

  /** The first schema that matches; there is one for everybody. */
  classify(digest: Digest): Schema {
    const found = this.#schemas.find(({ object }) => matches(object, digest)) ?? this.#schemas.at(-1)
    if (found === undefined) throw new Error('no FlowSchema is in force')
    return found
  }

  /** Takes a request in, as QueueSet.arrive. */
  arrive(schema: Schema, digest: Digest, work: Ticket['work'], now: number): ReturnType<QueueSet['arrive']> {
    const { level, name, object } = schema
    let hash: bigint | undefined
    const hashOf = (): bigint => (hash ??= this.#hash(name, distinguisherOf(object, digest)))
    const ticket = level.queues.arrive(hashOf, work, now, schema.counts)
    if (typeof ticket === 'string') return ticket
    this.#requests.set(ticket, { schema, digest })
    if (hash !== undefined && ticket.state === 'waiting') this.#flows.set(ticket, hash)
    return ticket
  }

  /** The request that a ticket was given for. */
  asked(ticket: Ticket): Asked | undefined {
    return this.#requests.get(ticket)
  }

  /** Divides the seats by what was wanted since the last call; gives back who begins to execute by it. */
  adjust(now: number): Ticket[] {
    for (const level of this.levels) level.demand = withObserved(level.demand, level.queues.takeDemand(now))
    const limited = [...this.levels].filter(({ isExempt }) => !isExempt)
    const { limits, targets, fairFraction } = allocate(limited, this.#seats)
    this.#fairFraction = fairFraction
    return limited.flatMap((level, i) => {
      level.target = targets[i]
      return level.queues.setLimit(limits[i] ?? 1, now)
    })
  }

  #level(name: string, uid: string, response: Response, limits: Limits, now: number): Ticket[] {
    const known = this.#levels.get(name)
    const isExempt = response === 'exempt'
    const limit = Math.max(1, limits.nominal)
    if (known === undefined) {
      this.#levels.set(name, {
        name,
        uid,
        isExempt,
        limits,
        demand: noDemand,
        target: undefined,
        seatsOfOne: seatsOfOne(limits.nominal),
        queues: new QueueSet(response, limit),
        retryAfter: new RetryAfter(),
      })
      return []
    }
    const moved = known.limits.nominal !== limits.nominal
    Object.assign(known, { uid, isExempt, limits, seatsOfOne: seatsOfOne(limits.nominal) })
    const started = known.queues.setResponse(response, now, (ticket) => this.#flows.get(ticket) ?? 0n)
    return moved ? [...started, ...known.queues.setLimit(limit, now)] : started
  }

  /** The counts go on for as long as the schema has the level. */
  #countsOf(schema: string, level: string, before: ReadonlyMap<string, Counts>): Counts {
    const key = JSON.stringify([schema, level])
    const rejected = { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0, cancelled: 0 }
    const counts = before.get(key) ?? {
      dispatched: 0,
      rejected,
      waiting: 0,
      seatsWaiting: 0,
      executing: 0,
      seats: 0,
      noAccommodation: 0,
    }
    this.#counts.set(key, counts)
    return counts
  }

  #hash(schema: string, distinguisher: string): bigint {
    const key = `${schema},${distinguisher}`
    let hash = this.#hashes.get(key)
    if (hash === undefined) {
      if (this.#hashes.size >= maximumHashes) this.#hashes.clear()
      this.#hashes.set(key, (hash = flowHash(schema, distinguisher)))
    }
    return hash
  }
}

function withMandatory<T extends FlowSchema | PriorityLevelConfiguration>(
  stored: Iterable<T>,
  mandatory: readonly T[],
): T[] {
  const all = [...stored]
  const names = new Set(all.map(({ metadata }) => metadata.name))
  return [...all, ...mandatory.filter(({ metadata }) => !names.has(metadata.name))]
}

function sharesOf({ spec: { limited, exempt } }: PriorityLevelConfiguration): Shares {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = limited ?? exempt ?? {}
  const borrowingLimitPercent = limited?.borrowingLimitPercent
  return { shares, lendablePercent, ...(borrowingLimitPercent === undefined ? {} : { borrowingLimitPercent }) }
}

function responseOf({ spec: { type, limited } }: PriorityLevelConfiguration): Response {
  return type === 'Exempt' ? 'exempt' : (limited?.limitResponse?.queuing ?? 'reject')
}
