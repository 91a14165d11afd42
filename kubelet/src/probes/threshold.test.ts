import { describe, expect, it } from 'vitest'
import type { ProbeResult } from '../pods/model.ts'
import { count, type Run } from './threshold.ts'

const short: Record<string, ProbeResult> = { s: 'Success', f: 'Failure', u: 'Unknown' }

describe('count', () => {
  it.each([
    ['three failures in a row', {}, 'fff', '--f'],
    ['a success between begins anew', {}, 'ffsff', '--s--'],
    ['an unknown outcome does not count', {}, 'fufuf', '----f'],
    ['as many successes as asked for', { successThreshold: 2 }, 'sfss', '---s'],
    ['one failure is enough', { failureThreshold: 1 }, 'sf', 'sf'],
  ])('%s', (_, probe, outcomes, expected) => {
    let run: Run = { last: undefined, count: 0 }
    const settled = [...outcomes].map((letter) => {
      const counted = count(probe, run, short[letter] ?? 'Unknown')
      run = counted.run
      return counted.settled?.[0]?.toLowerCase() ?? '-'
    })
    expect(settled.join('')).toBe(expected)
  })
})
