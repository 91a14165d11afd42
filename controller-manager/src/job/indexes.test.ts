import { describe, expect, it } from 'vitest'
import { common, countOf, firstFree, formatIndexes, hasIndex, parseIndexes, union, withIndexes } from './indexes.ts'

describe('indexes', () => {
  const cases: [text: string, completions: number, back: string][] = [
    ['', 10, ''],
    ['1,3-5,7', 10, '1,3-5,7'],
    ['0-1', 10, '0,1'],
    ['1,2,3', 10, '1-3'],
    ['5,1', 10, '1,5'],
    ['1,8-20', 10, '1,8,9'],
    ['x,2-y,3', 10, '3'],
    ['0-2000000000', 3, '0-2'],
  ]
  for (const [text, completions, back] of cases)
    it(`${text} of ${completions}`, () => expect(formatIndexes(parseIndexes(text, completions))).toBe(back))

  it('are counted, looked up and joined', () => {
    const some = parseIndexes('1,3-5', 10)
    expect(countOf(some)).toBe(4)
    expect([0, 1, 4, 6].map((index) => hasIndex(some, index))).toEqual([false, true, true, false])
    expect(formatIndexes(withIndexes(some, [2, 9]))).toBe('1-5,9')
    expect(formatIndexes(union(some, parseIndexes('0,6', 10)))).toBe('0,1,3-6')
    expect(common(some, parseIndexes('0-3,5', 10))).toBe(3)
  })

  it('are given out from the lowest', () => {
    expect(firstFree(parseIndexes('0,2,3', 6), 2, 6)).toEqual([1, 4])
    expect(firstFree([], 5, 3)).toEqual([0, 1, 2])
    expect(firstFree(parseIndexes('0-2', 3), 1, 3)).toEqual([])
  })
})
