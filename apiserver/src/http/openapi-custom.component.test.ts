import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

type Json = Record<string, unknown>

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const text = { type: 'string' }
const preserve = { 'x-kubernetes-preserve-unknown-fields': true }
const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true }

/** Defines a kind and gives back what documents of v2 and v3 say of it. */
async function published(word: string, openAPIV3Schema: Json): Promise<{ v2: Json; v3: Json }> {
  const group = `${word}.example.com`
  const kind = word.charAt(0).toUpperCase() + word.slice(1)
  const body = {
    metadata: { name: `${word}s.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: `${word}s`, kind },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  }
  const created = await server.call(path, { body })
  expect([created.code, created.text]).toEqual([201, created.text])
  const name = `com.example.${word}.v1.${kind}`
  const v2 = await waitFor(async () => {
    const { definitions } = (await server.call('/openapi/v2')).json as { definitions?: Record<string, Json> }
    return definitions?.[name]
  })
  const { components } = (await server.call(`/openapi/v3/apis/${group}/v1`)).json as unknown as {
    components: { schemas: Record<string, Json> }
  }
  const gvk = [{ group, version: 'v1', kind }]
  expect(v2['x-kubernetes-group-version-kind']).toEqual(gvk)
  expect(components.schemas[name]?.['x-kubernetes-group-version-kind']).toEqual(gvk)
  return { v2, v3: components.schemas[name] ?? {} }
}

const $ref = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const description =
  "Standard object's metadata. More info: " +
  'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'
const inV2 = { metadata: { $ref: `#/definitions/${$ref}`, description }, apiVersion: text, kind: text }
const inV3 = {
  metadata: { description, allOf: [{ $ref: `#/components/schemas/${$ref}` }] },
  apiVersion: text,
  kind: text,
}

describe('definitions are published', () => {
  it('with their fields, and those that every object has', async () => {
    const schema = { type: 'object', description: 'd', required: ['a'], properties: { a: { ...text, default: 'x' } } }
    const { v2, v3 } = await published('plain', schema)
    expect(v2).toMatchObject({ type: 'object', description: 'd', required: ['a'], properties: { a: text, ...inV2 } })
    expect(v2).not.toHaveProperty('properties.a.default')
    expect(v3).toMatchObject({ ...schema, properties: { ...schema.properties, ...inV3 } })
  })

  it('as any object in v2 where any field may be', async () => {
    const schema = { type: 'object', description: 'd', ...preserve, properties: { a: text } }
    const { v2, v3 } = await published('free', schema)
    expect(Object.keys(v2).sort()).toEqual(['type', 'x-kubernetes-group-version-kind'])
    expect(v3).toMatchObject({ ...schema, properties: { a: text, ...inV3 } })
  })

  it('with what resources inside them have, but in v2 where any field may be', async () => {
    const { v2, v3 } = await published('outer', {
      type: 'object',
      properties: { closed: { ...embedded, properties: { a: text } }, open: { ...embedded, ...preserve } },
    })
    const closed = { type: 'object', required: ['kind', 'apiVersion'] }
    expect(v2).toMatchObject({ properties: { closed: { ...closed, properties: { a: text, ...inV2 } } } })
    expect((v2['properties'] as Json)['open']).toEqual({ 'x-kubernetes-embedded-resource': true, ...preserve })
    expect(v3).toMatchObject({
      properties: { closed: { ...closed, properties: inV3 }, open: { ...closed, ...preserve, properties: inV3 } },
    })
    const { description } = (v3 as { properties: { closed: { properties: { kind: Json } } } }).properties.closed
      .properties.kind
    expect(description).toMatch(/^kind is a string value representing the type of this object\./)
  })

  it('with both types of what may be an integer or a string', async () => {
    const port = { 'x-kubernetes-int-or-string': true }
    const { v2, v3 } = await published('either', { type: 'object', properties: { port } })
    expect((v2['properties'] as Json)['port']).toEqual(port)
    expect((v3['properties'] as Json)['port']).toEqual({ ...port, anyOf: [{ type: 'integer' }, { type: 'string' }] })
  })

  it('for as long as they are served, and nothing else changes', async () => {
    const before = (await server.call('/openapi/v2')).json as unknown as Record<'paths' | 'definitions', Json>
    await published('passing', { type: 'object' })
    const name = 'passings.passing.example.com'
    const versions = (served: boolean) => ({
      spec: { versions: [{ name: 'v1', served, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] },
    })
    const headers = { 'content-type': 'application/merge-patch+json' }
    expect((await server.call(`${path}/${name}`, { method: 'PATCH', body: versions(false), headers })).code).toBe(200)
    await waitFor(async () => {
      const { json } = await server.call('/openapi/v2')
      const { definitions } = json as unknown as typeof before
      return 'com.example.passing.v1.Passing' in definitions ? undefined : true
    })
    const after = (await server.call('/openapi/v2')).json
    expect(after['definitions']).toEqual(before.definitions)
    expect(after['paths']).toEqual(before.paths)
  })
})
