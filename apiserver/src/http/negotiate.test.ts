import { describe, expect, it } from 'vitest'
import { negotiate } from './negotiate.ts'

const form = (accept: string | undefined, query = '', userAgent?: string) =>
  negotiate(accept, new URLSearchParams(query), userAgent, true)

const kubectl =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'

describe('negotiate', () => {
  it.each([
    [undefined, { format: 'json' }],
    ['*/*', { format: 'json' }],
    ['application/json', { format: 'json' }],
    ['application/yaml', { format: 'yaml' }],
    ['application/vnd.kubernetes.protobuf,application/json', { format: 'json' }],
    ['application/json;q=0.5, application/yaml', { format: 'yaml' }],
    [kubectl, { format: 'json', transform: 'Table' }],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
      { format: 'json', transform: 'PartialObjectMetadata' },
    ],
    ['application/json;as=Table;g=meta.k8s.io;v=v9,application/json', { format: 'json' }],
  ])('%s', (accept, expected) => {
    expect(form(accept)).toEqual({ pretty: false, ...expected })
  })

  it('indents when asked or when a person reads it', () => {
    expect(form(undefined, 'pretty=true').pretty).toBe(true)
    expect(form(undefined, '', 'curl/8.0').pretty).toBe(true)
    expect(form(undefined, 'pretty=0', 'curl/8.0').pretty).toBe(false)
  })

  it('is 406 when nothing fits', () => {
    expect(() => form('application/vnd.kubernetes.protobuf')).toThrow(
      'only the following media types are accepted: application/json, application/yaml',
    )
  })

  it('refuses a transform where there is none', () => {
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1'
    expect(() => negotiate(accept, new URLSearchParams(), undefined, false)).toThrow('media types')
  })
})
