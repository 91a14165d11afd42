import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { describe, expect, it } from 'vitest'
import { BoundedRunner } from './bounded-runner.ts'

/** Lets promise callbacks run. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

function setUp(outcomes: boolean[] = []) {
  const clock = new FakeClock()
  const starts: number[] = []
  const begin = clock.now()
  const runner = new BoundedRunner({
    clock,
    work: () => {
      starts.push(clock.now() - begin)
      return outcomes.shift() === false ? Promise.reject(new Error('no')) : Promise.resolve()
    },
    minIntervalMs: () => 1000,
    retryMs: 5000,
    maxIntervalMs: 60_000,
  })
  return { clock, starts, runner }
}

describe('BoundedRunner', () => {
  it('runs the first request at once and later ones when the interval has passed', async () => {
    const { clock, starts, runner } = setUp()
    runner.request()
    await settle()
    runner.request()
    runner.request()
    expect(starts).toEqual([0])
    await clock.advance(999)
    expect(starts).toEqual([0])
    await clock.advance(1)
    await settle()
    expect(starts).toEqual([0, 1000])
  })

  it('tries again after a failure, and by itself after the longest interval', async () => {
    const { clock, starts, runner } = setUp([false])
    runner.request()
    await settle()
    await clock.advance(5000)
    await settle()
    await clock.advance(60_000)
    await settle()
    expect(starts).toEqual([0, 5000, 65_000])
  })

  it('never starts again once stopped', async () => {
    const { clock, starts, runner } = setUp()
    runner.request()
    await settle()
    runner.stop()
    runner.request()
    await clock.advance(120_000)
    await settle()
    expect(starts).toEqual([0])
  })
})
