import { describe, expect, it } from 'vitest'
import { Expectations, expectationLapseMs } from './expectations.ts'

describe('Expectations', () => {
  it('is satisfied without any', () => {
    expect(new Expectations(() => 0).satisfied('a')).toBe(true)
  })

  it('waits for every creation', () => {
    const expectations = new Expectations(() => 0)
    expectations.expectCreations('a', 2)
    expect(expectations.satisfied('a')).toBe(false)
    expectations.creationSeen('a')
    expect(expectations.satisfied('a')).toBe(false)
    expectations.creationSeen('a')
    expect(expectations.satisfied('a')).toBe(true)
  })

  it('counts one deletion once, however often it is seen', () => {
    const expectations = new Expectations(() => 0)
    expectations.expectDeletions('a', ['n/p', 'n/q'])
    expectations.deletionSeen('a', 'n/p')
    expectations.deletionSeen('a', 'n/p')
    expect(expectations.satisfied('a')).toBe(false)
    expectations.deletionSeen('a', 'n/q')
    expect(expectations.satisfied('a')).toBe(true)
  })

  it('lapses after five minutes', () => {
    let now = 0
    const expectations = new Expectations(() => now)
    expectations.expectCreations('a', 1)
    now = expectationLapseMs - 1
    expect(expectations.satisfied('a')).toBe(false)
    now++
    expect(expectations.satisfied('a')).toBe(true)
  })
})
