import { describe, expect, it } from 'vitest'
import { StatusError } from '../machinery/errors.ts'
import { parseFieldSelector } from '../machinery/field-selector.ts'
import { decodeBody } from '../machinery/schema/body.ts'
import { decodeObject } from '../machinery/schema/decode.ts'
import { parseProtobuf } from '../machinery/schema/protobuf.ts'
import { lengthDelimited, protobufDocument, protobufMessage } from '../machinery/schema/protobuf-encode.ts'
import { parseLabelSelector } from '../machinery/selector.ts'
import { generateObject, seededRandom } from '../testing/generate.ts'
import { schemaFor } from './schemas.ts'

const pod = schemaFor('', 'v1', 'Pod')
const definition = schemaFor('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')

/** Bytes like these, with some of them wrong. */
function broken(bytes: Buffer, random: () => number): Buffer {
  const result = Buffer.from(bytes)
  for (let i = 0; i < 4; i++) result[Math.floor(random() * result.length)] = Math.floor(random() * 256)
  return random() < 0.3 ? result.subarray(0, Math.floor(random() * result.length)) : result
}

/** What is thrown, if anything: it must be an error that says something, and none of the engine's own. */
function problem(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

describe('bodies that somebody has tampered with', () => {
  const random = seededRandom(7)
  it('in JSON and YAML are refused with a Status, or taken', () => {
    const text = Buffer.from(JSON.stringify(generateObject(pod, seededRandom(3))))
    let refused = 0
    for (let i = 0; i < 200; i++) {
      for (const format of ['json', 'yaml'] as const) {
        const error = problem(() => decodeBody(pod, broken(text.subarray(0, 3000), random), format, 'Warn'))
        if (error === undefined) continue
        expect(error).toBeInstanceOf(StatusError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0)
  })

  it('in protobuf are refused with words of protobuf, or taken', () => {
    let refused = 0
    for (const node of [pod, definition]) {
      const { object } = decodeObject(node, generateObject(node, seededRandom(5)), 'Ignore')
      const bytes = protobufDocument('v1', 'X', [protobufMessage(node, object)])
      for (let i = 0; i < 300; i++) {
        const error = problem(() => decodeObject(node, parseProtobuf(node, broken(bytes, random)), 'Ignore'))
        if (error === undefined) continue
        expect(error).toBeInstanceOf(Error)
        expect((error as Error).message).not.toMatch(/undefined|call stack|not a function/)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0)
  })

  it('cannot be nested without end', () => {
    // spec.versions[].schema.openAPIV3Schema, then `not` within `not`
    let schema: Buffer = Buffer.alloc(0)
    for (let i = 0; i < 5000; i++) schema = Buffer.concat([lengthDelimited(28, schema.length), schema])
    for (const number of [1, 4, 7, 2]) schema = Buffer.concat([lengthDelimited(number, schema.length), schema])
    const bytes = protobufDocument('v1', 'X', [schema])
    expect(() => parseProtobuf(definition, bytes)).toThrow('proto: exceeded max depth')
    expect(parseProtobuf(definition, protobufDocument('v1', 'X', []))).toMatchObject({ kind: 'X' })
  })
})

describe('selectors of any text', () => {
  const alphabet = ['a', '=', '!', ',', '(', ')', ' ', 'in', 'notin', '\\', '/', '\0', 'é', '<', '1', '__proto__']
  it.each([
    ['label', parseLabelSelector],
    ['field', parseFieldSelector],
  ])('%s', (_, parse) => {
    const random = seededRandom(11)
    for (let i = 0; i < 2000; i++) {
      const length = Math.floor(random() * 20)
      const text = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)] ?? '').join('')
      const error = problem(() => parse(text))
      if (error !== undefined) expect((error as Error).message).not.toMatch(/undefined|call stack|not a function/)
    }
  })

  // each of these took time by the square of its length once
  it('are read in one go, however long', () => {
    expect(parseFieldSelector('a=b,'.repeat(50_000))).toHaveLength(50_000)
    for (const text of ['('.repeat(200_000), `${' '.repeat(200_000)}(`, `a in (${'b,'.repeat(50_000)}`]) {
      expect(problem(() => parseLabelSelector(text))).toBeInstanceOf(Error)
    }
  })
})
