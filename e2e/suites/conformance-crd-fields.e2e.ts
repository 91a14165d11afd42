import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Answer, type Api } from '../harness/api.ts'
import { anything, define, definition, type Defined, type Schema } from '../harness/custom-resources.ts'

const text: Schema = { type: 'string' }
const number: Schema = { type: 'integer', format: 'int32' }

const properties: Schema = {
  foo: text,
  cronSpec: { ...text, pattern: String.raw`^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$` },
  ports: {
    type: 'array',
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-list-type': 'map',
    items: {
      type: 'object',
      required: ['containerPort', 'protocol'],
      properties: { containerPort: number, hostIP: text, hostPort: number, name: text, protocol: text },
    },
  },
}
const withSpec = (spec: Schema): Schema => ({ type: 'object', properties: { spec: { type: 'object', ...spec } } })
const preserve: Schema = { 'x-kubernetes-preserve-unknown-fields': true }

const fields = `
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`

/** What is done with fields of custom resources that nobody has declared, or that are there twice. */
describe.concurrent('fields of custom resources', () => {
  let api: Api
  const made: Defined[] = []
  beforeAll(async () => {
    api = await connect()
  })
  afterAll(async () => {
    await Promise.all(made.map((one) => one.remove()))
  })

  interface Tried {
    /** Applies "mytest", whose document begins on the second line as upstream's do. */
    apply(rest: string, fieldValidation?: string): Promise<Answer<{ message?: string; spec?: object }>>
    /** Creates "mytest" of JSON. */
    create(rest: string, fieldValidation?: string): Promise<Answer<{ message?: string; spec?: object }>>
  }
  const tried = async (schema: Schema): Promise<Tried> => {
    const versions = ['v1beta1', 'v1beta2'].map((name) => ({ name, schema }))
    const defined = await define(api, definition('fields', versions))
    made.push(defined)
    const path = `${defined.root()}/${defined.plural}`
    const apiVersion = `${defined.group}/v1beta1`
    return {
      apply: (rest, fieldValidation = 'Strict') =>
        api.send(
          'PATCH',
          `${path}/mytest?fieldManager=field_validation_mgr&fieldValidation=${fieldValidation}`,
          `\napiVersion: ${apiVersion}\nkind: ${defined.kind}\nmetadata:\n  name: mytest\n${rest}`,
          { 'content-type': 'application/apply-patch+yaml' },
        ),
      create: (rest, fieldValidation = 'Strict') =>
        api.send(
          'POST',
          `${path}?fieldValidation=${fieldValidation}`,
          `{"apiVersion":"${apiVersion}","kind":"${defined.kind}","metadata":{"name":"created"},${rest}}`,
        ),
    }
  }

  it(`are taken when their schema has them${covers('Server side field validation, valid CR with validation schema')}`, async () => {
    const { apply, create } = await tried(withSpec({ properties }))
    const { code, body } = await apply(`spec:\n  foo: foo1${fields}`)
    expect([code, body]).toEqual([201, expect.objectContaining({ spec: expect.objectContaining({ foo: 'foo1' }) })])
    expect((await create('"spec":{"foo":"foo1"}')).code).toBe(201)
  })

  it(`are all taken without a schema${covers('Server side field validation, unknown fields CR no validation schema')}`, async () => {
    const { apply, create } = await tried(anything)
    const { code, body } = await apply(`spec:\n  unknown: uk1${fields}`)
    expect([code, body]).toEqual([201, expect.objectContaining({ spec: expect.objectContaining({ unknown: 'uk1' }) })])
    expect((await create('"spec":{"unknown":"uk1"},"more":1')).code).toBe(201)
  })

  it(`are refused when nobody declared them${covers('Server side field validation, unknown fields CR fails validation')}`, async () => {
    const { apply, create } = await tried(withSpec({ properties }))
    const applied = await apply(`unknownField: unknown\nspec:\n  foo: foo1${fields}`)
    expect(applied.code).toBeGreaterThanOrEqual(400)
    expect(applied.body.message).toContain('.unknownField: field not declared in schema')
    const created = await create('"unknownField":"unknown","spec":{"foo":"foo1"}')
    expect([created.code, created.body.message]).toEqual([
      400,
      expect.stringContaining('strict decoding error: unknown field "unknownField"'),
    ])
    const dropped = await create('"unknownField":"unknown","spec":{"foo":"foo1"}', 'Ignore')
    expect(dropped.code).toBe(201)
    expect(dropped.body).not.toHaveProperty('unknownField')
  })

  it(`of metadata are refused too, wherever it stands${covers('Server side field validation, unknown metadata')}`, async () => {
    const template: Schema = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: { metadata: { type: 'object', properties: { name: text } }, spec: { type: 'object' } },
    }
    const { apply, create } = await tried(withSpec({ ...preserve, properties: { ...properties, template } }))
    const embedded = (more: string): string =>
      `spec:\n  template:\n    apiversion: foo/v1\n    kind: Sub\n    metadata:${more}\n      name: subobject` +
      `\n      namespace: default\n  foo: foo1${fields}`
    const inside = '\n      unknownSubMeta: unknown'
    const applied = await apply(`  unknownMeta: unknown\n${embedded(inside)}`)
    expect(applied.code).toBeGreaterThanOrEqual(400)
    expect(applied.body.message).toMatch(
      /\.(spec\.template\.metadata\.unknownSubMeta|metadata\.unknownMeta): field not declared in schema/,
    )
    const created = await create(
      '"spec":{"template":{"apiVersion":"foo/v1","kind":"Sub","metadata":{"name":"s","unknownSubMeta":"unknown"}}}',
    )
    expect([created.code, created.body.message]).toEqual([
      400,
      expect.stringContaining('unknown field "spec.template.metadata.unknownSubMeta"'),
    ])
  })

  it(`are refused when they are there twice${covers('Server side field validation, CR duplicates')}`, async () => {
    const { apply, create } = await tried(withSpec({ ...preserve, properties }))
    const applied = await apply(`spec:\n  unknown: uk1\n  foo: foo1\n  foo: foo2${fields}`)
    expect(applied.code).toBeGreaterThanOrEqual(400)
    expect(applied.body.message).toContain('line 9: key "foo" already set in map')
    const twice = '"spec":{"unknown":"uk1","foo":"foo1","foo":"foo2"}'
    const created = await create(twice)
    expect([created.code, created.body.message]).toEqual([
      400,
      expect.stringContaining('strict decoding error: duplicate field "spec.foo"'),
    ])
    for (const last of [
      await create(twice, 'Ignore'),
      await apply('spec:\n  unknown: uk1\n  foo: foo1\n  foo: foo2', 'Ignore'),
    ])
      expect([last.code, last.body.spec]).toEqual([201, { unknown: 'uk1', foo: 'foo2' }])
  })
})
