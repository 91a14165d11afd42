import { describe, expect, it } from 'vitest'
import { negotiate, parseAccept } from './negotiate.ts'

const objects = { transformable: true, protobuf: true }
const form = (accept: string | undefined, query = '', userAgent?: string, offer = objects) =>
  negotiate(accept, new URLSearchParams(query), userAgent, offer)

const protobuf = 'application/vnd.kubernetes.protobuf'
const as = (what: string, version = 'v1', type = 'application/json') => `${type};as=${what};v=${version};g=meta.k8s.io`
const kubectl = `${as('Table')},${as('Table', 'v1beta1')},application/json`
const all =
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'

describe('negotiate', () => {
  it.each([
    [undefined, { format: 'json' }],
    ['*/*', { format: 'json' }],
    ['application/*', { format: 'json' }],
    ['application/json', { format: 'json' }],
    ['application/yaml', { format: 'yaml' }],
    [protobuf, { format: 'protobuf' }],
    [`${protobuf},application/json`, { format: 'protobuf' }],
    [`${protobuf};stream=watch,application/json`, { format: 'protobuf' }],
    [`${protobuf};q=0.5,application/json`, { format: 'json' }],
    ['application/json;q=0.5, application/yaml', { format: 'yaml' }],
    ['*/*, application/yaml', { format: 'yaml' }],
    ['text/html, application/yaml;q=0.1', { format: 'yaml' }],
    ['application/json;stream=other,application/yaml', { format: 'yaml' }],
    ['application/cbor,application/json', { format: 'json' }],
    [kubectl, { format: 'json', transform: 'Table', metaVersion: 'v1' }],
    [as('Table', 'v1beta1'), { format: 'json', transform: 'Table', metaVersion: 'v1beta1' }],
    [`${as('Table', 'v1', protobuf)},${kubectl}`, { format: 'json', transform: 'Table', metaVersion: 'v1' }],
    [
      as('PartialObjectMetadata', 'v1', protobuf),
      { format: 'protobuf', transform: 'PartialObjectMetadata', metaVersion: 'v1' },
    ],
    [
      as('PartialObjectMetadataList', 'v1beta1', 'application/yaml'),
      { format: 'yaml', transform: 'PartialObjectMetadataList', metaVersion: 'v1beta1' },
    ],
    [`${as('Table', 'v9')},application/json`, { format: 'json' }],
    [`${as('Other')},application/json`, { format: 'json' }],
  ])('%s', (accept, expected) => {
    expect(form(accept)).toEqual({ pretty: false, ...expected })
  })

  it('indents when asked or when a person reads it', () => {
    expect(form(undefined, 'pretty=true').pretty).toBe(true)
    expect(form('application/json;pretty=1').pretty).toBe(true)
    expect(form(undefined, '', 'curl/8.0').pretty).toBe(true)
    expect(form(undefined, 'pretty=0', 'curl/8.0').pretty).toBe(false)
    expect(form(undefined, 'pretty', 'curl/8.0').pretty).toBe(true)
  })

  it.each([['application/cbor'], ['text/html'], [as('Table', 'v1', protobuf)], ['application/json;as=Table']])(
    '%s alone is 406',
    (accept) => expect(() => form(accept)).toThrow(all),
  )

  it('has no protobuf of custom kinds, but of their metadata', () => {
    const custom = (accept: string) => form(accept, '', undefined, { transformable: true, protobuf: false })
    expect(custom(`${protobuf},application/json`).format).toBe('json')
    expect(() => custom(protobuf)).toThrow(all)
    expect(custom(as('PartialObjectMetadata', 'v1', protobuf)).format).toBe('protobuf')
  })

  it('refuses a transform where there is none', () => {
    const offer = { transformable: false, protobuf: true }
    expect(() => form(as('Table'), '', undefined, offer)).toThrow(all)
    expect(() => form('application/json;sv=v1', '', undefined, offer)).toThrow(all)
  })

  it('takes any text for a header', () => {
    for (const accept of [',', ';;;', '=;=', 'a/b;q=x', '"', `${'a;'.repeat(5000)}`, '*'.repeat(8000)]) {
      expect(() => parseAccept(accept)).not.toThrow()
    }
  })
})
