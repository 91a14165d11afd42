import { describe, expect, it } from 'vitest'
import { problemsOfInformer, problemsOfLeading, problemsOfWatch, type Change } from './history.ts'

const change = (type: Change['type'], uid: string, seq: number, rv: number): Change => ({
  type,
  name: `cm-${uid}`,
  uid,
  seq,
  rv,
})
/** Two objects whose changes lie between each other's; the writer does not know at which revision it deleted one. */
const [a1, b1, a2, b2, a3, aEnd] = [
  change('ADDED', 'a', 1, 10),
  change('ADDED', 'b', 1, 11),
  change('MODIFIED', 'a', 2, 12),
  change('MODIFIED', 'b', 2, 13),
  change('MODIFIED', 'a', 3, 14),
  change('DELETED', 'a', 3, 15),
] as const
const written = [a1, a2, a3, { ...aEnd, rv: 0 }, b1, b2]
const seen = [a1, b1, a2, b2, a3, aEnd]
const first = (problems: readonly string[]): string | undefined => problems[0]

describe('a watch', () => {
  it('that saw all of it', () => {
    expect(problemsOfWatch(written, seen)).toEqual([])
    expect(problemsOfWatch([], [])).toEqual([])
  })
  it.each<[string, readonly Change[], string]>([
    ['lost the first', seen.slice(1), 'lost: ADDED cm-a a 1'],
    ['lost one in the middle', [a1, b1, b2, a3, aEnd], 'lost: MODIFIED cm-a a 2'],
    ['lost the last', seen.slice(0, -1), 'lost: DELETED cm-a a 3'],
    ['lost all of an object', [a1, a2, a3, aEnd], 'lost: ADDED cm-b b 1'],
    ['saw nothing', [], 'lost: ADDED cm-a a 1'],
    [
      'saw one twice at once',
      [a1, a1, b1, a2, b2, a3, aEnd],
      'out of order: ADDED cm-a a 1 at 10 after ADDED cm-a a 1 at 10',
    ],
    ['saw one again later', [...seen, a2], 'out of order: MODIFIED cm-a a 2 at 12 after DELETED cm-a a 3 at 15'],
    [
      'saw two the other way round',
      [a1, b1, a3, b2, a2, aEnd],
      'out of order: MODIFIED cm-b b 2 at 13 after MODIFIED cm-a a 3 at 14',
    ],
    [
      'saw other objects the other way round',
      [b1, a1, a2, b2, a3, aEnd],
      'out of order: ADDED cm-a a 1 at 10 after ADDED cm-b b 1 at 11',
    ],
    ['saw what nobody wrote', [...seen, change('MODIFIED', 'b', 9, 20)], 'nobody wrote MODIFIED cm-b b 9 at 20'],
    ['saw an object that nobody made', [...seen, change('ADDED', 'c', 1, 20)], 'nobody wrote ADDED cm-c c 1'],
    ['saw another type', [change('MODIFIED', 'a', 1, 10), ...seen.slice(1)], 'nobody wrote MODIFIED cm-a a 1 at 10'],
    ['saw another revision', [...seen.slice(0, 4), { ...a3, rv: 99 }], 'nobody wrote MODIFIED cm-a a 3 at 99'],
  ])('that %s', (_name, events, problem) => {
    expect(first(problemsOfWatch(written, events))).toBe(problem)
  })
  it('tells a duplicate even where revisions are not looked at', () => {
    const without = [a1, a2, a2, a3].map((one, i) => ({ ...one, rv: i + 1 }))
    expect(
      problemsOfWatch(
        [a1, a2, a3].map((one) => ({ ...one, rv: 0 })),
        without,
      ),
    ).toEqual(['twice: MODIFIED cm-a a 2'])
  })
  it('tells order even where revisions are not looked at', () => {
    const turned = [a1, a3, a2].map((one, i) => ({ ...one, rv: i + 1 }))
    expect(
      problemsOfWatch(
        [a1, a2, a3].map((one) => ({ ...one, rv: 0 })),
        turned,
      ),
    ).toEqual(['out of order: MODIFIED cm-a a 3 before MODIFIED cm-a a 2'])
  })
})

describe('an informer', () => {
  it.each<[string, readonly Change[]]>([
    ['saw all', seen],
    ['skipped changes while it was away', [a1, b2, a3, aEnd]],
    ['never saw what came and went', [b1, b2]],
  ])('that %s', (_name, events) => {
    expect(problemsOfInformer(written, events)).toEqual([])
  })
  it.each<[string, readonly Change[], string]>([
    ['went back', [a1, a3, a2, aEnd, b2], 'went back: MODIFIED cm-a a 2 after MODIFIED cm-a a 3'],
    ['told the same twice', [a1, a2, a2, aEnd, b2], 'twice: MODIFIED cm-a a 2'],
    ['missed an end', [a1, a3, b2], 'ended with MODIFIED cm-a a 3, not DELETED cm-a a 3'],
    ['missed the last change', [a1, aEnd, b1], 'ended with ADDED cm-b b 1, not MODIFIED cm-b b 2'],
    ['missed an object', [a1, aEnd], 'ended with nothing, not MODIFIED cm-b b 2'],
    ['saw it after its end', [a1, aEnd, a3, b2], 'after its end: MODIFIED cm-a a 3'],
    ['saw what nobody wrote', [a1, aEnd, b2, change('ADDED', 'c', 1, 20)], 'nobody wrote ADDED cm-c c 1'],
  ])('that %s', (_name, events, problem) => {
    expect(first(problemsOfInformer(written, events))).toBe(problem)
  })
})

describe('leading', () => {
  it('passes from one to the other, and back to the same', () => {
    const terms = [
      { who: 'b', from: 20, to: 30 },
      { who: 'a', from: 0, to: 20 },
      { who: 'b', from: 31, to: Infinity },
    ]
    expect(problemsOfLeading(terms)).toEqual([])
  })
  it('of two at a time', () => {
    const terms = [
      { who: 'a', from: 0, to: 21 },
      { who: 'b', from: 20, to: 30 },
    ]
    expect(problemsOfLeading(terms)).toEqual(['b led from 20 while a did until 21'])
  })
})
