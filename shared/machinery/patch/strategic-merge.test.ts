import { describe, expect, it } from 'vitest'
import type { Field, ObjectNode, SchemaNode } from '../schema/node.ts'
import { strategicMergePatch } from './strategic-merge.ts'

const scalar: SchemaNode = { type: 'string', goType: 'string' }
const list = (element: SchemaNode): SchemaNode => ({
  type: 'list',
  goType: `[]${element.goType}`,
  element,
  listType: 'atomic',
  mapKeys: [],
})
const field = (name: string, node: SchemaNode, strategy: Field['patchStrategy'] = [], key?: string): Field => ({
  name,
  node,
  pointer: false,
  required: false,
  dropZero: true,
  patchStrategy: strategy,
  ...(key ? { patchMergeKey: key } : {}),
})

const fields = new Map<string, Field>()
const item: ObjectNode = { type: 'object', name: '', goType: 'v1.Item', fields, filled: [], message: [], atomic: false }
const map: SchemaNode = { type: 'map', goType: 'map[string]string', value: scalar, atomic: false }
for (const each of [
  field('name', scalar),
  field('value', scalar),
  field('other', scalar),
  field('merging', list(item), ['merge'], 'name'),
  field('replacing', list(item)),
  field('scalars', list(scalar), ['merge']),
  field('plain', list(scalar)),
  field('item', item),
  field('whole', item, ['replace']),
  field('source', item, ['retainKeys']),
  field('labels', map),
]) {
  fields.set(each.name, each)
}

const named = (...names: unknown[]): { name: unknown }[] => names.map((name) => ({ name }))

describe('strategicMergePatch', () => {
  it.each<[string, object, object, object]>([
    ['scalars replace, null removes', { name: 'a', value: 'b' }, { name: 'c', value: null }, { name: 'c' }],
    ['an unmatched null is nothing', { name: 'a' }, { item: { value: null } }, { name: 'a', item: {} }],
    ['objects merge', { item: { name: 'a' } }, { item: { value: 'b' } }, { item: { name: 'a', value: 'b' } }],
    ['maps merge', { labels: { a: '1', b: '2' } }, { labels: { a: null, c: '3' } }, { labels: { b: '2', c: '3' } }],
    [
      '$patch: replace on an object',
      { item: { name: 'a' } },
      { item: { $patch: 'replace', value: 'b' } },
      { item: { value: 'b' } },
    ],
    ['$patch: replace at the root', { name: 'a', value: 'b' }, { $patch: 'replace', other: 'c' }, { other: 'c' }],
    ['$patch: delete empties an object', { item: { name: 'a' } }, { item: { $patch: 'delete' } }, { item: {} }],
    ['$patch: delete of what is not there', {}, { item: { $patch: 'delete' } }, {}],
    [
      'a field with the replace strategy',
      { whole: { name: 'a' } },
      { whole: { value: 'b' } },
      { whole: { value: 'b' } },
    ],
    [
      'lists without a strategy are replaced',
      { replacing: named('a', 'b') },
      { replacing: named('c') },
      { replacing: named('c') },
    ],
    ['plain scalars too', { plain: ['a'] }, { plain: ['b'] }, { plain: ['b'] }],
    ['a list of another shape is replaced', { merging: named('a') }, { merging: 'x' }, { merging: 'x' }],
    [
      'elements merge by key',
      { merging: [{ name: 'a', value: '1' }] },
      { merging: [{ name: 'a', other: '2' }] },
      { merging: [{ name: 'a', value: '1', other: '2' }] },
    ],
    [
      'a null inside an element',
      { merging: [{ name: 'a', value: '1' }] },
      { merging: [{ name: 'a', value: null }] },
      { merging: named('a') },
    ],
    [
      'new elements go in front',
      { merging: named('a', 'b') },
      { merging: named('c') },
      { merging: named('c', 'a', 'b') },
    ],
    [
      'numbers are keys',
      { merging: named(80, 443) },
      { merging: [{ name: 443, value: 'x' }] },
      { merging: [{ name: 80 }, { name: 443, value: 'x' }] },
    ],
    ['a number is not its text', { merging: named(80) }, { merging: named('80') }, { merging: named('80', 80) }],
    [
      'elements of the patch take its order',
      { merging: named(1, 2, 3) },
      { merging: named(3, 1, 2) },
      { merging: named(3, 1, 2) },
    ],
    [
      'the rest keeps its place before them',
      { merging: named(1, 2, 3) },
      { merging: named(3, 1) },
      { merging: named(2, 3, 1) },
    ],
    [
      'delete an element',
      { merging: named('a', 'b', 'a') },
      { merging: [{ name: 'a', $patch: 'delete' }] },
      { merging: named('b') },
    ],
    [
      'replace a merging list',
      { merging: named('a', 'b') },
      { merging: [{ $patch: 'replace' }, { name: 'c' }] },
      { merging: named('c') },
    ],
    ['empty a merging list', { merging: named('a') }, { merging: [{ $patch: 'replace' }] }, { merging: [] }],
    ['two empty lists', { merging: [] }, { merging: [] }, { merging: [] }],
    [
      'a new list sheds directives',
      {},
      {
        merging: [
          { name: 'a', $patch: 'delete' },
          { name: 'b', value: null },
        ],
      },
      { merging: named('b') },
    ],
    ['scalars union', { scalars: ['1', '2'] }, { scalars: ['2', '3'] }, { scalars: ['1', '2', '3'] }],
    [
      'delete from scalars',
      { scalars: ['1', '2', '3'] },
      { '$deleteFromPrimitiveList/scalars': ['2', '9'] },
      { scalars: ['1', '3'] },
    ],
    [
      'add and delete scalars',
      { scalars: ['1', '2'] },
      { scalars: ['3'], '$deleteFromPrimitiveList/scalars': ['1'] },
      { scalars: ['3', '2'] },
    ],
    ['delete from no list', {}, { '$deleteFromPrimitiveList/scalars': ['2'] }, {}],
    [
      'order alone',
      { merging: named('a', 'b', 'c') },
      { '$setElementOrder/merging': named('c', 'b', 'a') },
      { merging: named('c', 'b', 'a') },
    ],
    [
      'order and change',
      { merging: named('a', 'b') },
      { '$setElementOrder/merging': named('c', 'a', 'b'), merging: [{ name: 'c', value: 'x' }] },
      { merging: [{ name: 'c', value: 'x' }, { name: 'a' }, { name: 'b' }] },
    ],
    [
      'order with what only the server has',
      { merging: named('s1', 'a', 's2', 'b') },
      { '$setElementOrder/merging': named('b', 'a') },
      { merging: named('s1', 's2', 'b', 'a') },
    ],
    [
      'order and delete',
      { merging: named('a', 'b', 'c') },
      { '$setElementOrder/merging': named('c', 'a'), merging: [{ name: 'b', $patch: 'delete' }] },
      { merging: named('c', 'a') },
    ],
    ['order of an absent list', {}, { '$setElementOrder/merging': named('a') }, {}],
    [
      'order of scalars',
      { scalars: ['1', '2', '3'] },
      { '$setElementOrder/scalars': ['3', '1', '2'] },
      { scalars: ['3', '1', '2'] },
    ],
    [
      'retainKeys clears the rest',
      { source: { name: 'a', value: 'b' } },
      { source: { $retainKeys: ['other'], other: 'c' } },
      { source: { other: 'c' } },
    ],
    [
      'retainKeys in an element',
      { merging: [{ name: 'a', value: 'b' }] },
      { merging: [{ $retainKeys: ['name', 'other'], name: 'a', other: 'c' }] },
      { merging: [{ name: 'a', other: 'c' }] },
    ],
  ])('%s', (_, current, patch, expected) => {
    expect(strategicMergePatch(item, current, patch)).toEqual(expected)
  })

  it.each<[string, unknown, number, string]>([
    ['no object', ['x'], 400, 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['unknown directive', { $patch: 'burn' }, 500, 'unknown patch type: burn in map: map[$patch:burn]'],
    ['no merge key', { merging: [{ value: 'x' }] }, 500, 'map: map[value:x] does not contain declared merge key: name'],
    [
      'delete without key',
      { merging: [{ $patch: 'delete' }] },
      500,
      'map: map[$patch:delete] does not contain declared merge key: name',
    ],
    ['merge in a list', { merging: [{ $patch: 'merge' }] }, 500, 'merging lists cannot yet be specified in the patch'],
    ['lists of lists', { merging: [['x']] }, 500, 'lists of lists are not supported'],
    ['mixed elements', { merging: ['x'] }, 500, 'list element types are not identical: [map[name:a] x]'],
    [
      'malformed delete list',
      { '$deleteFromPrimitiveList.scalars': [] },
      400,
      'invalid patch format of primitive list',
    ],
    ['malformed order', { $setElementOrder: [] }, 400, 'invalid patch format of setElementOrder list'],
    ['malformed retainKeys', { $retainKeys: 'x' }, 400, 'invalid patch format of retainKeys'],
    ['a key not retained', { $retainKeys: ['name'], value: 'x' }, 400, 'invalid patch format of retainKeys'],
    [
      'an element outside the order',
      { '$setElementOrder/merging': named('a'), merging: named('b') },
      500,
      "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    ],
  ])('%s', (_, patch, code, message) => {
    expect(() => strategicMergePatch(item, { merging: named('a') }, patch)).toThrow(
      expect.objectContaining({ code, message }),
    )
  })

  it('takes null for a patch of nothing', () => {
    expect(strategicMergePatch(item, { name: 'a' }, null)).toEqual({ name: 'a' })
  })

  it('keeps __proto__ an ordinary key', () => {
    const patched = strategicMergePatch(item, { labels: { a: '1' } }, JSON.parse('{"labels":{"__proto__":"x"}}'))
    expect(JSON.stringify(patched)).toBe('{"labels":{"a":"1","__proto__":"x"}}')
  })
})
