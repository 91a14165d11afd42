import { describe, expect, it } from 'vitest'
import { FakeClock } from '../machinery/fake-clock.ts'
import { Backoff } from './backoff.ts'

async function measure(clock: FakeClock, backoff: Backoff): Promise<number> {
  const start = clock.now()
  let done = false
  const wait = backoff.wait(new AbortController().signal).then(() => (done = true))
  while (!done) await clock.advance(50)
  await wait
  return clock.now() - start
}

describe('Backoff', () => {
  it('doubles a jittered wait up to 30 s', async () => {
    const clock = new FakeClock()
    const backoff = new Backoff(clock)
    for (const least of [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]) {
      const wait = await measure(clock, backoff)
      expect(wait).toBeGreaterThanOrEqual(least)
      expect(wait).toBeLessThanOrEqual(Math.min(2 * least, 30_000) + 50)
    }
    backoff.reset()
    expect(await measure(clock, backoff)).toBeLessThanOrEqual(1650)
  })

  it('starts over after two quiet minutes', async () => {
    const clock = new FakeClock()
    const backoff = new Backoff(clock)
    for (let i = 0; i < 4; i++) await measure(clock, backoff)
    await clock.advance(130_000)
    expect(await measure(clock, backoff)).toBeLessThanOrEqual(1650)
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    const wait = new Backoff(new FakeClock()).wait(stop.signal)
    stop.abort(new Error('enough'))
    await expect(wait).rejects.toThrow('enough')
  })
})
