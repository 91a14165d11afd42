import { describe, expect, it } from 'vitest'
import { contains, formatAddress, parseAddress, parseRange } from './addresses.ts'

describe('addresses', () => {
  it.each([
    ['10.96.0.1', '10.96.0.1'],
    ['fd00::1', 'fd00::1'],
    ['FD00:0:0:0:1::', 'fd00::1:0:0:0'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:1:0:0:0:1:0', '0:0:1::1:0'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ])('%s is %s', (text, canonical) => {
    const address = parseAddress(text)
    expect(address && formatAddress(address)).toBe(canonical)
  })

  it.each(['', 'None', '10.0.0', '10.0.0.256', '010.0.0.1', 'fe80::1%eth0', 'x'])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})

describe('ranges', () => {
  it.each(['10.96.0.0', '10.96.0.0/33', 'x/8', '10.0.0.0/-1'])('%s is none', (text) => {
    expect(() => parseRange(text)).toThrow('invalid CIDR address')
  })

  it.each([
    ['10.96.0.0/24', '10.96.0.0', false],
    ['10.96.0.0/24', '10.96.0.1', true],
    ['10.96.0.0/24', '10.96.0.254', true],
    ['10.96.0.0/24', '10.96.0.255', false],
    ['10.96.0.0/24', '10.96.1.1', false],
    ['10.96.5.5/24', '10.96.5.1', true],
    ['10.96.0.0/24', 'fd00::1', false],
    ['fd00::/112', 'fd00::ffff', true],
    ['fd00::/112', 'fd00::', false],
    ['fd00::/112', 'fd00::1:0', false],
  ])('%s has %s: %s', (range, text, expected) => {
    const address = parseAddress(text)
    expect(address && contains(parseRange(range), address)).toBe(expected)
  })
})
