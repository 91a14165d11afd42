import { describe, expect, it } from 'vitest'
import { t0 } from '../pods/fixtures.ts'
import type { Image } from '../runtime/types.ts'
import { recordImages, tooFull, unusedImages } from './image-records.ts'

const image = (id: string, size = 10): Image => {
  return { id, size, repoTags: [], repoDigests: [], uid: undefined, username: '' }
}
const minute = 60_000

describe('image records', () => {
  it('are kept from the first look at an image to the last', () => {
    const first = recordImages(new Map(), [image('a'), image('b')], new Set(['a']), t0)
    expect(Object.fromEntries(first)).toEqual({
      a: { firstDetected: t0, lastUsed: t0, size: 10 },
      b: { firstDetected: t0, lastUsed: -Infinity, size: 10 },
    })
    const second = recordImages(first, [image('a'), image('c', 20)], new Set(['c']), t0 + minute)
    expect(Object.fromEntries(second)).toEqual({
      a: { firstDetected: t0, lastUsed: t0, size: 10 },
      c: { firstDetected: t0 + minute, lastUsed: t0 + minute, size: 20 },
    })
  })

  it('tell what may go, least recently used first', () => {
    const records = recordImages(new Map(), [], new Set(), t0)
    const now = t0 + 10 * minute
    records.set('used', { firstDetected: t0, lastUsed: now, size: 1 })
    records.set('young', { firstDetected: now - minute, lastUsed: -Infinity, size: 2 })
    records.set('lately', { firstDetected: t0, lastUsed: now - 1, size: 3 })
    records.set('never', { firstDetected: t0 + minute, lastUsed: -Infinity, size: 4 })
    records.set('never and older', { firstDetected: t0, lastUsed: -Infinity, size: 5 })
    records.set('long ago', { firstDetected: t0, lastUsed: t0 + minute, size: 6 })
    expect(unusedImages(records, now, 2 * minute).map(({ id }) => id)).toEqual([
      'never and older',
      'never',
      'long ago',
      'lately',
    ])
  })
})

describe('tooFull', () => {
  const policy = { highPercent: 85, lowPercent: 80 }
  it.each([
    ['a little below', 16, undefined],
    ['at the threshold', 15, { usagePercent: 85, toFree: 5 }],
    ['full', 0, { usagePercent: 100, toFree: 20 }],
    ['more room than there is', 200, undefined],
  ])('%s', (_name, availableBytes, expected) => {
    expect(tooFull({ capacityBytes: 100, availableBytes }, policy)).toEqual(expected)
  })

  it('counts what is free in whole percents', () => {
    expect(tooFull({ capacityBytes: 1000, availableBytes: 159 }, policy)).toEqual({ usagePercent: 85, toFree: 41 })
  })
})
