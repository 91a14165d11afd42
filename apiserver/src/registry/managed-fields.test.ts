import { defineKind } from '@kubets/shared/api/kinds/define.ts'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Field, ObjectNode, SchemaNode } from '@kubets/shared/machinery/schema/node.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { describe, expect, it } from 'vitest'
import { apply, replicasPaths, trackFields } from './managed-fields.ts'
import type { RequestScope } from './types.ts'

// A custom kind: nothing is known of it but its schema.

const any: SchemaNode = { type: 'any', goType: 'interface {}' }

function object(fields: Record<string, SchemaNode>, more: Partial<ObjectNode> = {}): ObjectNode {
  const known = Object.entries(fields).map(([name, node]): [string, Field] => [
    name,
    { name, node, pointer: true, required: false, dropZero: false, patchStrategy: [] },
  ])
  return {
    type: 'object',
    name: '',
    goType: '',
    fields: new Map(known),
    filled: [],
    message: [],
    atomic: false,
    ...more,
  }
}

const spec = object({
  replicas: any,
  atomic: object({ a: any }, { atomic: true }),
  open: object({}, { preserveUnknown: true }),
  list: { type: 'list', goType: '', element: object({ id: any, x: any }), listType: 'map', mapKeys: ['id'] },
})
const schema = object(
  { apiVersion: any, kind: any, metadata: schemaFor('', 'v1', 'ObjectMeta'), spec },
  { kind: { group: 'example.com', version: 'v1', kind: 'Widget' }, structural: true },
)
const widget = defineKind({
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
  schema,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas' },
})

const scope = (fieldManager: string): RequestScope => ({
  kind: widget,
  dryRun: false,
  warn: () => undefined,
  annotate: () => undefined,
  signal: new AbortController().signal,
  fieldManager,
})

const config = (given: object): KubeObject =>
  ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: given }) as unknown as KubeObject

const owned = ({ metadata }: KubeObject): object =>
  Object.fromEntries((metadata.managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]))

describe('a custom kind', async () => {
  const clock = new FakeClock()
  const first = await apply(
    scope('one'),
    '',
    config({ atomic: { a: 1 }, open: { b: { c: [1] } }, list: [{ id: 1, x: 1 }] }),
    false,
    undefined,
    clock,
  )

  it('is applied by what its schema says of lists and maps, and by its values where it says nothing', () => {
    expect(owned(first)).toEqual({
      one: {
        'f:spec': {
          'f:atomic': {},
          'f:list': { 'k:{"id":1}': { '.': {}, 'f:id': {}, 'f:x': {} } },
          'f:open': { 'f:b': { '.': {}, 'f:c': {} } },
        },
      },
    })
  })

  it('is merged and pruned', async () => {
    const live = { ...first, metadata: { ...first.metadata, uid: 'u' } }
    const second = await apply(scope('two'), '', config({ open: { d: 1 }, list: [{ id: 2 }] }), false, live, clock)
    const third = await apply(scope('one'), '', config({ list: [{ id: 1 }] }), false, second, clock)
    expect((third as unknown as { spec: unknown }).spec).toEqual({
      list: [{ id: 1 }, { id: 2 }],
      open: { d: 1 },
    })
  })

  it('has owners through updates too, in all its versions', async () => {
    const created = config({ replicas: 1 })
    await trackFields(scope('writer'), '', created, undefined, clock)
    expect(owned(created)).toEqual({ writer: { 'f:spec': { '.': {}, 'f:replicas': {} } } })
    const [entry] = created.metadata.managedFields ?? []
    const live = { ...created, metadata: { uid: 'u', managedFields: [{ ...entry, apiVersion: 'example.com/v2' }] } }
    const changed = { ...config({ replicas: 2 }), metadata: { uid: 'u' } } as KubeObject
    await trackFields(scope('other'), '', changed, live as KubeObject, clock)
    expect(owned(changed)).toEqual({ writer: { 'f:spec': {} }, other: { 'f:spec': { 'f:replicas': {} } } })
  })

  it('has its replicas where it says', () => {
    expect(replicasPaths(widget).get('example.com/v7')).toEqual(['f:spec', 'f:replicas'])
    expect(replicasPaths(widget).get('apps/v1')).toBeUndefined()
  })
})
