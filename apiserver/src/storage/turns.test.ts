import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

/** A clock on which every look at the time takes a millisecond. */
class BusyClock extends FakeClock {
  #looks = 0
  override elapsed(): number {
    return super.elapsed() + this.#looks++
  }
}

const takers = (count: number, turns: Turns): { taken: number[]; add: () => void } => {
  const taken: number[] = []
  const takes = Array.from({ length: count }, (_, i) => () => void taken.push(i))
  return { taken, add: () => takes.forEach((take) => turns.add(take)) }
}

describe('Turns', () => {
  it('are at once for the first, then in order', async () => {
    const clock = new FakeClock()
    const { taken, add } = takers(3, new Turns(clock))
    add()
    expect(taken).toEqual([0])
    await clock.advance(0)
    expect(taken).toEqual([0, 1, 2])
    add()
    expect(taken).toEqual([0, 1, 2, 0])
    await clock.advance(0)
    expect(taken).toEqual([0, 1, 2, 0, 1, 2])
  })

  it('leave one to everything else between slices; who is added again meanwhile has one more, not many', async () => {
    const clock = new BusyClock()
    const { taken, add } = takers(20, new Turns(clock))
    add()
    while (clock.pending === 0) await Promise.resolve()
    expect(taken.length).toBeLessThan(10)
    for (let times = 0; times < 10; times++) add()
    while (clock.pending > 0) await clock.advance(0)
    const counts = Array.from({ length: 20 }, (_, i) => taken.filter((one) => one === i).length)
    expect(taken.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(Math.max(...counts)).toBe(2)
  })
})
