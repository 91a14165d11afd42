import { describe, expect, it } from 'vitest'
import { milliQuantity, parseQuantity, quantityOf } from './quantity.ts'

describe('parseQuantity', () => {
  it.each([
    ['0', '0'],
    ['0Ki', '0'],
    ['00', '0'],
    ['1', '1'],
    ['+1', '1'],
    ['-1', '-1'],
    ['1000', '1k'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1.5', '1500m'],
    ['.5', '500m'],
    ['5.', '5'],
    ['0.001k', '1'],
    ['100m', '100m'],
    ['1000000n', '1m'],
    ['1500u', '1500u'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['-0.1n', '-1n'],
    ['1k', '1k'],
    ['1000k', '1M'],
    ['1M', '1M'],
    ['1G', '1G'],
    ['1T', '1T'],
    ['1P', '1P'],
    ['1E', '1E'],
    ['1Ki', '1Ki'],
    ['1024Ki', '1Mi'],
    ['1025Ki', '1025Ki'],
    ['1.5Gi', '1536Mi'],
    ['1Ti', '1Ti'],
    ['1Pi', '1Pi'],
    ['1Ei', '1Ei'],
    ['0.5Ki', '512'],
    ['0.0001Ki', '102400u'],
    ['1.1Ki', '1126400m'],
    ['16Ei', '9223372036854775807'],
    ['-1Gi', '-1Gi'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['100e1', '1e3'],
    ['12e-3', '12e-3'],
    ['1e-9', '1e-9'],
    ['5e0', '5'],
  ])('%s is written %s', (text, canonical) => {
    const quantity = parseQuantity(text)
    expect(quantity.toString()).toBe(canonical)
    expect(parseQuantity(canonical).cmp(quantity)).toBe(0)
  })

  const shape = 'quantities must match the regular expression'
  it.each([
    ['', shape],
    ['Ki', shape],
    ['1 Gi', shape],
    [' 1', shape],
    ['1GiB', shape],
    ['0x10', shape],
    ['١', shape],
    ['1.2.3', 'unable to parse numeric part of quantity'],
    ['.', 'unable to parse numeric part of quantity'],
    ['1Mii', "unable to parse quantity's suffix"],
    ['1K', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
    ['1e999999999', "unable to parse quantity's suffix"],
    ['1mi', "unable to parse quantity's suffix"],
  ])('refuses %j', (text, message) => {
    expect(() => parseQuantity(text)).toThrow(message)
  })

  it('takes numbers, as JSON allows them', () => {
    expect(parseQuantity(2).toString()).toBe('2')
    expect(parseQuantity(0.5).toString()).toBe('500m')
  })
})

describe('Quantity', () => {
  it('compares across notations', () => {
    expect(parseQuantity('1Ki').cmp(parseQuantity('1024'))).toBe(0)
    expect(parseQuantity('1k').cmp(parseQuantity('1Ki'))).toBe(-1)
    expect(parseQuantity('1').cmp(parseQuantity('999m'))).toBe(1)
  })

  it('adds and subtracts in its own notation, zero takes the other', () => {
    expect(parseQuantity('1Gi').add(parseQuantity('512M')).toString()).toBe('1548576Ki')
    expect(parseQuantity('100m').add(parseQuantity('0.9')).toString()).toBe('1')
    expect(parseQuantity('1').sub(parseQuantity('1500m')).toString()).toBe('-500m')
    expect(parseQuantity('0').add(parseQuantity('1Gi')).toString()).toBe('1Gi')
  })

  it.each([
    ['1', 1, 1000],
    ['1m', 1, 1],
    ['1u', 1, 1],
    ['1500m', 2, 1500],
    ['-1500m', -2, -1500],
    ['1Gi', 1073741824, 1073741824000],
  ])('%s is %i whole, %i thousandths', (text, whole, thousandths) => {
    const quantity = parseQuantity(text)
    expect([quantity.value(), quantity.milliValue()]).toEqual([whole, thousandths])
  })

  it('is made from numbers', () => {
    expect(quantityOf(2048, 'BinarySI').toString()).toBe('2Ki')
    expect(quantityOf(110).toString()).toBe('110')
    expect(milliQuantity(250).toString()).toBe('250m')
    expect(parseQuantity('250m').asNumber()).toBe(0.25)
    expect(JSON.stringify({ cpu: parseQuantity('1000m') })).toBe('{"cpu":"1"}')
    expect([parseQuantity('-1').sign, parseQuantity('0').sign, parseQuantity('0').isZero]).toEqual([-1, 0, true])
  })
})
