import { describe, expect, it } from 'vitest'
import { QueueSet, type Response, type Ticket, type Work } from './queue-set.ts'

const one: Work = { seats: 1, finalSeats: 0, finalMs: 0 }
const wide = (seats: number): Work => ({ ...one, seats })
/** Flows by number: with a hand of one the hash is the queue. */
const eight: Response = { queues: 8, handSize: 1, queueLengthLimit: 50 }

function arrive(set: QueueSet, flow: number, now: number, work = one): Ticket {
  const ticket = set.arrive(() => BigInt(flow), work, now)
  if (typeof ticket === 'string') throw new Error(`rejected: ${ticket}`)
  return ticket
}

describe('QueueSet', () => {
  it('starts what there are seats for, and the others as seats come free', () => {
    const set = new QueueSet(eight, 2)
    const tickets = [0, 1, 2, 3].map((flow) => arrive(set, flow, 0))
    expect(tickets.map(({ state }) => state)).toEqual(['executing', 'executing', 'waiting', 'waiting'])
    expect([set.executing, set.waiting, set.seatsInUse]).toEqual([2, 2, 2])
    expect(set.end(tickets[0] as Ticket, 5)).toEqual([tickets[2]])
    expect(set.end(tickets[0] as Ticket, 6)).toEqual([])
    expect(set.end(tickets[3] as Ticket, 7)).toEqual([])
    expect([set.executing, set.waiting]).toEqual([2, 0])
    set.end(tickets[1] as Ticket, 8)
    set.end(tickets[2] as Ticket, 8)
    expect([set.executing, set.waiting, set.seatsInUse]).toEqual([0, 0, 0])
  })

  it('gives each flow its share, however many requests another sends', () => {
    const set = new QueueSet(eight, 1)
    const running = arrive(set, 0, 0)
    const flood = Array.from({ length: 20 }, () => arrive(set, 0, 0))
    const few = Array.from({ length: 5 }, () => arrive(set, 1, 0))
    const order: string[] = []
    let current: Ticket | undefined = running
    for (let now = 10; current !== undefined; now += 10) {
      const started: Ticket | undefined = set.end(current, now)[0]
      if (started !== undefined) order.push(flood.includes(started) ? 'flood' : 'few')
      current = started
    }
    expect(order.slice(0, 10).filter((flow) => flow === 'few')).toHaveLength(5)
    expect(order).toHaveLength(25)
    expect(few.every(({ state }) => state === 'ended')).toBe(true)
  })

  it('counts what a request took, not what was guessed: slow flows wait longer', () => {
    const set = new QueueSet(eight, 1)
    const took = { slow: 0, quick: 0 }
    const flowOf = new Map<Ticket, 'slow' | 'quick'>()
    const add = (flow: 'slow' | 'quick', now: number): Ticket => {
      const ticket = arrive(set, flow === 'slow' ? 0 : 1, now)
      flowOf.set(ticket, flow)
      return ticket
    }
    let current = add('slow', 0)
    for (let i = 0; i < 45; i++) {
      add('slow', 0)
      add('quick', 0)
    }
    let now = 0
    for (let i = 0; i < 40; i++) {
      const flow = flowOf.get(current) ?? 'slow'
      const time = flow === 'slow' ? 100 : 10
      now += time
      took[flow] += time
      current = set.end(current, now)[0] as Ticket
    }
    // both have had about the same time, though one sends requests ten times as slow
    expect(took.slow / took.quick).toBeGreaterThan(0.5)
    expect(took.slow / took.quick).toBeLessThan(2)
  })

  it('rejects what a full queue has no place for, and has place for other flows', () => {
    const set = new QueueSet({ queues: 8, handSize: 1, queueLengthLimit: 2 }, 1)
    for (let i = 0; i < 3; i++) arrive(set, 0, 0)
    expect(set.arrive(() => 0n, one, 0)).toBe('queue-full')
    expect(arrive(set, 1, 0).state).toBe('waiting')
  })

  it('chooses the shortest of the queues of a hand', () => {
    const set = new QueueSet({ queues: 4, handSize: 2, queueLengthLimit: 1 }, 1)
    arrive(set, 0, 0)
    // the hand of hash 0 has two queues, each with one place
    arrive(set, 0, 0)
    arrive(set, 0, 0)
    expect(set.arrive(() => 0n, one, 0)).toBe('queue-full')
  })

  it('rejects at once where there are no queues, and never where there is no limit', () => {
    const none = new QueueSet('reject', 1)
    expect(arrive(none, 0, 0).state).toBe('executing')
    expect(none.arrive(() => 0n, one, 0)).toBe('concurrency-limit')
    const exempt = new QueueSet('exempt', 1)
    expect([0, 1, 2].map((flow) => arrive(exempt, flow, 0).state)).toEqual(['executing', 'executing', 'executing'])
  })

  it('lets what is wider than the level run alone', () => {
    const set = new QueueSet(eight, 3)
    const first = arrive(set, 0, 0)
    const broad = arrive(set, 1, 0, wide(10))
    const next = arrive(set, 0, 0)
    expect([broad.state, next.state]).toContain('waiting')
    const started = [...set.end(first, 1), ...(next.state === 'executing' ? set.end(next, 1) : [])]
    expect(started).toContain(broad)
    expect(arrive(set, 2, 2).state).toBe('waiting')
    expect(set.end(broad, 3).length).toBeGreaterThan(0)
  })

  it('holds seats after the end, and counts them in the demand', () => {
    const set = new QueueSet(eight, 2)
    const first = arrive(set, 0, 0)
    set.holdSeats(2, 1)
    set.end(first, 1)
    const waiting = arrive(set, 1, 2)
    expect(waiting.state).toBe('waiting')
    expect(set.holdSeats(-2, 6)).toEqual([waiting])
    // 1 for a millisecond, 2 for another, 3 for four, and 1 since
    expect(set.takeDemand(6)).toMatchObject({ seconds: 0.006, peak: 3, average: 15 / 6 })
    expect(set.takeDemand(8)).toEqual({ seconds: 0.002, peak: 1, average: 1, deviation: 0 })
  })

  it('goes on with other limits and other queues', () => {
    const set = new QueueSet(eight, 1)
    const first = arrive(set, 0, 0)
    const others = [1, 2, 3].map((flow) => arrive(set, flow, flow))
    expect(set.setLimit(2, 5)).toEqual([others[0]])
    expect(set.setResponse({ queues: 2, handSize: 1, queueLengthLimit: 1 }, 6, () => 0n)).toEqual([])
    expect([set.executing, set.waiting]).toEqual([2, 2])
    expect(set.end(first, 7)).toEqual([others[1]])
    expect(set.setResponse('exempt', 8, () => 0n)).toEqual([others[2]])
    for (const ticket of others) set.end(ticket, 9)
    expect([set.executing, set.waiting, set.seatsInUse]).toEqual([0, 0, 0])
  })
})
