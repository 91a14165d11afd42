import { deal } from './shuffle.ts'
import { Integrator, Utilization, type Observed } from './utilization.ts'

/** What a request takes: seats while it runs, and seats for some time after that. */
export interface Work {
  seats: number
  finalSeats: number
  /** Milliseconds that the final seats are held after the request has ended. */
  finalMs: number
}

export interface Queuing {
  queues: number
  handSize: number
  queueLengthLimit: number
}

/** How requests beyond the limit are treated; 'exempt': there is no limit. */
export type Response = Queuing | 'reject' | 'exempt'

interface Queue {
  waiting: Ticket[]
  /** Seat-seconds of all that waits. */
  work: number
  readonly executing: Set<Ticket>
  seats: number
  /** Virtual time at which its next request would start. */
  nextDispatch: number
}

/** A request that was taken in, from its arrival to its end. */
export interface Ticket {
  readonly work: Work
  readonly arrived: number
  state: 'waiting' | 'executing' | 'ended'
  /** When it began to execute. */
  started: number
  /** How many were in its queue when it had come in; 0: it had none. */
  queueLength: number
  queue: Queue | undefined
  readonly tally: Tally | undefined
}

/** What is counted of the requests of one flow schema while they wait. */
export interface Tally {
  /** How often it was a request's turn, and there was no room for it. */
  noAccommodation: number
}

/** A queue for people to look at. */
export interface QueueState {
  waiting: readonly Ticket[]
  executing: readonly Ticket[]
  seatsInUse: number
  /** Virtual time at which its next request would start. */
  nextDispatch: number
  /** Seat-seconds of all that waits. */
  work: number
}

/** Virtual times at the last time a request was taken out of a queue. */
// queueset.go findDispatchQueueToBoundLocked, metrics.go SetDispatchMetrics
export interface Dispatch {
  at: number
  /** Of the request that was taken. */
  start: number
  /** The least and the most over all queues in which somebody waited. */
  starts: [min: number, max: number]
  /** The same, less what of each queue is thought to be in progress. */
  discounted: [min: number, max: number]
}

export type Rejection = 'queue-full' | 'concurrency-limit'

// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset/queueset.go: a guess that is made good at the end
const estimatedSeconds = 0.003

const workOf = ({ seats, finalSeats, finalMs }: Work): number =>
  seats * estimatedSeconds + finalSeats * (finalMs / 1000)

/**
 * The requests of one priority level: some execute, the others wait in queues and are taken in the order that a fair
 * share of the seats for each queue would finish them in (fair queuing by virtual time). All times are milliseconds,
 * given by the caller; nothing here has a clock.
 */
// staging/src/k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset/doc.go
export class QueueSet {
  #response: Response
  #limit: number
  #queues: Queue[] = []
  #robin = 0
  /** Virtual time: seat-seconds that each busy queue has had. */
  #virtual = 0
  #lastReal: number | undefined
  #busyQueues = 0
  #executing = 0
  /** Those that never had a queue. */
  readonly #queueless = new Set<Ticket>()
  #seatsInUse = 0
  #seatsWaiting = 0
  #waiting = 0
  readonly #observed = new Integrator()
  /** What part of it was in use, over time. */
  readonly utilization = new Utilization()
  #dispatched: Dispatch | undefined

  constructor(response: Response, limit: number) {
    this.#response = response
    this.#limit = limit
    this.#queues = newQueues(response)
  }

  get executing(): number {
    return this.#executing
  }
  get waiting(): number {
    return this.#waiting
  }
  get seatsInUse(): number {
    return this.#seatsInUse
  }
  get limit(): number {
    return this.#limit
  }
  /** Virtual time, as of the last change. */
  get virtual(): number {
    return this.#virtual
  }

  /** The last time that somebody's waiting ended by its turn. */
  get dispatched(): Dispatch | undefined {
    return this.#dispatched
  }

  /** Every queue as it is now, and the requests that execute without one. */
  get state(): { queues: QueueState[]; queueless: Ticket[] } {
    const queues = this.#queues.map(({ waiting, executing, seats, nextDispatch, work }) => ({
      waiting: [...waiting],
      executing: [...executing],
      seatsInUse: seats,
      nextDispatch,
      work,
    }))
    return { queues, queueless: [...this.#queueless] }
  }

  /** The seats that were in use or waited for since the last call: the demand. */
  takeDemand(now: number): Observed {
    this.advance(now)
    return this.#observed.take(this.#demand)
  }

  /** Another number of seats; gives back who begins to execute. */
  setLimit(limit: number, now: number): Ticket[] {
    this.advance(now)
    this.#limit = limit
    return this.#dispatch(now)
  }

  /** Other queues: who waits is dealt anew, in the order of arrival. `hashOf` gives the flow's hash of each. */
  setResponse(response: Response, now: number, hashOf: (ticket: Ticket) => bigint): Ticket[] {
    if (JSON.stringify(response) === JSON.stringify(this.#response)) return []
    this.advance(now)
    const waiting = this.#queues.flatMap((queue) => queue.waiting).sort((a, b) => a.arrived - b.arrived)
    this.#response = response
    this.#queues = newQueues(response)
    this.#busyQueues = 0
    this.#waiting = 0
    this.#seatsWaiting = 0
    if (this.#queues.length === 0) {
      for (const ticket of waiting) this.#start(ticket, now)
      return waiting
    }
    for (const ticket of waiting) this.#enqueue(ticket, this.#choose(hashOf(ticket)))
    return this.#dispatch(now)
  }

  /** Takes a request in, to execute at once or to wait; or says why not. */
  arrive(hash: () => bigint, work: Work, now: number, tally?: Tally): Ticket | Rejection {
    const ticket: Ticket = {
      work,
      arrived: now,
      state: 'waiting',
      started: now,
      queueLength: 0,
      queue: undefined,
      tally,
    }
    this.advance(now)
    if (this.#response === 'exempt' || this.#response === 'reject') {
      if (this.#response === 'reject' && !this.#fits(work.seats)) return 'concurrency-limit'
      this.#start(ticket, now)
      return ticket
    }
    const queue = this.#choose(hash())
    if (queue.waiting.length >= this.#response.queueLengthLimit) return 'queue-full'
    this.#enqueue(ticket, queue)
    ticket.queueLength = queue.waiting.length
    this.#dispatch(now)
    return ticket
  }

  /** A request has ended, or its sender does not wait any longer. Gives back who begins to execute. */
  end(ticket: Ticket, now: number): Ticket[] {
    if (ticket.state === 'ended') return []
    this.advance(now)
    if (ticket.state === 'waiting') this.#abandon(ticket)
    else this.#finish(ticket, now)
    ticket.state = 'ended'
    return this.#dispatch(now)
  }

  /** The seats that a request keeps for a while after it has ended are taken, or given back. */
  holdSeats(seats: number, now: number): Ticket[] {
    this.advance(now)
    this.#seatsInUse += seats
    this.#sample()
    return seats < 0 ? this.#dispatch(now) : []
  }

  get #demand(): number {
    return this.#seatsInUse + this.#seatsWaiting
  }

  #sample(): void {
    this.#observed.reached(this.#demand)
  }

  // queueset.go syncTimeLocked, getVirtualTimeRatioLocked
  /** All has been as it is until now. */
  advance(now: number): void {
    // nothing is known of the time before the first look
    const seconds = Math.max(now - (this.#lastReal ?? now), 0) / 1000
    this.#lastReal = now
    if (seconds > 0) this.#observe(seconds)
    if (this.#busyQueues > 0) this.#virtual += (seconds * Math.min(this.#demand, this.#limit)) / this.#busyQueues
  }

  #observe(seconds: number): void {
    const response = this.#response
    this.#observed.add(seconds, this.#demand)
    this.utilization.add(seconds, {
      demand: this.#demand,
      seatsInUse: this.#seatsInUse,
      executing: this.#executing,
      waiting: this.#waiting,
      limit: this.#limit,
      capacity: typeof response === 'string' ? 0 : response.queues * response.queueLengthLimit,
    })
  }

  // queueset.go canAccommodateSeatsLocked
  #fits(seats: number): boolean {
    // what is wider than the level runs when it is alone
    if (seats > this.#limit) return this.#executing === 0
    return this.#seatsInUse + seats <= this.#limit
  }

  // queueset.go shuffleShardLocked
  #choose(hash: bigint): Queue {
    const { handSize } = this.#response as Queuing
    const load = ({ work, seats }: Queue): number => work + seats * estimatedSeconds
    let best: Queue | undefined
    for (const index of deal(hash, this.#queues.length, handSize)) {
      const queue = this.#queues[index]
      if (queue !== undefined && (best === undefined || load(queue) < load(best))) best = queue
    }
    if (best === undefined) throw new Error('a priority level without queues')
    return best
  }

  #enqueue(ticket: Ticket, queue: Queue): void {
    if (isIdle(queue)) {
      queue.nextDispatch = this.#virtual
      this.#busyQueues++
    }
    ticket.queue = queue
    queue.waiting.push(ticket)
    queue.work += workOf(ticket.work)
    this.#waiting++
    this.#seatsWaiting += ticket.work.seats
    this.#sample()
  }

  #dequeue(ticket: Ticket, queue: Queue): void {
    queue.waiting.splice(queue.waiting.indexOf(ticket), 1)
    queue.work = queue.waiting.length === 0 ? 0 : queue.work - workOf(ticket.work)
    this.#waiting--
    this.#seatsWaiting -= ticket.work.seats
  }

  #abandon(ticket: Ticket): void {
    const { queue } = ticket
    if (queue === undefined) return
    this.#dequeue(ticket, queue)
    if (isIdle(queue)) this.#busyQueues--
  }

  #start(ticket: Ticket, now: number): void {
    ticket.state = 'executing'
    ticket.started = now
    this.#executing++
    if (ticket.queue === undefined) this.#queueless.add(ticket)
    this.#seatsInUse += ticket.work.seats
    this.#sample()
  }

  // queueset.go finishRequestLocked: the guess at dispatch is replaced by what it took
  #finish(ticket: Ticket, now: number): void {
    const { queue, work } = ticket
    this.#executing--
    this.#seatsInUse -= work.seats
    this.#queueless.delete(ticket)
    if (queue === undefined) return
    queue.executing.delete(ticket)
    queue.seats -= work.seats
    queue.nextDispatch -= (estimatedSeconds - (now - ticket.started) / 1000) * work.seats
    if (isIdle(queue) && this.#queues.includes(queue)) this.#busyQueues--
  }

  // queueset.go dispatchAsMuchAsPossibleLocked
  #dispatch(now: number): Ticket[] {
    const started: Ticket[] = []
    while (this.#waiting > 0) {
      const queue = this.#next()
      const ticket = queue?.waiting[0]
      if (queue === undefined || ticket === undefined) break
      if (!this.#fits(ticket.work.seats)) {
        if (ticket.tally !== undefined) ticket.tally.noAccommodation++
        break
      }
      this.#dequeue(ticket, queue)
      queue.executing.add(ticket)
      queue.seats += ticket.work.seats
      queue.nextDispatch = Math.max(queue.nextDispatch, this.#virtual) + workOf(ticket.work)
      this.#start(ticket, now)
      started.push(ticket)
    }
    return started
  }

  // queueset.go findDispatchQueueToBoundLocked: the one whose first request would be the first to finish
  #next(): Queue | undefined {
    const { length } = this.#queues
    let best: Queue | undefined
    let bestIndex = this.#robin
    let bestFinish = Infinity
    const starts: [number, number] = [Infinity, -Infinity]
    const discounted: [number, number] = [Infinity, -Infinity]
    for (let step = 1; step <= length; step++) {
      const index = (this.#robin + step) % length
      const queue = this.#queues[index]
      const first = queue?.waiting[0]
      if (queue === undefined || first === undefined) continue
      widen(starts, queue.nextDispatch)
      widen(discounted, queue.nextDispatch - queue.seats * estimatedSeconds)
      const finish = queue.nextDispatch + workOf(first.work)
      if (finish >= bestFinish) continue
      best = queue
      bestIndex = index
      bestFinish = finish
    }
    if (best !== undefined && this.#fits(best.waiting[0]?.work.seats ?? 0)) {
      this.#robin = bestIndex
      this.#dispatched = { at: this.#virtual, start: best.nextDispatch, starts, discounted }
    }
    return best
  }
}

function widen(bounds: [min: number, max: number], value: number): void {
  bounds[0] = Math.min(bounds[0], value)
  bounds[1] = Math.max(bounds[1], value)
}

const isIdle = ({ waiting, executing }: Queue): boolean => waiting.length === 0 && executing.size === 0

function newQueues(response: Response): Queue[] {
  if (typeof response === 'string') return []
  return Array.from({ length: response.queues }, () => ({
    waiting: [],
    work: 0,
    executing: new Set<Ticket>(),
    seats: 0,
    nextDispatch: 0,
  }))
}
