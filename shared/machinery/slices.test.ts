import { describe, expect, it } from 'vitest'
import { FakeClock } from './fake-clock.ts'
import { inSlices, inSteps, joinInSlices, unhurried } from './slices.ts'

/** A clock on which every look at the time takes a millisecond. */
class BusyClock extends FakeClock {
  looks = 0
  override elapsed(): number {
    return super.elapsed() + this.looks++
  }
}

describe('inSlices', () => {
  it('makes everything, in order', async () => {
    expect(await inSlices([3, 1, 2], (item) => item * 2, new FakeClock())).toEqual([6, 2, 4])
    expect(await inSlices([], (item) => item, new FakeClock())).toEqual([])
  })

  it('lets others have their turn', async () => {
    const clock = new BusyClock()
    const made: number[] = []
    const all = inSlices(Array(20).keys(), (item) => made.push(item), clock)
    const before = made.length
    expect(before).toBeLessThan(10)
    await clock.advance(0)
    expect(made.length).toBeGreaterThan(before)
    while (clock.pending > 0) await clock.advance(0)
    expect(await all).toHaveLength(20)
  })

  it('ends with the signal, and with the first error', async () => {
    const clock = new BusyClock()
    const stop = new AbortController()
    const all = inSlices(Array(20).keys(), (item) => item, clock, stop.signal)
    stop.abort(new Error('gone'))
    await expect(all).rejects.toThrow('gone')
    const broken = inSlices([1], () => JSON.parse('{') as unknown, clock)
    await expect(broken).rejects.toThrow(SyntaxError)
  })

  it('lets others have their turn after one long step, and not after a short one', async () => {
    const clock = new BusyClock()
    const long = unhurried(() => (clock.looks += 10), clock)
    expect(clock.pending).toBe(1)
    await clock.advance(0)
    await long
    expect(await unhurried(() => 'done', clock)).toBe('done')
    expect(clock.pending).toBe(0)
    await expect(unhurried(() => JSON.parse('{') as unknown, clock)).rejects.toThrow(SyntaxError)
  })

  it('lets others have their turn between short steps that are long together', async () => {
    const clock = new BusyClock()
    let steps = 0
    const all = inSteps(
      (function* () {
        for (; steps < 20; steps++) yield
        return 'done'
      })(),
      clock,
    )
    expect(clock.pending).toBe(1)
    expect(steps).toBeLessThan(10)
    while (clock.pending > 0) await clock.advance(0)
    expect(await all).toBe('done')
  })

  it('joins buffers', async () => {
    const parts = ['a', '', 'bc', 'd'].map((text) => Buffer.from(text))
    expect((await joinInSlices(parts, new FakeClock())).toString()).toBe('abcd')
    expect(await joinInSlices([], new FakeClock())).toHaveLength(0)
  })
})
