import { describe, expect, it } from 'vitest'
import {
  difference,
  hasPath,
  intersection,
  isEmpty,
  none,
  onlyUnder,
  pathsOf,
  printPath,
  readFieldSet,
  recursiveDifference,
  setOfPaths,
  sizeOf,
  union,
  type FieldSet,
} from './field-set.ts'
import { compareElements, printElement, readElement } from './path-element.ts'

describe('path elements', () => {
  // structured-merge-diff/fieldpath/serialize-pe_test.go TestPathElementRoundTrip
  it.each([
    'i:0',
    'i:1234',
    'f:',
    'f:spec',
    'f:more-complicated-string',
    'f:__proto__',
    'k:{"name":"my-container"}',
    'k:{"port":"8080","protocol":"TCP"}',
    'k:{"optionalField":null}',
    'k:{"jsonField":{"A":1,"B":null,"C":"D","E":{"F":"G"}}}',
    'k:{"listField":["1","2","3"]}',
    'v:null',
    'v:"some-string"',
    String.raw`v:"a\u003cb"`,
    'v:1234',
    'v:{"some":"json"}',
  ])('%s is read as it is written', (text) => {
    expect(readElement(text)).toBe(text)
  })

  it.each([
    ['k:{"protocol":"TCP", "port":80}', 'k:{"port":80,"protocol":"TCP"}'],
    ['v: 1.0', 'v:1'],
    ['v:"a<b"', String.raw`v:"a\u003cb"`],
    ['i:+7', 'i:7'],
  ])('%s means %s', (text, canonical) => {
    expect(readElement(text)).toBe(canonical)
  })

  // structured-merge-diff/fieldpath/serialize-pe_test.go TestDeserializePathElementError
  it.each([
    '',
    'no-colon',
    'i:index is not a number',
    'i:1.23',
    'i:',
    'v:invalid json',
    'v:',
    'k:invalid json',
    'k:[1]',
    'k:{"name":invalid}',
  ])('%j is none', (text) => {
    expect(() => readElement(text)).toThrow()
  })

  it.each([
    ['f:spec', '.spec'],
    ['k:{"containerPort":80,"protocol":"TCP"}', '[containerPort=80,protocol="TCP"]'],
    ['v:"x"', '[="x"]'],
    ['v:true', '[=true]'],
    ['i:3', '[3]'],
  ])('%s is shown as %s', (element, text) => {
    expect(printElement(element)).toBe(text)
  })

  it('are ordered by kind, then by value', () => {
    const sorted = [
      'f:a',
      'f:b',
      'k:{"name":"a"}',
      'k:{"name":"a","port":1}',
      'k:{"port":9}',
      'k:{"port":80}',
      'k:{"port":"1"}',
      'v:2',
      'v:10',
      'v:"a"',
      'v:false',
      'v:true',
      'v:null',
      'i:2',
      'i:10',
    ]
    expect(sorted.toReversed().sort(compareElements)).toEqual(sorted)
  })
})

describe('reading FieldsV1', () => {
  // structured-merge-diff/fieldpath/serialize_test.go TestSerializeV1GoldenData, of the shape its second example has
  it.each([
    '{"f:aaa":{},"f:aab":{},"k:{\\"name\\":\\"first\\"}":{},"k:{\\"port\\":443,\\"protocol\\":\\"tcp\\"}":{},"v:1":{},"v:\\"aa\\"":{},"v:true":{},"i:1":{},"i:4":{}}',
    '{"f:aaa":{"k:{\\"name\\":\\"second\\"}":{"v:3":{"f:aab":{}}},"v:3":{},"v:true":{}},"f:aab":{".":{},"f:aaa":{}}}',
  ])('%s is the same when written', (text) => {
    const value: unknown = JSON.parse(text)
    const set = readFieldSet(value)
    expect(JSON.stringify(set)).toBe(text)
    // nothing was copied
    expect(set).toBe(value)
  })

  it('puts entries in order, and together where they mean the same', () => {
    const given = { 'v:2': {}, 'f:b': { 'f:d': {}, 'f:c': {} }, 'f:a': { '.': {} }, 'v:2.0': { 'f:x': {} } }
    expect(JSON.stringify(readFieldSet(given))).toBe('{"f:a":{},"f:b":{"f:c":{},"f:d":{}},"v:2":{".":{},"f:x":{}}}')
  })

  it('drops what is not known', () => {
    expect(readFieldSet({ 'f:aaa': {}, 'r:aab': {}, 'f:b': { 'r:c': {} } })).toEqual({ 'f:aaa': {}, 'f:b': {} })
  })

  it.each([[null], [[]], ['x'], [{ x: {} }], [{ 'f:a': 1 }], [JSON.parse('{"__proto__":{}}')]])(
    '%j is no set',
    (value) => {
      expect(() => readFieldSet(value)).toThrow()
    },
  )
})

const set = (text: string): FieldSet =>
  setOfPaths(
    ...text
      .split(' ')
      .filter(Boolean)
      .map((path) => path.split('.').map((name) => `f:${name}`)),
  )

describe('algebra', () => {
  it.each([
    [difference, 'a a.b a.c d', 'a.b d', 'a a.c'],
    [difference, 'a.b a', 'a', 'a.b'],
    [difference, 'a', 'a.b', 'a'],
    [recursiveDifference, 'a.b a.b.c a', 'a.b', 'a'],
    [recursiveDifference, 'a.b.c d', 'a', 'd'],
    [intersection, 'a a.b c', 'a.b c.d', 'a.b'],
    [intersection, 'a a.b', 'a a.b.c', 'a'],
    [union, 'a.b', 'a a.c', 'a a.b a.c'],
    [union, '', 'a', 'a'],
  ])('%o of {%s} and {%s}', (operation, a, b, expected) => {
    expect(operation(set(a), set(b))).toEqual(set(expected))
  })

  it('holds for whatever sets', () => {
    const random = numbers(7)
    for (let i = 0; i < 300; i++) {
      const [a, b] = [randomSet(random), randomSet(random)]
      const [both, either] = [intersection(a, b), union(a, b)]
      expect(readFieldSet(JSON.parse(JSON.stringify(either)))).toEqual(either)
      expect(union(b, a)).toEqual(either)
      expect(intersection(b, a)).toEqual(both)
      expect(union(difference(a, b), both)).toEqual(a)
      expect(difference(either, b)).toEqual(difference(a, b))
      expect(isEmpty(intersection(difference(a, b), b))).toBe(true)
      expect(recursiveDifference(a, a)).toEqual(none)
      expect(setOfPaths(...pathsOf(a))).toEqual(a)
      expect([...pathsOf(a)].every((path) => hasPath(a, path))).toBe(true)
      expect([...pathsOf(a)]).toHaveLength(sizeOf(a))
    }
  })

  it('keeps what lies under a pattern', () => {
    const containers = setOfPaths(
      ['f:spec', 'f:containers', 'k:{"name":"a"}', 'f:image'],
      ['f:spec', 'f:containers', 'k:{"name":"a"}', 'f:resources', 'f:limits'],
      ['f:status'],
    )
    const kept = onlyUnder(containers, [['f:spec', 'f:containers', '*', 'f:resources']])
    expect([...pathsOf(kept)].map(printPath)).toEqual(['.spec.containers[name="a"].resources.limits'])
  })
})

/** A sequence of numbers below `n`, the same in every run. */
function numbers(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state % n
  }
}

function randomSet(random: (n: number) => number): FieldSet {
  const elements = ['f:a', 'f:b', 'f:c', 'k:{"name":"x"}', 'v:1', 'i:0']
  const paths = Array.from({ length: random(8) }, () =>
    Array.from({ length: 1 + random(3) }, () => elements[random(elements.length)] ?? 'f:a'),
  )
  return setOfPaths(...paths)
}
