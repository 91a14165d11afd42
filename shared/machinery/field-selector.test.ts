import { describe, expect, it } from 'vitest'
import { formatFieldSelector, parseFieldSelector } from './field-selector.ts'

describe('parseFieldSelector', () => {
  it.each([
    ['', []],
    ['a=b', [{ field: 'a', op: '=', value: 'b' }]],
    ['a==b', [{ field: 'a', op: '=', value: 'b' }]],
    ['a!=', [{ field: 'a', op: '!=', value: '' }]],
    [
      'b=1,,a=2',
      [
        { field: 'a', op: '=', value: '2' },
        { field: 'b', op: '=', value: '1' },
      ],
    ],
    ['a=b\\,c\\=d\\\\', [{ field: 'a', op: '=', value: 'b,c=d\\' }]],
  ])('%j', (text, expected) => {
    const parsed = parseFieldSelector(text)
    expect(parsed).toEqual(expected)
    expect(parseFieldSelector(formatFieldSelector(parsed))).toEqual(expected)
  })

  it.each([
    ['a', "invalid selector: 'a'; can't understand 'a'"],
    ['a=b,c', "invalid selector: 'a=b,c'; can't understand 'c'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=\\n', 'invalid field selector: invalid escape sequence: \\n'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message)
  })
})
