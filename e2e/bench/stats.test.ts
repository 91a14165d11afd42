import { describe, expect, it } from 'vitest'
import { rate, summarize, throughput } from './stats.ts'

describe('benchmark figures', () => {
  it.each([
    [[5], 5, 5],
    [[3, 1, 2], 2, 3],
    [Array.from({ length: 200 }, (_value, index) => index + 1), 100, 198],
  ])('of %j', (samples, median, p99) => {
    expect(summarize(samples)).toEqual({ median, p99 })
  })

  it('does each piece of work once, no more than allowed at a time', async () => {
    const seen: number[] = []
    let running = 0
    let most = 0
    await throughput(50, 4, async (index) => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      seen.push(index)
      running--
    })
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_value, index) => index))
    expect(most).toBe(4)
  })

  it('works for a time, so many at a time', async () => {
    const workers = new Set<number>()
    const seen: number[] = []
    const persecond = await rate({ milliseconds: 20, concurrency: 3 }, async (index, worker) => {
      workers.add(worker)
      seen.push(index)
      await new Promise((resolve) => setTimeout(resolve, 1))
    })
    expect([...workers].sort()).toEqual([0, 1, 2])
    expect(new Set(seen).size).toBe(seen.length)
    expect(persecond).toBeGreaterThan(0)
  })
})
