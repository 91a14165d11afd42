import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { covers, marksIn } from './covers.ts'
import { judge, nearest, type Entry } from './judge.ts'
import { page, summary } from './page.ts'

const entry = (testname: string, codename = `[sig-x] ${testname}`, sig = 'sig-x'): Entry => ({
  testname,
  codename,
  release: 'v1.9',
  sig,
})
const report = (...cases: [fullName: string, status: string][]) => ({
  testResults: [{ assertionResults: cases.map(([fullName, status]) => ({ fullName, status })) }],
})

describe('marks', () => {
  it.each([['Pods, QOS'], ['EndpointSlice, "empty" Service'], ['a {b} c'], ['back\\slash'], ["it's (0.0.0.0)."]])(
    'carry %s through a title',
    (name) => {
      expect(marksIn(`a case${covers(name)}`)).toEqual({ names: [name], rest: 'a case' })
    },
  )
  it('of one title may be several', () => {
    expect(marksIn(`Pods end${covers('One, two', 'Three')}`)).toEqual({
      names: ['One, two', 'Three'],
      rest: 'Pods end',
    })
  })
})

describe('judge', () => {
  const entries = [
    entry('One'),
    entry('Two'),
    entry('Twin', '[sig-y] first', 'sig-y'),
    entry('Twin', '[sig-y] second', 'sig-y'),
  ]
  it.each([
    ['nothing', [], 'no case yet'],
    ['a case that passed', [['s a {One}', 'passed']], 'passed'],
    ['a case that failed', [['s a {One}', 'failed']], 'failed'],
    ['a case that was skipped', [['s a {One}', 'skipped']], 'failed'],
    [
      'two cases, one failed',
      [
        ['s a {One}', 'passed'],
        ['s b {One}', 'failed'],
      ],
      'failed',
    ],
    [
      'two cases that passed',
      [
        ['s a {One}', 'passed'],
        ['s b {One} {Two}', 'passed'],
      ],
      'passed',
    ],
  ] as [string, [string, string][], string][])('an entry with %s', (_what, cases, result) => {
    const { verdicts, problems } = judge(entries, [report(...cases)])
    expect(problems).toEqual([])
    expect(verdicts[0]?.result).toBe(result)
    expect(verdicts[0]?.cases).toEqual(cases.map(([name]) => marksIn(name).rest))
  })
  it('asks for no case of what joined the list after the version served', () => {
    const later = [
      { ...entry('One'), release: 'v1.37' },
      { ...entry('Two'), release: 'v1.9, v1.37' },
    ]
    const { verdicts } = judge(later, [])
    expect(verdicts.map((one) => one.result)).toEqual(['not in this version', 'no case yet'])
    expect(summary(verdicts)).toBe('conformance: 0 of 1 entries have a case, 0 passed, 0 failed')
    expect(judge(later, [report(['a {One}', 'passed'])]).verdicts[0]?.result).toBe('passed')
  })
  it('puts several reports together', () => {
    const { verdicts } = judge(entries, [
      report(['a {One}', 'passed']),
      report(['b {One}', 'failed'], ['c {Two}', 'passed']),
    ])
    expect(verdicts.map((one) => one.result)).toEqual(['failed', 'passed', 'no case yet', 'no case yet'])
  })
  it('takes a codename where a testname is shared', () => {
    expect(judge(entries, [report(['a {Twin}', 'passed'])]).problems).toEqual([
      '"a" covers "Twin", which several entries are called; name one by its codename',
    ])
    const { verdicts } = judge(entries, [report(['a {[sig-y] second}', 'passed'])])
    expect(verdicts.map((one) => one.result)).toEqual(['no case yet', 'no case yet', 'no case yet', 'passed'])
  })
  it('names a mark that is not in the list, and the nearest name', () => {
    expect(judge(entries, [report(['s a {Onne}', 'passed'])]).problems).toEqual([
      '"s a" covers "Onne", which is not in the list; nearest: "One"',
    ])
    expect(nearest(entries, '[sig-y] frist')).toBe('[sig-y] first')
  })
})

describe('the page', () => {
  it('counts, and has a table per sig sorted by name', () => {
    const { verdicts } = judge(
      [
        entry('b'),
        entry('a | c'),
        entry('d', '[sig-a] does d', 'sig-a'),
        entry('d', '[sig-a] does d twice [Slow]', 'sig-a'),
      ],
      [report(['case {b}', 'passed'], ['other {a | c}', 'failed'])],
    )
    expect(summary(verdicts)).toBe('conformance: 2 of 4 entries have a case, 1 passed, 1 failed')
    const text = page('the list', verdicts)
    expect(text).toContain('| sig-a | 2 | 0 | 0 | 0 |\n| sig-x | 2 | 2 | 1 | 1 |\n| all | 4 | 2 | 1 | 1 |\n')
    expect(text).toContain('| a \\| c | v1.9 | other | failed |\n| b | v1.9 | case | passed |\n')
    expect(text).toContain('| d (does d twice) | v1.9 |  | no case yet |\n| d (does d) | v1.9 |  | no case yet |\n')
  })
})

it('the list names every entry once by its codename, with its sig', () => {
  const { entries } = JSON.parse(readFileSync(new URL('entries.json', import.meta.url), 'utf8')) as { entries: Entry[] }
  expect(entries).toHaveLength(449)
  expect(new Set(entries.map((one) => one.codename)).size).toBe(entries.length)
  for (const one of entries) expect(one.codename.startsWith(`[${one.sig}] `)).toBe(true)
})
