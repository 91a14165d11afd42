import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Field, ObjectNode, SchemaNode } from '../schema/node.ts'
import { strategicMergePatch } from './strategic-merge.ts'

// The facts in cases/strategic.json (originals, patches and results) are those of
// apimachinery/pkg/util/strategicpatch/patch_test.go; its patches of two and of three ways are cases of their own here.

interface Case {
  description: string
  original: object
  patch: object
  result?: object
  error?: string
}

const cases = JSON.parse(readFileSync(new URL('cases/strategic.json', import.meta.url), 'utf8')) as Case[]

const scalar: SchemaNode = { type: 'string', goType: 'string' }
const any: SchemaNode = { type: 'rawExtension', goType: 'runtime.RawExtension' }
const listOf = (element: SchemaNode): SchemaNode => ({
  type: 'list',
  goType: '',
  element,
  listType: 'atomic',
  mapKeys: [],
})
const map: SchemaNode = { type: 'map', goType: 'map[string]string', value: scalar, atomic: false }

function struct(fields: Map<string, Field>): ObjectNode {
  return { type: 'object', name: '', goType: '', fields, filled: [], message: [], atomic: false }
}

type Row = [name: string, node: SchemaNode, strategy?: Field['patchStrategy'], key?: string]

function fill(fields: Map<string, Field>, rows: readonly Row[]): void {
  for (const [name, node, patchStrategy = [], patchMergeKey] of rows) {
    const key = patchMergeKey === undefined ? {} : { patchMergeKey }
    fields.set(name, { name, node, pointer: false, required: false, dropZero: true, patchStrategy, ...key })
  }
}

// patch_test.go MergeItem, RetainKeysMergeItem, PrecisionItem
const mergeItemFields = new Map<string, Field>()
const mergeItem = struct(mergeItemFields)
const retainKeysFields = new Map<string, Field>()
const common: Row[] = [
  ['name', scalar],
  ['value', scalar],
  ['other', scalar],
  ['simpleMap', map],
  ['mergingIntList', listOf(scalar), ['merge']],
  ['mergingList', listOf(mergeItem), ['merge'], 'name'],
]
fill(retainKeysFields, [...common, ['nonMergingList', listOf(mergeItem)]])
fill(mergeItemFields, [
  ...common,
  ['nonMergingList', listOf(mergeItem)],
  ['nonMergingIntList', listOf(scalar)],
  ['mergeItemPtr', listOf(mergeItem), ['merge'], 'name'],
  ['replacingItem', any, ['replace']],
  ['retainKeysMap', struct(retainKeysFields), ['retainKeys']],
  ['retainKeysMergingList', listOf(mergeItem), ['merge', 'retainKeys'], 'name'],
  ['int32', scalar],
  ['int64', scalar],
  ['float32', scalar],
  ['float64', scalar],
])

describe("strategicpatch's cases", () => {
  it('are all there', () => {
    expect(cases).toHaveLength(264)
  })

  it.each(cases.map((one) => [one.description, one] as const))('%s', (_, { original, patch, result, error }) => {
    const merge = (): object => strategicMergePatch(mergeItem, original, patch)
    if (error === undefined) expect(merge()).toEqual(result)
    else expect(merge).toThrow(error)
  })
})
