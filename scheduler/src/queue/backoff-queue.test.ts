import { describe, expect, it } from 'vitest'
import { BackoffQueue, dueOf, isBackingOff, type Failed } from './backoff-queue.ts'

const options = { initialBackoffMs: 1000, maxBackoffMs: 10_000 }

describe('the time to back off', () => {
  it.each<[string, number, number, number, number]>([
    ['is none before the first attempt', 0, 0, 5000, -Infinity],
    ['is a second after one rejection', 1, 0, 5000, 6000],
    ['doubles', 2, 0, 5000, 7000],
    ['and again', 3, 0, 5000, 9000],
    ['and again', 4, 0, 5000, 13_000],
    ['has an end', 5, 0, 5000, 15_000],
    ['for ever', 5000, 0, 5000, 15_000],
    ['is that of an error after one', 0, 1, 5000, 6000],
    ['is not longer for rejections before the error', 4, 1, 5000, 6000],
    ['doubles with errors in a row', 4, 3, 5000, 9000],
    ['ends in a second, whenever in it', 1, 0, 5999, 6000],
    ['as does the longest', 9, 0, 5001, 15_000],
  ])('%s', (_, rejections, errors, timestamp, want) => {
    expect(dueOf({ rejections, errors, timestamp }, options)).toBe(want)
  })

  it('can be switched off', () => {
    expect(dueOf({ rejections: 3, errors: 0, timestamp: 0 }, { ...options, maxBackoffMs: 0 })).toBe(-Infinity)
  })

  it.each([
    [5000, 6000, true],
    [5999, 6000, true],
    [6000, 6000, true],
    [6999, 6000, true],
    [7000, 6000, false],
    [0, -Infinity, false],
  ])('at %i ms of one that ends in the second of %i ms', (now, due, want) => {
    expect(isBackingOff({ due }, now)).toBe(want)
  })
})

interface One extends Failed {
  readonly priority: number
}
const one = (uid: string, due: number, priority: number, errors = 0): One => ({
  info: { uid },
  due,
  priority,
  errors,
  rejections: 1,
  timestamp: 0,
})
const filled = (...pods: One[]): BackoffQueue<One> => {
  const queue = new BackoffQueue<One>((a, b) => a.priority > b.priority)
  for (const pod of pods) queue.put(pod)
  return queue
}
const uids = (pods: One[]): string => pods.map(({ info }) => info.uid).join('')

describe('BackoffQueue', () => {
  it('gives those of one second by priority, those of another later', () => {
    const queue = filled(one('a', 2000, 1), one('b', 1000, 1), one('c', 1000, 9), one('d', 3000, 99))
    const given = [queue.popEarly(), queue.popEarly(), queue.popEarly(), queue.popEarly()]
    expect(given.map((pod) => pod?.info.uid)).toEqual(['c', 'b', 'a', 'd'])
    expect(queue.popEarly()).toBeUndefined()
  })

  it('ends whole seconds, those that met errors after the others', () => {
    const queue = filled(one('e', 1000, 9, 1), one('a', 1000, 1), one('b', 1000, 2), one('c', 2000, 3))
    expect([queue.nextEnd, uids(queue.popCompleted(1999))]).toEqual([2000, ''])
    expect(uids(queue.popCompleted(2000))).toBe('bae')
    expect([queue.nextEnd, uids(queue.popCompleted(60_000)), queue.nextEnd]).toEqual([3000, 'c', undefined])
  })

  it('gives nobody early who met an error', () => {
    const queue = filled(one('e', 1000, 9, 1))
    expect([queue.popEarly(), queue.size, uids(queue.items)]).toEqual([undefined, 1, 'e'])
  })

  it('knows one wherever it is, and forgets it', () => {
    const queue = filled(one('e', 1000, 9, 1), one('a', 1000, 1))
    expect(['e', 'a', 'x'].map((uid) => queue.get(uid)?.priority)).toEqual([9, 1, undefined])
    for (const uid of ['e', 'a', 'x']) queue.delete(uid)
    expect(queue.size).toBe(0)
  })
})
