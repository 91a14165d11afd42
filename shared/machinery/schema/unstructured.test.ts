import { describe, expect, it } from 'vitest'
import type { SchemaNode } from './node.ts'
import { cannotRestore } from './unstructured.ts'

const scalar = (type: 'string' | 'bool' | 'int32' | 'double' | 'bytes', goType: string = type): SchemaNode => ({
  type,
  goType,
})
const list: SchemaNode = {
  type: 'list',
  goType: '[]string',
  element: scalar('string'),
  listType: 'atomic',
  mapKeys: [],
}
const map: SchemaNode = { type: 'map', goType: 'map[string]string', value: scalar('string'), atomic: false }
const struct: SchemaNode = {
  type: 'object',
  name: '',
  goType: 'v1.PodSpec',
  fields: new Map(),
  filled: [],
  message: [],
  atomic: false,
}

describe("a value of a map that is not of its field's type", () => {
  it.each([
    ['a text for a number', scalar('int32'), 'x', 'unrecognized type: int32'],
    ['a fraction for an integer', scalar('int32'), 1.5, 'cannot convert float64 to int32'],
    ['a number for a text', scalar('string'), 1, 'cannot convert int64 to string'],
    ['a number for a named text', scalar('string', 'v1.Protocol'), 1, 'cannot convert int64 to v1.Protocol'],
    ['a fraction for a text', scalar('string'), 1.5, 'unrecognized type: string'],
    ['a bool for a text', scalar('string'), true, 'unrecognized type: string'],
    ['a map for a text', scalar('string'), {}, 'unrecognized type: string'],
    ['a number for a bool', scalar('bool'), 1, 'unrecognized type: bool'],
    ['a text for a float', scalar('double', 'float64'), 'x', 'unrecognized type: float64'],
    ['a map for a list', list, {}, 'cannot restore slice from map'],
    ['a number for bytes', scalar('bytes', '[]uint8'), 1, 'cannot restore slice from int64'],
    ['a list for a map', map, [], 'cannot restore map from slice'],
    ['a text for a struct', struct, 'x', 'cannot restore struct from: string'],
  ])('%s', (_name, node, value, wanted) => {
    expect(cannotRestore(node, value)).toBe(wanted)
  })
})
