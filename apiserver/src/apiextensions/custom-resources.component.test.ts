import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Call, type Reply, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const call = (path: string, given?: Call): Promise<Reply> => server.call(path, given)

const specSchema = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    color: { type: 'string', default: 'red', enum: ['red', 'blue'] },
    replicas: { type: 'integer' },
    name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
    port: { 'x-kubernetes-int-or-string': true },
    note: { type: 'string', nullable: true },
    tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    ports: {
      type: 'array',
      items: {
        type: 'object',
        required: ['port'],
        properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } },
      },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    template: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
}

const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: specSchema,
        status: {
          type: 'object',
          properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } },
        },
      },
    },
  },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  selectableFields: [{ jsonPath: '.spec.color' }],
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
  ],
  ...more,
})

function definition(plural: string, more: Record<string, unknown> = {}, names: object = {}) {
  const kind = `${plural.charAt(0).toUpperCase()}${plural.slice(1, -1)}`
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind, ...names },
      versions: [version('v1')],
      ...more,
    },
  }
}

interface Condition {
  type: string
  status: string
  reason: string
  message: string
}

const condition = async (plural: string, type: string): Promise<Condition | undefined> => {
  const { json } = await call(`${definitions}/${plural}.example.com`)
  const { conditions = [] } = (json['status'] ?? {}) as { conditions?: Condition[] }
  return conditions.find((one) => one.type === type)
}

async function define(given: ReturnType<typeof definition>): Promise<string> {
  const created = await call(definitions, { body: given })
  expect([created.code, created.text]).toEqual([201, created.text])
  const { plural } = given.spec.names
  await waitFor(async () => (await condition(plural, 'Established'))?.status === 'True', 'established')
  return `/apis/example.com/v1/namespaces/default/${plural}`
}

const object = (kind: string, name: string, spec: object, more: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind,
  metadata: { name },
  spec,
  ...more,
})

describe('definitions', () => {
  it.each<[string, (crd: ReturnType<typeof definition>) => void, string]>([
    [
      'a name of its own',
      (crd) => (crd.metadata.name = 'other.example.com'),
      'metadata.name: Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group',
    ],
    [
      'no type',
      (crd) =>
        Object.assign(crd.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties as object, { odd: {} }),
      'spec.validation.openAPIV3Schema.properties[spec].properties[odd].type: Required value: must not be empty for specified object fields',
    ],
    [
      'two storage versions',
      (crd) => crd.spec.versions.push({ ...version('v2'), storage: true }),
      'must have exactly one version marked as storage version',
    ],
    [
      'a bad scope',
      (crd) => (crd.spec.scope = 'Galaxy'),
      'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    ],
    [
      'a default that does not fit',
      (crd) =>
        Object.assign(crd.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties as object, {
          odd: { type: 'integer', default: 'x' },
        }),
      'spec.validation.openAPIV3Schema.properties[spec].properties[odd].default: Invalid value: "string": default in body must be of type integer: "string"',
    ],
  ])('%s is refused', async (_, change, message) => {
    const crd = structuredClone(definition('wrongs'))
    change(crd)
    const { code, json } = await call(definitions, { body: crd })
    expect(code).toBe(422)
    expect(json.message).toContain(message.replace('default in body', ' in body'))
  })

  it('has defaults, conditions, names, and is discovered', async () => {
    await define(definition('gadgets', {}, { shortNames: ['gd'], categories: ['all'] }))
    const { json } = await call(`${definitions}/gadgets.example.com`)
    expect(json).toMatchObject({
      metadata: { generation: 1 },
      spec: { names: { singular: 'gadget', listKind: 'GadgetList' }, conversion: { strategy: 'None' } },
      status: { acceptedNames: { plural: 'gadgets', kind: 'Gadget', shortNames: ['gd'] }, storedVersions: ['v1'] },
    })
    expect(await condition('gadgets', 'NamesAccepted')).toMatchObject({
      status: 'True',
      reason: 'NoConflicts',
      message: 'no conflicts found',
    })
    expect(await condition('gadgets', 'Established')).toMatchObject({ status: 'True', reason: 'InitialNamesAccepted' })
    const list = (await call('/apis/example.com/v1')).json
    expect(list['resources']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'gadgets', kind: 'Gadget', shortNames: ['gd'], categories: ['all'] }),
        expect.objectContaining({ name: 'gadgets/status' }),
        expect.objectContaining({ name: 'gadgets/scale', group: 'autoscaling', kind: 'Scale' }),
      ]),
    )
    expect((await call('/apis')).text).toContain('"example.com/v1"')
  })

  it('that ask for names in use are told so, and are not served', async () => {
    await define(definition('firsts', {}, { shortNames: ['f'] }))
    const created = await call(definitions, { body: definition('seconds', {}, { kind: 'First', shortNames: ['f'] }) })
    expect(created.code).toBe(201)
    const found = await waitFor(() => condition('seconds', 'NamesAccepted'), 'a verdict')
    expect(found).toMatchObject({ status: 'False' })
    expect(found.message).toContain('is already in use')
    expect(await condition('seconds', 'Established')).toMatchObject({ status: 'False', reason: 'NotAccepted' })
    expect((await call('/apis/example.com/v1/namespaces/default/seconds')).code).toBe(404)
    await call(`${definitions}/firsts.example.com`, { method: 'DELETE' })
    await waitFor(async () => (await condition('seconds', 'NamesAccepted'))?.status === 'True', 'the names are free')
  })
})

describe('custom resources', () => {
  let path: string
  beforeAll(async () => {
    path = await define(definition('widgets'))
  })
  const create = (name: string, spec: object, query = '') =>
    call(`${path}${query}`, { body: object('Widget', name, spec) })

  it('are defaulted, pruned, and warned about', async () => {
    const { code, json, headers } = await create('pruned', { size: 1, odd: 2, note: null, color: null, free: { x: 1 } })
    expect(code).toBe(201)
    expect(json['spec']).toEqual({ size: 1, color: 'red', note: null, free: { x: 1 } })
    expect(json.metadata).toMatchObject({ generation: 1, namespace: 'default' })
    expect(headers['warning']).toContain('unknown field \\"spec.odd\\"')
  })

  it('are decoded strictly when asked to', async () => {
    const query = '?fieldValidation=Strict'
    const { code, json } = await create('strict', { size: 1, odd: 2 }, query)
    expect([code, json.message]).toEqual([
      400,
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.odd"',
    ])
    const body = { ...object('Widget', 'strict', { size: 1 }), metadata: { name: 'strict', odd: 1 } }
    const meta = await call(`${path}${query}`, { body })
    expect(meta.json.message).toContain('strict decoding error: unknown field "metadata.odd"')
    const text = `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"strict"},"spec":{"size":1,"size":2}}`
    const twice = await call(`${path}${query}`, { body: text })
    expect(twice.json.message).toContain('strict decoding error: duplicate field "spec.size"')
  })

  it.each<[string, object, string]>([
    ['required', {}, 'spec.size: Required value'],
    ['types', { size: 'x' }, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'],
    ['minimum', { size: 0 }, 'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1'],
    ['maximum', { size: 11 }, 'spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10'],
    ['enums', { size: 1, color: 'green' }, 'spec.color: Unsupported value: "green": supported values: "red", "blue"'],
    ['patterns', { size: 1, name: 'A' }, `spec.name: Invalid value: "A": spec.name in body should match '^[a-z]+$'`],
    ['lengths', { size: 1, name: 'abcdef' }, 'spec.name: Too long: may not be more than 5 bytes'],
    ['sets', { size: 1, tags: ['a', 'b', 'a'] }, 'spec.tags[2]: Duplicate value: "a"'],
    [
      'keys',
      { size: 1, ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] },
      'spec.ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}',
    ],
    [
      'int or string',
      { size: 1, port: true },
      'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ],
    ['embedded resources', { size: 1, template: { kind: 'A' } }, 'spec.template.apiVersion: Required value'],
    ['null', { size: null }, 'spec.size: Required value'],
  ])('are validated: %s', async (_, spec, message) => {
    const { code, json } = await create('invalid', spec)
    expect([code, json.message]).toEqual([422, `Widget.example.com "invalid" is invalid: ${message}`])
  })

  it('keep what was wrong before, as long as it does not change', async () => {
    await call(`${definitions}/widgets.example.com`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json' },
      body: [
        {
          op: 'add',
          path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/late',
          value: { type: 'integer' },
        },
      ],
    })
    const put = async (spec: object) => {
      const { json } = await call(`${path}/ratchet`)
      return call(`${path}/ratchet`, { method: 'PUT', body: { ...json, spec } })
    }
    const known = async (): Promise<boolean> =>
      'late' in ((await create('ratchet-1', { size: 1, late: 5 }, '?dryRun=All')).json['spec'] as object)
    await waitFor(known, 'the new property is known')
    expect((await create('ratchet', { size: 1, late: 5, tags: ['a'] })).code).toBe(201)
    await call(`${definitions}/widgets.example.com`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json' },
      body: [
        {
          op: 'add',
          path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/late/maximum',
          value: 3,
        },
      ],
    })
    await waitFor(async () => (await create('ratchet-2', { size: 1, late: 5 })).code === 422, 'the new schema holds')
    expect((await put({ size: 2, late: 5, tags: ['a'] })).code).toBe(200)
    expect((await put({ size: 2, late: 6, tags: ['a'] })).code).toBe(422)
  })

  it('count generations, and take resourceVersions seriously', async () => {
    await create('counted', { size: 1 })
    const { json } = await call(`${path}/counted`)
    const { resourceVersion: _, ...metadata } = json.metadata as Record<string, unknown>
    const without = await call(`${path}/counted`, { method: 'PUT', body: { ...json, metadata } })
    expect([without.code, without.json.message]).toEqual([
      422,
      'Widget.example.com "counted" is invalid: metadata.resourceVersion: Invalid value: "": must be specified for an update',
    ])
    const changed = await call(`${path}/counted`, { method: 'PUT', body: { ...json, spec: { size: 2 } } })
    expect(changed.json.metadata).toMatchObject({ generation: 2 })
    const labelled = await call(`${path}/counted`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { labels: { a: 'b' } } },
    })
    expect(labelled.json.metadata).toMatchObject({ generation: 2, labels: { a: 'b' } })
  })

  it('have no strategic merge', async () => {
    await create('patched', { size: 1 })
    const { code } = await call(`${path}/patched`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      body: {},
    })
    expect(code).toBe(415)
  })

  it('have a status of their own, and a scale', async () => {
    const body = object('Widget', 'scaled', { size: 1, replicas: 3 }, { status: { phase: 'no' } })
    const created = await call(path, { body })
    expect(created.json['status']).toBeUndefined()
    const status = { replicas: 2, selector: 'a=b' }
    const put = await call(`${path}/scaled/status`, {
      method: 'PUT',
      body: { ...created.json, spec: { size: 9 }, status },
    })
    expect(put.json).toMatchObject({ metadata: { generation: 1 }, spec: { size: 1, replicas: 3 }, status })
    const scale = await call(`${path}/scaled/scale`)
    expect(scale.json).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: { replicas: 3 },
      status: { replicas: 2, selector: 'a=b' },
    })
    const scaled = await call(`${path}/scaled/scale`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { spec: { replicas: 5 } },
    })
    expect(scaled.json['spec']).toEqual({ replicas: 5 })
    expect((await call(`${path}/scaled`)).json).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 5 } })
    const wrong = await call(`${path}/scaled/status`, {
      method: 'PUT',
      body: { ...(await call(`${path}/scaled`)).json, status: { replicas: 'x' } },
    })
    expect([wrong.code, wrong.json.message]).toEqual([
      422,
      expect.stringContaining('status.replicas: Invalid value: "string": replicas in body must be of type integer'),
    ])
  })

  it('are shown in columns, and found by fields', async () => {
    await create('blue', { size: 4, color: 'blue' })
    const table = await call(`${path}?fieldSelector=spec.color%3Dblue`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    })
    const { columnDefinitions, rows } = table.json as unknown as {
      columnDefinitions: { name: string }[]
      rows: { cells: unknown[] }[]
    }
    expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Size', 'Color'])
    expect(rows.map(({ cells }) => cells)).toEqual([['blue', 4, 'blue']])
    expect((await call(`${path}?fieldSelector=spec.size%3D4`)).code).toBe(400)
  })
})

describe('versions', () => {
  it('read and write the same objects, in the storage version', async () => {
    const v2 = { ...version('v2', { deprecated: true }) }
    const path = await define(definition('multis', { versions: [version('v1'), v2] }))
    const other = path.replace('/v1/', '/v2/')
    const created = await call(other, {
      body: { ...object('Multi', 'a', { size: 1 }), apiVersion: 'example.com/v2' },
    })
    expect(created.json['apiVersion']).toBe('example.com/v2')
    expect(created.headers['warning']).toContain('example.com/v2 Multi is deprecated')
    expect((await call(`${path}/a`)).json['apiVersion']).toBe('example.com/v1')
    expect((await call(other)).json.items).toMatchObject([{ apiVersion: 'example.com/v2' }])
    const listed = await call('/apis/example.com')
    expect(listed.json).toMatchObject({ preferredVersion: { version: 'v2' } })
  })
})

describe('deletion', () => {
  it('takes the objects first, and waits for their finalizers', async () => {
    const path = await define(definition('finals'))
    const body = { ...object('Final', 'held', { size: 1 }), metadata: { name: 'held', finalizers: ['example.com/x'] } }
    expect((await call(path, { body })).code).toBe(201)
    const deleted = await call(`${definitions}/finals.example.com`, { method: 'DELETE' })
    expect(deleted.json.metadata).toMatchObject({ finalizers: ['customresourcecleanup.apiextensions.k8s.io'] })
    await waitFor(async () => (await call(`${path}/held`)).json.metadata?.['deletionTimestamp'], 'the object is marked')
    const refused = await call(path, { body: object('Final', 'late', { size: 1 }) })
    expect([refused.code, refused.json.message]).toEqual([
      403,
      'finals.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
    ])
    await call(`${path}/held`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { finalizers: null } },
    })
    await waitFor(async () => (await call(`${definitions}/finals.example.com`)).code === 404, 'it is gone')
    expect((await call(path)).code).toBe(404)
    await define(definition('finals'))
    expect((await call(path)).json.items).toEqual([])
  })
})
