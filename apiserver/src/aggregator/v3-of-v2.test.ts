import { describe, expect, it } from 'vitest'
import { v3OfV2 } from './v3-of-v2.ts'

// kube-openapi/pkg/openapiconv/convert_test.go

const reference = { $ref: '#/definitions/io.Thing' }
const moved = { $ref: '#/components/schemas/io.Thing' }
const json = ['application/json']

const documentOf = (paths: object): Record<string, unknown> => ({
  swagger: '2.0',
  info: { title: 't', version: '1' },
  paths,
})
const operationOf = (operation: object): unknown =>
  (v3OfV2(documentOf({ '/x': { post: operation } }))['paths'] as Record<string, Record<string, unknown>>)['/x']?.[
    'post'
  ]
const schemaOf = (schema: object): unknown =>
  (v3OfV2({ definitions: { A: schema } })['components'] as { schemas: Record<string, unknown> }).schemas['A']

describe('an OpenAPI v2 document as v3', () => {
  it.each([
    [
      { type: 'object', properties: { a: reference } },
      { type: 'object', properties: { a: moved } },
    ],
    [
      { type: 'array', items: reference },
      { type: 'array', items: moved },
    ],
    [{ additionalProperties: reference }, { additionalProperties: moved }],
    [{ additionalProperties: true }, { additionalProperties: true }],
    [{ allOf: [reference] }, { allOf: [moved] }],
    [
      { properties: { a: { ...reference, description: 'd' } } },
      { properties: { a: { description: 'd', allOf: [moved] } } },
    ],
    [{ 'x-kubernetes-group-version-kind': [{ kind: 'A' }] }, { 'x-kubernetes-group-version-kind': [{ kind: 'A' }] }],
  ])('has the schema %j', (from, to) => expect(schemaOf(from)).toEqual(to))

  it.each([
    [
      { parameters: [{ name: 'body', in: 'body', schema: reference }], consumes: json, operationId: 'o' },
      { operationId: 'o', requestBody: { content: { 'application/json': { schema: moved } } }, responses: {} },
    ],
    [
      { parameters: [{ name: 'q', in: 'query', type: 'integer', required: true, uniqueItems: true }], tags: ['t'] },
      {
        tags: ['t'],
        parameters: [{ name: 'q', in: 'query', required: true, schema: { type: 'integer', uniqueItems: true } }],
        responses: {},
      },
    ],
    [
      { produces: [...json, 'application/yaml'], responses: { 200: { description: 'OK', schema: reference } } },
      {
        responses: {
          200: {
            description: 'OK',
            content: { 'application/json': { schema: moved }, 'application/yaml': { schema: moved } },
          },
        },
      },
    ],
    [
      { responses: { 401: { description: 'Unauthorized' } }, 'x-kubernetes-action': 'list', schemes: ['https'] },
      { responses: { 401: { description: 'Unauthorized' } }, 'x-kubernetes-action': 'list' },
    ],
  ])('has the operation %j', (from, to) => expect(operationOf(from)).toEqual(to))

  it('has the info, and the ways to log in', () => {
    const securityDefinitions = {
      token: { type: 'apiKey', name: 'authorization', in: 'header' },
      oauth: { type: 'oauth2', flow: 'implicit', authorizationUrl: 'https://a', scopes: { s: 'd' } },
    }
    expect(v3OfV2({ ...documentOf({}), securityDefinitions })).toEqual({
      openapi: '3.0.0',
      info: { title: 't', version: '1' },
      paths: {},
      components: {
        securitySchemes: {
          token: { type: 'apiKey', name: 'authorization', in: 'header' },
          oauth: { type: 'oauth2', flows: { implicit: { authorizationUrl: 'https://a', scopes: { s: 'd' } } } },
        },
      },
    })
  })

  it('comes without what makes no sense', () => {
    const paths = { '/a': 7, '/b': { get: 'x', post: { parameters: 7, responses: [] } } }
    expect(v3OfV2({ ...documentOf(paths), definitions: [] })).toMatchObject({
      paths: { '/b': { post: { responses: {} } } },
    })
  })
})
