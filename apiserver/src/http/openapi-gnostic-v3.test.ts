import { describe, expect, it } from 'vitest'
import { gnosticDocumentV3 } from './openapi-gnostic-v3.ts'

/** A field of bytes: its tag, its length, what is in it. */
const field = (number: number, ...parts: (number | number[])[]): number[] => {
  const bytes = parts.flat()
  const tag = number < 16 ? [(number << 3) | 2] : [((number << 3) & 0x7f) | 0x82, number >> 4]
  return [...tag, bytes.length, ...bytes]
}
const text = (number: number, value: string): number[] => field(number, [...Buffer.from(value)])
const named = (number: number, name: string, value: number[]): number[] => field(number, text(1, name), field(2, value))

/** The schemas of a document that has nothing else. */
const schemas = (value: object): number[] => [...gnosticDocumentV3({ components: { schemas: value } })]
const oneSchema = (...fields: number[][]): number[] => field(5, field(1, named(1, 'A', field(1, ...fields))))

// the bytes that the generated Go code of gnostic-models reads
describe('gnostic, version 3', () => {
  it('writes what a schema says', () => {
    const schema = {
      type: 'object',
      'x-a': ['b'],
      description: 'd',
      format: 'f',
      nullable: true,
      required: ['p', 'q'],
      properties: { p: { $ref: '#/r' } },
      items: { type: 's' },
      allOf: [{ $ref: '#/r' }],
    }
    expect(schemas({ A: schema })).toEqual(
      oneSchema(
        [8, 1],
        text(23, 'p'),
        text(23, 'q'),
        text(25, 'object'),
        field(26, field(2, text(1, '#/r'))),
        field(30, field(1, field(1, text(25, 's')))),
        field(31, named(1, 'p', field(2, text(1, '#/r')))),
        text(34, 'd'),
        text(35, 'f'),
        named(36, 'x-a', text(2, '["b"]')),
      ),
    )
  })

  it.each<[string, unknown, number[]]>([
    ['a text', 'a', text(3, 'a')],
    ['an empty text', '', text(3, '')],
    ['false', false, [0x10, 0]],
    ['zero', 0, [9, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['an object', {}, []],
    ['a list', [1], []],
  ])('writes a default that is %s', (_, value, bytes) => {
    expect(schemas({ A: { default: value } })).toEqual(oneSchema(field(33, bytes)))
  })

  it('writes values of maps, or that there are none', () => {
    expect(schemas({ A: { additionalProperties: false } })).toEqual(oneSchema(field(32, [0x10, 0])))
    expect(schemas({ A: { additionalProperties: { type: 's' } } })).toEqual(
      oneSchema(field(32, field(1, field(1, text(25, 's'))))),
    )
  })

  it('writes paths', () => {
    const item = {
      get: {
        tags: ['t'],
        operationId: 'o',
        parameters: [{ name: 'n', in: 'query', required: true, schema: { type: 's' } }],
        requestBody: { required: true, content: { '*/*': { schema: { $ref: '#/r' } } } },
        responses: { 200: { description: 'OK', content: { j: { schema: { $ref: '#/r' } } } } },
      },
    }
    const content = (type: string): number[] => named(1, type, field(1, field(2, text(1, '#/r'))))
    const parameter = field(1, text(1, 'n'), text(2, 'query'), [0x20, 1], field(10, field(1, text(25, 's'))))
    const operation = [
      text(1, 't'),
      text(5, 'o'),
      field(6, parameter),
      field(7, field(1, field(2, content('*/*')), [0x18, 1])),
      field(8, named(2, '200', field(1, text(1, 'OK'), field(3, content('j'))))),
    ]
    expect([...gnosticDocumentV3({ openapi: '3.0.0', paths: { '/a': item } })]).toEqual([
      ...text(1, '3.0.0'),
      ...field(4, named(1, '/a', field(4, ...operation))),
    ])
  })
})
