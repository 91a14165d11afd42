import { describe, expect, it } from 'vitest'
import { definitionEntry, gnosticDocument, pathEntry } from './openapi-gnostic.ts'
import { definitionOf, pathItemOf, swaggerHead } from './openapi-swagger.ts'

const name = 'io.k8s.api.core.v1.Thing'

describe('a definition of v2', () => {
  it.each([
    ['references', { $ref: '#/components/schemas/a.B' }, { $ref: '#/definitions/a.B' }],
    [
      'references with something beside them',
      { description: 'd', default: {}, allOf: [{ $ref: '#/components/schemas/a.B' }] },
      { description: 'd', $ref: '#/definitions/a.B' },
    ],
    [
      'fields, items and values of maps',
      {
        type: 'object',
        properties: {
          list: { type: 'array', items: { allOf: [{ $ref: '#/components/schemas/a.B' }], default: {} } },
          map: { type: 'object', additionalProperties: { type: 'string', default: '' } },
          default: { type: 'string', nullable: true },
        },
      },
      {
        type: 'object',
        properties: {
          list: { type: 'array', items: { $ref: '#/definitions/a.B' } },
          map: { type: 'object', additionalProperties: { type: 'string' } },
          default: { type: 'string' },
        },
      },
    ],
    [
      'what v2 cannot say',
      { oneOf: [{ type: 'string' }], 'x-kubernetes-map-type': 'atomic' },
      { 'x-kubernetes-map-type': 'atomic' },
    ],
  ])('turns %s', (_, given, expected) => expect(definitionOf(name, given)).toEqual(expected))

  it('has quantities and ports as text', () => {
    const given = { description: 'd', oneOf: [{ type: 'string' }, { type: 'number' }] }
    const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
    expect(definitionOf(quantity, given)).toEqual({ description: 'd', type: 'string' })
  })
})

describe('an operation of v2', () => {
  it('has its body among its parameters', () => {
    const schema = { $ref: '#/components/schemas/a.B' }
    const item = pathItemOf({
      post: {
        operationId: 'createB',
        parameters: [{ name: 'dryRun', in: 'query', schema: { type: 'string', uniqueItems: true } }],
        requestBody: { required: true, content: { '*/*': { schema } } },
        responses: {
          200: { description: 'OK', content: { 'application/json': { schema } } },
          401: { description: 'No' },
        },
        'x-kubernetes-action': 'post',
      },
      parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
    })
    expect(item).toEqual({
      post: {
        operationId: 'createB',
        schemes: ['https'],
        consumes: ['*/*'],
        produces: ['application/json'],
        parameters: [
          { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/a.B' } },
          { name: 'dryRun', in: 'query', type: 'string', uniqueItems: true },
        ],
        responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/a.B' } }, 401: { description: 'No' } },
        'x-kubernetes-action': 'post',
      },
      parameters: [{ name: 'name', in: 'path', required: true, type: 'string' }],
    })
  })
})

// the bytes that the generated Go code of gnostic-models reads
describe('gnostic', () => {
  it('writes a schema', () => {
    const entry = definitionEntry('A', {
      type: 'object',
      'x-a': ['b'],
      description: 'd',
      properties: { p: { $ref: '#/q' } },
    })
    const schema = [
      ...[0x22, 1, 0x64], // description
      ...[0xb2, 1, 8, 0x0a, 6, ...Buffer.from('object')], // type
      ...[0xca, 1, 12, 0x0a, 10, 0x0a, 1, 0x70, 0x12, 5, 0x0a, 3, ...Buffer.from('#/q')], // properties
      ...[0xfa, 1, 14, 0x0a, 3, ...Buffer.from('x-a'), 0x12, 7, 0x12, 5, ...Buffer.from('["b"]')], // extension
    ]
    expect([...entry]).toEqual([0x0a, 5 + schema.length, 0x0a, 1, 0x41, 0x12, schema.length, ...schema])
  })

  it('writes paths and a document', () => {
    const path = pathEntry('/a', { parameters: [{ name: 'n', in: 'path', required: true, type: 'string' }] })
    const inPath = [8, 1, 0x12, 4, ...Buffer.from('path'), 0x22, 1, 0x6e, 0x2a, 6, ...Buffer.from('string')]
    const item = [0x4a, 25, 0x0a, 23, 0x12, 21, 0x22, 19, ...inPath]
    expect([...path]).toEqual([0x12, 6 + item.length, 0x0a, 2, 0x2f, 0x61, 0x12, item.length, ...item])
    const document = gnosticDocument(swaggerHead('v1'), [path], [])
    expect(document.subarray(0, 7)).toEqual(Buffer.from([0x0a, 3, ...Buffer.from('2.0'), 0x12, 16]))
    expect(document.includes(Buffer.concat([Buffer.from([0x42, path.length]), path]))).toBe(true)
    expect([...document.subarray(-2)]).toEqual([0x4a, 0])
  })
})
