import { describe, expect, it } from 'vitest'
import { declareSchema, type SchemaProps } from './decl.ts'
import { baseEnvironment, compile, extend } from './environment.ts'
import { escapeName } from './escaping.ts'
import { toJson, toValue } from './native.ts'

const schema: SchemaProps = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', maxLength: 10 },
    free: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    port: { 'x-kubernetes-int-or-string': true },
    at: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    wait: { type: 'string', format: 'duration' },
    data: { type: 'string', format: 'byte' },
    namespace: { type: 'string' },
    'a-b.c': { type: 'string' },
    tags: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 4 }, 'x-kubernetes-list-type': 'set' },
    items: {
      type: 'array',
      maxItems: 3,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
      items: { type: 'object', properties: { id: { type: 'integer' }, v: { type: 'string' } } },
    },
    labels: { type: 'object', maxProperties: 4, additionalProperties: { type: 'string', maxLength: 6 } },
    anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as SchemaProps,
  },
}
const decl = declareSchema(schema, 'selfType', true)
if (decl === undefined) throw new Error('the schema has a declaration')
const environment = extend(baseEnvironment, { variables: { self: decl, oldSelf: decl } })

const self = {
  metadata: { name: 'n' },
  name: 'abc',
  count: 2,
  ratio: 2,
  port: 80,
  at: '2020-01-02T03:04:05Z',
  day: '2020-01-02',
  wait: '90s',
  data: 'YWI=',
  namespace: 'ns',
  'a-b.c': 'x',
  tags: ['a', 'b'],
  items: [
    { id: 1, v: 'x' },
    { id: 2, v: 'y' },
  ],
  labels: { app: 'web' },
  unknown: 1,
}
const oldSelf = {
  ...self,
  tags: ['b', 'a'],
  items: [
    { id: 2, v: 'y' },
    { id: 1, v: 'x' },
  ],
}

function run(source: string): unknown {
  const compiled = compile(source, environment)
  if ('issues' in compiled) return compiled.issues.split('\n')[0]
  const outcome = compiled.program.evaluate({ self: toValue(self, decl), oldSelf: toValue(oldSelf, decl) })
  return 'error' in outcome ? `error: ${outcome.error.message}` : toJson(outcome.value)
}

describe('values by their schema', () => {
  it.each([
    ['self.count + 1', 3],
    ['self.ratio == 2.0', true],
    ["self.port == 80 && self.port != '80'", true],
    ["self.at < timestamp('2021-01-01T00:00:00Z')", true],
    ['self.day.getDate()', 2],
    ["self.wait == duration('1m30s')", true],
    ["self.data == b'ab'", true],
    ["self.__namespace__ == 'ns'", true],
    ["self.a__dash__b__dot__c == 'x'", true],
    ['self.metadata.name', 'n'],
    ['has(self.free)', false],
    ['self.free', 'error: no such key: free'],
    ['self.?free.orValue("none")', 'none'],
    ['self.tags == oldSelf.tags', true],
    ['self.items == oldSelf.items', true],
    ['(self.tags + ["b", "c"]).size()', 3],
    ['self.labels.app', 'web'],
    ['self.labels.all(k, k.size() < 5)', true],
    ['has(self.anything)', false],
    ['self.unknown', "ERROR: <input>:1:5: undefined field 'unknown'"],
    ['self.name == 1', "ERROR: <input>:1:11: found no matching overload for '_==_' applied to '(string, int)'"],
    ['self.items[0].w', "ERROR: <input>:1:14: undefined field 'w'"],
    [
      'self.items == self.name',
      "ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(list(selfType.items.@idx), string)'",
    ],
  ])('%s', (source, wanted) => {
    expect(run(source)).toEqual(wanted)
  })
})

describe('what it costs at most, before it runs', () => {
  it.each([
    ['true', 0],
    ['self.count == 1', 2],
    ["self.name == 'ab'", 3],
    ["self.name.startsWith('ab')", 3],
    ["self.name.contains('ab')", 6],
    ["self.name.matches('abcd')", 7],
    ['self.tags.all(t, t == "a")', 5 * 5 + 3],
    ['self.items.all(i, i.id > 0)', 3 * 6 + 3],
    ['self.tags.map(t, t).size()', 2 + 10 + 1 + 5 * 13 + 1],
    ['has(self.name)', 1],
    ["self.name.lowerAscii() == 'x'", 7],
    ['self.items.all(i, self.items.all(j, i.id == j.id))', 3 + 3 * (3 + 3 + 3 * 7)],
  ])('%s', (source, max) => {
    const compiled = compile(source, environment)
    if ('issues' in compiled) throw new Error(compiled.issues)
    expect(compiled.program.estimate().max).toBe(max)
  })

  it('an unbounded string makes it large', () => {
    const compiled = compile('self.free.contains(self.free)', environment)
    if ('issues' in compiled) throw new Error(compiled.issues)
    expect(compiled.program.estimate().max).toBeGreaterThan(1e9)
  })
})

describe('names that are no identifiers', () => {
  it.each([
    ['a', 'a'],
    ['a.b', 'a__dot__b'],
    ['a-b', 'a__dash__b'],
    ['a/b', 'a__slash__b'],
    ['a__b', 'a__underscores__b'],
    ['namespace', '__namespace__'],
    ['in', '__in__'],
    ['1a', undefined],
    ['a b', undefined],
    ['', undefined],
    ['é', undefined],
  ])('%s', (name, escaped) => {
    expect(escapeName(name)).toBe(escaped)
  })
})
