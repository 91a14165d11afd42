import type { Schema } from '@kubets/shared/api/structural/schema.ts'
import { describe, expect, it } from 'vitest'
import { schemaInV2, schemaInV3 } from './openapi-structural.ts'

const text: Schema = { type: 'string' }
const either: Schema[] = [{ type: 'integer' }, { type: 'string' }]
const intOrString: Schema = { 'x-kubernetes-int-or-string': true }
const preserve: Schema = { 'x-kubernetes-preserve-unknown-fields': true }

describe('a definition’s schema in v3', () => {
  it.each<[string, Schema, Schema]>([
    ['says what an integer or a string is', intOrString, { ...intOrString, anyOf: either }],
    [
      'says it beside other alternatives',
      { ...intOrString, anyOf: [{ minimum: 1 }], allOf: [{ maxLength: 3 }] },
      { ...intOrString, anyOf: [{ minimum: 1 }], allOf: [{ anyOf: either }, { maxLength: 3 }] },
    ],
    ['says it once', { ...intOrString, anyOf: either }, { ...intOrString, anyOf: either }],
    [
      'says it once, among other demands',
      { ...intOrString, anyOf: [{ minimum: 1 }], allOf: [{ anyOf: either }] },
      { ...intOrString, anyOf: [{ minimum: 1 }], allOf: [{ anyOf: either }] },
    ],
    [
      'does so wherever it stands',
      {
        type: 'object',
        properties: { list: { type: 'array', items: intOrString } },
        additionalProperties: intOrString,
      },
      {
        type: 'object',
        properties: { list: { type: 'array', items: { ...intOrString, anyOf: either } } },
        additionalProperties: { ...intOrString, anyOf: either },
      },
    ],
    [
      'leaves out what is not so',
      { ...text, nullable: false, 'x-kubernetes-preserve-unknown-fields': false, uniqueItems: false },
      text,
    ],
    ['keeps what is false as a value', { type: 'boolean', default: false }, { type: 'boolean', default: false }],
  ])('%s', (_, given, expected) => expect(schemaInV3(given)).toEqual(expected))
})

describe('a definition’s schema in v2', () => {
  it.each<[string, Schema, Schema]>([
    ['has no alternatives', { ...text, anyOf: [{}], oneOf: [{}], allOf: [{}], not: {} }, text],
    [
      'has no type and no fields where null is one of the values',
      { type: 'object', nullable: true, properties: { a: text } },
      {},
    ],
    [
      'has no type and no fields where others may be',
      { type: 'object', description: 'd', ...preserve, properties: { a: text } },
      { description: 'd', ...preserve },
    ],
    ['leaves out what is not so', { ...text, nullable: false, 'x-kubernetes-embedded-resource': false }, text],
    ['has no lists of nobody knows what', { type: 'array', ...preserve, items: text }, preserve],
    [
      'does not ask for what may be null',
      { type: 'object', required: ['a', 'b'], properties: { a: { ...text, nullable: true }, b: text } },
      { type: 'object', required: ['b'], properties: { a: {}, b: text } },
    ],
    [
      'asks for nothing when all of it may be null',
      { type: 'object', required: ['a'], properties: { a: { ...text, nullable: true } } },
      { type: 'object', properties: { a: {} } },
    ],
    [
      'asks for nothing in maps of what may be null',
      { type: 'object', required: ['a'], additionalProperties: { ...text, nullable: true } },
      { type: 'object', additionalProperties: {} },
    ],
    [
      'is so all the way down',
      { type: 'array', items: { type: 'object', additionalProperties: { type: 'object', ...preserve } } },
      { type: 'array', items: { type: 'object', additionalProperties: preserve } },
    ],
  ])('%s', (_, given, expected) => expect(schemaInV2(given)).toEqual(expected))
})
