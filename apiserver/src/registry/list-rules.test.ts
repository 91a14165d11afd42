import { describe, expect, it } from 'vitest'
import { decodeContinue, encodeContinue } from './continue-token.ts'
import { planList, planWatch } from './list-rules.ts'
import type { ListOptions, WatchOptions } from './types.ts'

const token = encodeContinue('default/a', 7)

describe('planList', () => {
  it.each<[ListOptions, object]>([
    [{}, { from: 'latest' }],
    [{ limit: 5 }, { from: 'latest' }],
    [{ resourceVersion: '0' }, { from: 'any' }],
    [{ resourceVersion: '5' }, { from: 'atLeast', revision: 5 }],
    [
      { resourceVersion: '5', limit: 3 },
      { from: 'exact', revision: 5 },
    ],
    [
      { resourceVersion: '5', limit: 3, resourceVersionMatch: 'NotOlderThan' },
      { from: 'atLeast', revision: 5 },
    ],
    [
      { resourceVersion: '5', resourceVersionMatch: 'Exact' },
      { from: 'exact', revision: 5 },
    ],
    [{ continue: token }, { from: 'exact', revision: 7, start: 'default/a\0' }],
    [{ continue: encodeContinue('a', -1) }, { from: 'latest', start: 'a\0' }],
  ])('%o', (options, plan) => {
    expect(planList(options)).toEqual(plan)
  })

  it.each<[ListOptions, string]>([
    [{ resourceVersionMatch: 'Exact' }, 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [
      { resourceVersion: '0', resourceVersionMatch: 'Exact' },
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [{ resourceVersion: '1', resourceVersionMatch: 'Some' }, 'Unsupported value: "Some"'],
    [{ resourceVersion: '9', continue: token }, 'specifying resource version is not allowed when using continue'],
    [{ resourceVersion: 'abc' }, 'Invalid value: "abc"'],
    [{ continue: 'e30' }, 'continue key is not valid'],
    [{ sendInitialEvents: false }, 'sendInitialEvents is forbidden for list'],
  ])('refuses %o', (options, message) => {
    expect(() => planList(options)).toThrow(message)
  })
})

describe('planWatch', () => {
  const initial = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
  it.each<[WatchOptions, object]>([
    [{}, { markInitialEnd: false }],
    [{ resourceVersion: '0' }, { atLeast: 0, markInitialEnd: false }],
    [{ resourceVersion: '5' }, { since: 5, markInitialEnd: false }],
    [initial, { markInitialEnd: false }],
    // a watch that begins with the state has its end marked, as if that had been asked for
    [{ allowWatchBookmarks: true }, { markInitialEnd: true }],
    [
      { allowWatchBookmarks: true, resourceVersion: '0' },
      { atLeast: 0, markInitialEnd: true },
    ],
    [
      { allowWatchBookmarks: true, resourceVersion: '5' },
      { since: 5, markInitialEnd: false },
    ],
    [
      { ...initial, allowWatchBookmarks: true, resourceVersion: '5' },
      { atLeast: 5, markInitialEnd: true },
    ],
    [
      { ...initial, sendInitialEvents: false },
      { since: -1, markInitialEnd: false },
    ],
  ])('%o', (options, plan) => {
    expect(planWatch(options)).toEqual(plan)
  })

  it.each<[WatchOptions, string]>([
    [
      { resourceVersionMatch: 'NotOlderThan' },
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [{ sendInitialEvents: true }, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    [{ ...initial, resourceVersionMatch: 'Exact' }, 'Unsupported value: "Exact": supported values: "NotOlderThan"'],
    [{ ...initial, continue: 'x' }, 'resourceVersionMatch is forbidden when continue is provided'],
  ])('refuses %o', (options, message) => {
    expect(() => planWatch(options)).toThrow(message)
  })
})

it('continue tokens look like those of upstream', () => {
  expect(JSON.parse(Buffer.from(token, 'base64url').toString())).toEqual({
    v: 'meta.k8s.io/v1',
    rv: 7,
    start: 'default/a\0',
  })
  expect(decodeContinue(token)).toEqual({ start: 'default/a\0', revision: 7 })
})
