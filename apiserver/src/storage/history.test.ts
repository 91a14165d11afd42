import { describe, expect, it } from 'vitest'
import { Change } from './encoded.ts'
import { History } from './history.ts'

const filled = (count: number, time: (revision: number) => number): History => {
  const history = new History(10)
  for (let revision = 11; revision <= 10 + count; revision++)
    history.add(new Change(revision, 'a', time(revision), undefined, undefined))
  return history
}

describe('History', () => {
  it('has the changes after a revision', () => {
    const history = filled(5, () => 0)
    expect(history.since(12)?.map(({ revision }) => revision)).toEqual([13, 14, 15])
    expect(history.since(10)).toHaveLength(5)
    expect(history.since(99)).toEqual([])
  })

  it('knows what it never had', () => {
    expect(filled(1, () => 0).since(9)).toBeUndefined()
  })

  it.each([
    ['few are kept however old', 100, (revision: number) => revision * 100_000, 10],
    ['old ones go', 250, (revision: number) => revision * 1000, 160],
    ['fresh ones stay', 250, () => 0, 10],
    ['too many go though fresh', 25_000, () => 0, 5010],
  ])('%s', (_name, count, time, start) => {
    const history = filled(count, time)
    expect(history.start).toBe(start)
    expect(history.since(start)).toHaveLength(10 + count - start)
    expect(history.since(start - 1)).toBeUndefined()
  })
})
