import { describe, expect, it } from 'vitest'
import { Backoff } from './backoff.ts'

describe('the wait of a volume', () => {
  it('grows with its failures, up to a quarter of an hour and some, until it is forgotten', () => {
    const backoff = new Backoff()
    expect(backoff.left('a', 0)).toBe(0)
    const waits = Array.from({ length: 8 }, () => backoff.failed('a', 0) / 1000)
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 960, 1000])
    expect([backoff.left('a', 400_000), backoff.left('a', 2_000_000), backoff.left('b', 0)]).toEqual([600_000, 0, 0])
    backoff.forget('a')
    expect(backoff.failed('a', 0)).toBe(15_000)
  })
})
