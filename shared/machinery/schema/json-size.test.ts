import { describe, expect, it } from 'vitest'
import { atOnce } from '../slices.ts'
import { checkingSize, sizeLimits } from './json-size.ts'

const check = (text: string): void => atOnce(checkingSize(text))
const { keysOfAnObject, objectsAndLists, values } = sizeLimits
const keys = (count: number): string => `{${Array.from({ length: count }, (_, i) => `"${String(i)}":1`).join()}}`
const list = (count: number, item: string): string => `[${Array(count).fill(item).join()}]`

describe('checkingSize', () => {
  it.each([
    ['as many keys as there may be', keys(keysOfAnObject)],
    ['as many in several objects', `[${keys(keysOfAnObject)},${keys(keysOfAnObject)}]`],
    ['more items than there may be keys', list(keysOfAnObject * 2, '"{[,"')],
    ['as many lists and objects', list(objectsAndLists - 1, '{}')],
    ['as many values', list(values, '0')],
    ['commas and brackets in texts', JSON.stringify([',{['.repeat(500_000), '"\\'])],
    ['closing brackets too many', ']'.repeat(500_000)],
    ['a text that never ends', `["${'['.repeat(5000)}`],
  ])('%s', (_, text) => {
    expect(() => check(text)).not.toThrow()
  })

  it.each([
    ['a key too many', keys(keysOfAnObject + 1), 'limit is 40000 keys of one object'],
    [
      'a key too many, further down',
      `{"a":[1,{"b":${keys(keysOfAnObject + 1)}}]}`,
      'limit is 40000 keys of one object',
    ],
    ['a key too many around others', `{"a":{"b":1,"c":2},${keys(keysOfAnObject).slice(1)}`, '40000 keys of one object'],
    ['a list too many', list(objectsAndLists, '[]'), 'limit is 100000 objects and lists'],
    ['a value too many', list(values + 2, '0'), 'limit is 400000 values'],
  ])('%s', (_, text, message) => {
    expect(() => check(text)).toThrow(expect.objectContaining({ code: 413, message: expect.stringContaining(message) }))
  })

  it('is done in steps', () => {
    let steps = 0
    for (const step of checkingSize(list(100_000, '0'))) steps += step === undefined ? 1 : 0
    expect(steps).toBe(5)
  })
})
