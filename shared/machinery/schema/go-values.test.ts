import { describe, expect, it } from 'vitest'
import { canonicalBase64, canonicalQuantity, canonicalTime, formatGoDuration, parseGoDuration } from './go-values.ts'

describe('canonical forms', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    [2, '2'],
    [1.5, '1500m'],
  ])('quantity %j is %s', (text, expected) => {
    expect(canonicalQuantity(text)).toBe(expected)
  })

  it.each([
    ['2020-01-01T00:00:00Z', false, '2020-01-01T00:00:00Z'],
    ['2020-01-01T01:30:00+01:30', false, '2020-01-01T00:00:00Z'],
    ['2020-01-01T00:00:00.987654321Z', false, '2020-01-01T00:00:00Z'],
    ['2020-01-01T00:00:00.987654321Z', true, '2020-01-01T00:00:00.987654Z'],
    ['2020-01-01T00:00:00Z', true, '2020-01-01T00:00:00.000000Z'],
  ])('time %s, micro %s, is %s', (text, micro, expected) => {
    expect(canonicalTime(text, micro)).toBe(expected)
  })

  it.each(['', 'yesterday', '2020-13-01T00:00:00Z', '2020-01-01'])('%j is no time', (text) => {
    expect(() => canonicalTime(text, false)).toThrow(`parsing time ${JSON.stringify(text)} as`)
  })

  it('takes base64 with line breaks and says where other text goes wrong', () => {
    expect(canonicalBase64('aGVs\nbG8=')).toBe('aGVsbG8=')
    expect(() => canonicalBase64('aGV*')).toThrow('illegal base64 data at input byte 3')
    expect(() => canonicalBase64('aGVsb')).toThrow('illegal base64 data at input byte 4')
  })

  it.each([
    ['300s', '5m0s'],
    ['1h', '1h0m0s'],
    ['1.5s', '1.5s'],
    ['90m', '1h30m0s'],
    ['1500ms', '1.5s'],
    ['250ms', '250ms'],
    ['10us', '10µs'],
    ['0', '0s'],
    ['-2m', '-2m0s'],
  ])('duration %s prints as %s', (text, expected) => {
    expect(formatGoDuration(parseGoDuration(text))).toBe(expected)
  })

  it.each([
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['', 'time: invalid duration ""'],
    ['abc', 'time: invalid duration "abc"'],
  ])('%j is no duration', (text, message) => {
    expect(() => parseGoDuration(text)).toThrow(message)
  })
})
