import { describe, expect, it } from 'vitest'
import { parseRange } from '@kubets/shared/machinery/addresses.ts'
import { pickAddress, pickFree, reservedBand } from './pick.ts'

const first = (): number => 0
const last = (size: number): number => size - 1

it.each([
  [8, 0],
  [16, 16],
  [256, 16],
  [1024, 64],
  [65_536, 256],
])('of %i, %i are kept for those who name theirs', (size, band) => {
  expect(reservedBand(size)).toBe(band)
})

describe('pickFree', () => {
  it.each([
    ['begins above the band', 256, [], first, 16],
    ['goes on where one is taken', 256, [16, 17], first, 18],
    ['begins again at the band', 256, [255], last, 16],
    ['takes from the band when nothing else is left', 20, [16, 17, 18, 19], first, 0],
    ['finds nothing in a full range', 3, [0, 1, 2], first, undefined],
  ])('%s', (_name, size, taken, random, expected) => {
    expect(pickFree(size, (offset) => taken.includes(offset), random)).toBe(expected)
  })
})

it('picks every usable address of a range and no other', () => {
  const range = parseRange('10.0.0.0/28')
  const picked = new Set<string>()
  for (;;) {
    const ip = pickAddress(range, (text) => picked.has(text), first)
    if (ip === undefined) break
    picked.add(ip)
  }
  expect(picked.size).toBe(14)
  expect(picked).not.toContain('10.0.0.0')
  expect(picked).not.toContain('10.0.0.15')
})
