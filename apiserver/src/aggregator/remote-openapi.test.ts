import { describe, expect, it } from 'vitest'
import { addressesOf, besides, ofGroup } from './remote-openapi.ts'

const reference = (name: string) => ({ $ref: `#/definitions/${name}` })
const document = {
  swagger: '2.0',
  paths: {
    '/apis/a.io/v1/things': { get: reference('Thing') },
    '/apis/a.io.evil/v1/things': { get: reference('Evil') },
    '/apis/a.io/v1/odd': 'text',
    '/version': { get: reference('Version') },
  },
  definitions: {
    Thing: {
      type: 'object',
      properties: { next: reference('Thing'), meta: reference('Meta'), gone: reference('Gone') },
    },
    Meta: { type: 'object' },
    Evil: { type: 'object' },
    Version: { type: 'object' },
  },
}

describe('the v2 document of an aggregated API server', () => {
  it('is taken over as far as its group and what that refers to', () => {
    const { paths, definitions } = ofGroup(document, 'a.io')
    expect(Object.keys(paths)).toEqual(['/apis/a.io/v1/things'])
    expect(Object.keys(definitions).sort()).toEqual(['Meta', 'Thing'])
  })

  it.each([[undefined], [null], [[]], ['x'], [{}], [{ swagger: '3.0' }]])('is not %j', (value) => {
    expect(() => ofGroup(value, 'a.io')).toThrow('it is no OpenAPI v2 document')
  })

  it('may have nothing', () => {
    expect(ofGroup({ swagger: '2.0', paths: [], definitions: 3 }, 'a.io')).toEqual({ paths: {}, definitions: {} })
  })

  it('gives way: the same definition is shared, another one gets a name of its own', () => {
    const remote = ofGroup(document, 'a.io')
    const known = (taken: Record<string, object>, paths: string[] = []) => ({
      paths: new Set(paths),
      definition: (name: string) => taken[name] as Record<string, unknown> | undefined,
    })
    expect(besides(remote, known({}))).toEqual(remote)
    expect(Object.keys(besides(remote, known({ Meta: { type: 'object' } })).definitions)).toEqual(['Thing'])
    const other = besides(remote, known({ Meta: { type: 'string' }, Meta_v2: { type: 'number' } }))
    expect(Object.keys(other.definitions).sort()).toEqual(['Meta_v3', 'Thing'])
    expect(other.definitions['Thing']).toMatchObject({ properties: { meta: reference('Meta_v3') } })
    const renamed = besides(remote, known({ Thing: { type: 'string' } }))
    expect(renamed.paths['/apis/a.io/v1/things']).toEqual({ get: reference('Thing_v2') })
    expect(besides(remote, known({}, ['/apis/a.io/v1/things'])).paths).toEqual({})
  })
})

describe('the index of v3 documents', () => {
  it.each<[unknown, object]>([
    [undefined, {}],
    [{ paths: { 'apis/a.io/v1': { serverRelativeURL: '/x' } } }, { 'apis/a.io/v1': '/x' }],
    [{ paths: { 'apis/a.io': { serverRelativeURL: '/x' } } }, { 'apis/a.io': '/x' }],
    [{ paths: { 'apis/a.io/v1': { serverRelativeURL: 1 }, 'apis/a.io/v2': 'x' } }, {}],
    [{ paths: { version: { serverRelativeURL: '/x' }, 'apis/a.iox/v1': { serverRelativeURL: '/x' } } }, {}],
  ])('of %j', (index, expected) => {
    expect(addressesOf(index, 'a.io')).toEqual(expected)
  })
})
