import { describe, expect, it } from 'vitest'
import { FakeClock } from '../machinery/fake-clock.ts'
import { WorkQueue } from './workqueue.ts'

function setup(options: { baseDelayMs?: number; maxDelayMs?: number } = {}) {
  const clock = new FakeClock()
  return { clock, queue: new WorkQueue({ name: 'test', clock, ...options }) }
}

describe('WorkQueue', () => {
  it('hands out keys in order, each once', async () => {
    const { queue } = setup()
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
    expect(queue.length).toBe(3)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c'])
    expect(queue.length).toBe(0)
  })

  it('gives waiting workers the keys as they come, in the order they asked', async () => {
    const { queue } = setup()
    const both = Promise.all([queue.get(), queue.get()])
    queue.add('a')
    queue.add('b')
    expect(await both).toEqual(['a', 'b'])
  })

  it('holds back a key that is being worked on until that is done', async () => {
    const { queue } = setup()
    queue.add('a')
    expect(await queue.get()).toBe('a')
    queue.add('a')
    queue.add('a')
    expect(queue.length).toBe(0)
    const next = queue.get()
    queue.done('a')
    expect(await next).toBe('a')
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  it.each([3_600_000, -3_600_000])('lets a key wait as long as told when the clock is set by %d', async (byMs) => {
    const { clock, queue } = setup()
    queue.addAfter('a', 1000)
    clock.set(byMs)
    await clock.advance(999)
    expect(queue.length).toBe(0)
    await clock.advance(1)
    expect(queue.length).toBe(1)
  })

  it('forgets nothing that is added while the key waits', async () => {
    const { queue } = setup()
    queue.add('a')
    queue.add('a')
    await queue.get()
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  it('drains what waits after it was shut down, then says so', async () => {
    const { clock, queue } = setup()
    queue.add('a')
    queue.addAfter('b', 10)
    queue.shutDown()
    queue.add('c')
    await clock.advance(100)
    expect([await queue.get(), await queue.get()]).toEqual(['a', undefined])
    expect(clock.pending).toBe(0)
  })

  it('wakes waiting workers when it is shut down', async () => {
    const { queue } = setup()
    const waiting = queue.get()
    queue.shutDown()
    expect(await waiting).toBeUndefined()
  })

  it('adds delayed keys when they are due, the earliest of several times counts', async () => {
    const { clock, queue } = setup()
    queue.addAfter('late', 100)
    queue.addAfter('early', 10)
    queue.addAfter('late', 50)
    queue.addAfter('late', 200)
    queue.addAfter('now', 0)
    expect(queue.length).toBe(1)
    await clock.advance(10)
    expect(queue.length).toBe(2)
    await clock.advance(39)
    expect(queue.length).toBe(2)
    await clock.advance(1)
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['now', 'early', 'late'])
    queue.done('late')
    await clock.advance(1000)
    expect(queue.length).toBe(0)
  })

  it('keeps one timer however many keys are delayed', () => {
    const { clock, queue } = setup()
    for (let i = 0; i < 1000; i++) queue.addAfter(`k${i}`, 1000 - i)
    expect(clock.pending).toBe(1)
  })

  it('hands out many delayed keys in the order of their times', async () => {
    const { clock, queue } = setup()
    for (let i = 0; i < 500; i++) queue.addAfter(`k${(i * 7919) % 500}`, ((i * 7919) % 500) + 1)
    await clock.advance(500)
    for (let i = 0; i < 500; i++) expect(await queue.get()).toBe(`k${i}`)
  })

  it('doubles the wait with each failure up to the longest, and starts over when forgotten', async () => {
    const { clock, queue } = setup({ baseDelayMs: 5, maxDelayMs: 30 })
    for (const wait of [5, 10, 20, 30, 30]) {
      queue.addRateLimited('a')
      await clock.advance(wait - 1)
      expect(queue.length).toBe(0)
      await clock.advance(1)
      expect(await queue.get()).toBe('a')
      queue.done('a')
    }
    expect(queue.numRequeues('a')).toBe(5)
    queue.forget('a')
    expect(queue.numRequeues('a')).toBe(0)
    queue.addRateLimited('a')
    await clock.advance(5)
    expect(queue.length).toBe(1)
  })
})
