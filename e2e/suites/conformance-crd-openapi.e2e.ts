import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../conformance/covers.ts'
import { connect, type Api } from '../harness/api.ts'
import { anything, define, definition, definitionsPath, uniqueName, type Schema } from '../harness/custom-resources.ts'
import { makeNamespace, removeNamespace, type Namespace } from '../harness/namespace.ts'
import { until } from '../harness/until.ts'

const text = (description: string): Schema => ({ description, type: 'string' })
const object = (description: string, properties: Schema, more: Schema = {}): Schema => ({
  description,
  type: 'object',
  ...more,
  properties,
})
const list = (description: string, items: Schema): Schema => ({ description, type: 'array', items })

const foo = object('Foo CRD for Testing', {
  spec: object('Specification of Foo', {
    bars: list('List of Bars and their specs.', {
      type: 'object',
      required: ['name'],
      properties: {
        name: text('Name of Bar.'),
        age: text('Age of Bar.'),
        feeling: { ...text('Whether Bar is feeling great.'), enum: ['Great', 'Down'] },
        bazs: list('List of Bazs.', { type: 'string' }),
      },
    }),
  }),
  status: object('Status of Foo', {
    bars: list('List of Bars and their statuses.', {
      type: 'object',
      properties: {
        name: text('Name of Bar.'),
        available: { description: 'Whether the Bar is installed.', type: 'boolean' },
        quxType: { ...text('Indicates to external qux type.'), pattern: 'in-tree|out-of-tree' },
      },
    }),
  }),
})

const preserve: Schema = { 'x-kubernetes-preserve-unknown-fields': true }
const waldo = (description: string, ofRoot: Schema = {}, ofSpec: Schema = {}): Schema => {
  const dummy: Schema = { description: 'Dummy property.', type: 'object' }
  const bars = list('List of Bars and their statuses.', { type: 'object' })
  const spec = object('Specification of Waldo', { dummy }, ofSpec)
  return object(description, { spec, status: object('Status of Waldo', { bars }) }, ofRoot)
}
const plainWaldo = waldo('Waldo CRD for Testing')

/** What upstream's own additions leave of a published definition. */
function ownPart({ 'x-kubernetes-group-version-kind': _, properties = {}, ...rest }: Schema): Schema {
  const { metadata: _metadata, apiVersion: _version, kind: _kind, ...own } = properties as Schema
  return Object.keys(own).length > 0 ? { ...rest, properties: own } : rest
}

/** The schemas of definitions in the OpenAPI document of version 2, and what kubectl makes of them. */
describe.concurrent('OpenAPI of custom resources', () => {
  let ns: Namespace
  let api: Api
  const removals: (() => Promise<void>)[] = []
  beforeAll(async () => {
    ns = await makeNamespace('crd-openapi')
    api = await connect()
  })
  afterAll(async () => {
    await Promise.all(removals.map((remove) => remove()))
    await removeNamespace(ns)
  })

  const publishedNow = async (name: string): Promise<Schema | undefined> =>
    (await api.call<{ definitions: Record<string, Schema> }>('GET', '/openapi/v2')).definitions[name]
  const gone = (name: string) =>
    until(`${name} to be published no more`, async () => ((await publishedNow(name)) === undefined ? true : undefined))

  /** Defines a kind, and waits until every version is published as `expected`, or in any way when that is undefined. */
  const published = async (
    word: string,
    schema: Schema,
    expected: Schema | undefined,
    versions = ['v1'],
    group?: string,
  ) => {
    const named = versions.map((name) => ({ name, schema }))
    const crd = await define(api, definition(word, named, { scope: 'Namespaced', ...(group ? { group } : {}) }))
    const nameIn = (version: string): string => `${crd.group.split('.').reverse().join('.')}.${version}.${crd.kind}`
    const isPublished = (version: string) =>
      until(`${nameIn(version)} to be published`, async () => {
        const found = await publishedNow(nameIn(version))
        if (found === undefined) return undefined
        if (expected !== undefined && !isDeepStrictEqual(ownPart(found), expected))
          throw new Error(`it is published as ${JSON.stringify(found)}`)
        return true
      })
    removals.push(crd.remove)
    for (const version of versions) await isPublished(version)
    return {
      ...crd,
      path: `${definitionsPath}/${crd.plural}.${crd.group}`,
      isPublished,
      isNot: (version: string) => gone(nameIn(version)),
      removed: async (served = versions) => {
        await crd.remove()
        for (const version of served) await gone(nameIn(version))
      },
    }
  }
  type Published = Awaited<ReturnType<typeof published>>

  const manifest = ({ kind, group }: Published, name: string, fields: object): { input: string } => ({
    input: JSON.stringify({ kind, apiVersion: `${group}/v1`, metadata: { name }, ...fields }),
  })
  const accepts = async (crd: Published, name: string, fields: object): Promise<void> => {
    for (const verb of ['create', 'apply']) {
      await ns.kubectl([verb, '-f', '-'], manifest(crd, name, fields))
      await ns.kubectl(['delete', `${crd.plural}.${crd.group}`, name])
    }
  }
  const explain = (path: string): Promise<string> => ns.kubectl(['explain', path])

  it(`let kubectl check and explain fields${covers('Custom Resource OpenAPI Publish, with validation schema')}`, async () => {
    const crd = await published('foo', foo, foo)
    await accepts(crd, 'test-foo', { spec: { bars: [{ name: 'test-bar' }] } })
    const refused = async (verb: string, spec: object): Promise<string> => {
      const { code, stderr } = await ns.try([verb, '-f', '-'], manifest(crd, 'test-foo', { spec }))
      expect(code).not.toBe(0)
      return stderr
    }
    const feelings = { bars: [{ name: 'test-bar', feeling: 'NonExistentValue' }] }
    expect(await refused('create', feelings)).toContain('Unsupported value: "NonExistentValue"')
    for (const verb of ['create', 'apply']) {
      expect(await refused(verb, { foo: true })).toMatch(/unknown field "(spec\.)?foo"/)
      expect(await refused(verb, { bars: [{ age: '10' }] })).toMatch(
        /missing required field "name"|spec\.bars\[0\]\.name: Required value/,
      )
    }
    const { plural } = crd
    expect(await explain(plural)).toMatch(
      /DESCRIPTION:.*Foo CRD for Testing.*FIELDS:.*apiVersion.*<string>.*APIVersion defines.*spec.*<Object>.*Specification of Foo/s,
    )
    expect(await explain(`${plural}.metadata`)).toMatch(
      /DESCRIPTION:.*Standard object's metadata.*FIELDS:.*creationTimestamp.*<string>.*CreationTimestamp is a timestamp/s,
    )
    expect(await explain(`${plural}.spec`)).toMatch(
      /DESCRIPTION:.*Specification of Foo.*FIELDS:.*bars.*<\[\]Object>.*List of Bars and their specs/s,
    )
    expect(await explain(`${plural}.spec.bars`)).toMatch(
      /(FIELD|RESOURCE):.*bars.*<\[\]Object>.*DESCRIPTION:.*List of Bars and their specs.*FIELDS:.*bazs.*<\[\]string>.*List of Bazs.*name.*<string>.*Name of Bar/s,
    )
    const none = await ns.try(['explain', `${plural}.spec.bars2`])
    expect([none.code === 0, none.stderr]).toEqual([false, expect.stringContaining('field "bars2" does not exist')])
    await crd.removed()
  })

  it(`are those of any object without one${covers('Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields in object')}`, async () => {
    const crd = await published('empty', anything, { type: 'object' })
    await accepts(crd, 'test-cr', { a: { b: [{ c: 'd' }] } })
    expect(await explain(crd.plural)).toMatch(/DESCRIPTION:.*<empty>/s)
    await crd.removed()
  })

  it(`may let any field be at the root${covers('Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields at root')}`, async () => {
    const schema = waldo('preserve-unknown-properties at root for Testing', preserve)
    const crd = await published('unknownroot', schema, undefined)
    await accepts(crd, 'test-cr', { a: { b: [{ c: 'd' }] } })
    expect(await explain(crd.plural)).toMatch(new RegExp(`KIND:.*${crd.kind}`, 's'))
    await crd.removed()
  })

  it(`may let any field be further down${covers('Custom Resource OpenAPI Publish, with x-kubernetes-preserve-unknown-fields in embedded object')}`, async () => {
    const description = 'preserve-unknown-properties in nested field for Testing'
    const crd = await published('unknownnested', waldo(description, {}, preserve), undefined)
    await accepts(crd, 'test-cr', { spec: { a: null, b: [{ c: 'd' }] } })
    expect(await explain(crd.plural)).toMatch(new RegExp(`DESCRIPTION:.*${description}`, 's'))
    await crd.removed()
  })

  it(`are there for several groups${covers('Custom Resource OpenAPI Publish, varying groups')}`, async () => {
    const one = await published('foo', foo, foo)
    const other = await published('waldo', plainWaldo, plainWaldo, ['v1beta1'])
    expect(one.group).not.toBe(other.group)
    await other.isPublished('v1beta1')
    await one.isPublished('v1')
    await one.removed()
    await other.removed()
  })

  it(`are there for several versions${covers('Custom Resource OpenAPI Publish, varying versions')}`, async () => {
    const several = await published('multiver', foo, foo, ['v2', 'v3'])
    await several.isPublished('v3')
    await several.isPublished('v2')
    await several.removed()
    const group = `${uniqueName('common')}.e2e.kubets.example.com`
    const one = await published('foo', foo, foo, ['v4'], group)
    const other = await published('waldo', plainWaldo, plainWaldo, ['v5'], group)
    await other.isPublished('v5')
    await one.isPublished('v4')
    await one.removed()
    await other.removed()
  })

  it(`are there for several kinds${covers('Custom Resource OpenAPI Publish, varying kinds')}`, async () => {
    const group = `${uniqueName('common')}.e2e.kubets.example.com`
    const one = await published('foo', foo, foo, ['v6'], group)
    const other = await published('waldo', plainWaldo, plainWaldo, ['v6'], group)
    await other.isPublished('v6')
    await one.isPublished('v6')
    await one.removed()
    await other.removed()
  })

  it(`follow a version to its new name${covers('Custom Resource OpenAPI Publish, version rename')}`, async () => {
    const crd = await published('multiver', foo, foo, ['v2', 'v3'])
    const renamed = [
      { op: 'test', path: '/spec/versions/1/name', value: 'v3' },
      { op: 'replace', path: '/spec/versions/1/name', value: 'v4' },
    ]
    const { code } = await api.send('PATCH', crd.path, renamed, { 'content-type': 'application/json-patch+json' })
    expect(code).toBe(200)
    await crd.isPublished('v4')
    await crd.isNot('v3')
    await crd.isPublished('v2')
    await crd.removed(['v2', 'v4'])
  })

  it(`go with a version that is served no more${covers('Custom Resource OpenAPI Publish, stop serving version')}`, async () => {
    const crd = await published('tosingle', foo, foo, ['v5', 'v6alpha1'])
    await until('an update of the definition', async () => {
      const seen = await api.call<{ spec: { versions: object[] } }>('GET', crd.path)
      const versions = seen.spec.versions.map((version, i) => (i === 1 ? { ...version, served: false } : version))
      const { code } = await api.send('PUT', crd.path, { ...seen, spec: { ...seen.spec, versions } })
      return code === 200 ? true : undefined
    })
    await crd.isNot('v6alpha1')
    await crd.isPublished('v5')
    await crd.removed()
  })
})
