import { describe, expect, it } from 'vitest'
import { slowStart } from './slow-start.ts'

describe('slowStart', () => {
  it('makes every call', async () => {
    let calls = 0
    const outcome = await slowStart(10, async () => {
      calls++
    })
    expect([outcome, calls]).toEqual([{ succeeded: 10 }, 10])
  })

  it('stops after the first bad batch', async () => {
    let calls = 0
    const outcome = await slowStart(100, async () => {
      if (++calls > 2) throw new Error('quota')
    })
    expect(calls).toBe(3)
    expect(outcome.succeeded).toBe(2)
    expect(outcome.error).toEqual(new Error('quota'))
  })

  it('makes no call for none', async () => {
    expect(await slowStart(0, () => Promise.reject(new Error('called')))).toEqual({ succeeded: 0 })
  })
})
