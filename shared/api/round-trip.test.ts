import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeBody } from '../machinery/schema/body.ts'
import { decodeObject } from '../machinery/schema/decode.ts'
import type { ObjectNode } from '../machinery/schema/node.ts'
import { parseProtobuf } from '../machinery/schema/protobuf.ts'
import { protobufDocument, protobufMessage } from '../machinery/schema/protobuf-encode.ts'
import { generateObject, seededRandom } from '../testing/generate.ts'
import { kinds } from './kinds/index.ts'
import { findSchema, schemaFor } from './schemas.ts'

const others = ['DeleteOptions', 'Status', 'PartialObjectMetadata', 'PartialObjectMetadataList', 'APIResourceList']
const all: [string, ObjectNode][] = [
  ...kinds.flatMap(({ group, version, kind, listKind }) =>
    [kind, listKind].map((one) => [`${group}/${version} ${one}`, findSchema(group, version, one)] as const),
  ),
  ...others.map((kind) => [kind, findSchema('', 'v1', kind)] as const),
  ['Scale', schemaFor('autoscaling', 'v1', 'Scale')] as const,
  ['Eviction', schemaFor('policy', 'v1', 'Eviction')] as const,
  ['TokenRequest', schemaFor('authentication.k8s.io', 'v1', 'TokenRequest')] as const,
].filter((entry): entry is [string, ObjectNode] => entry[1] !== undefined)

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('JSON to protobuf and back', () => {
  it('looks at every kind', () => expect(all.length).toBeGreaterThan(kinds.length))

  it.each(all)('%s comes back as it was', (name, node) => {
    for (let seed = 1; seed <= 5; seed++) {
      const given = { ...generateObject(node, seededRandom(seed)), apiVersion: 'x/v1', kind: 'X' }
      const { object } = decodeObject(node, given, 'Strict')
      const before = copy(object)
      const bytes = protobufDocument('x/v1', 'X', [protobufMessage(node, object)])
      expect(object).toEqual(before)
      const back = decodeObject(node, parseProtobuf(node, bytes), 'Strict').object
      expect(copy(back), `${name}, seed ${String(seed)}`).toEqual(before)
    }
  })
})

// k8s.io/api/testdata/HEAD, k8s.io/apiextensions-apiserver/pkg/apis/testdata/HEAD
describe("upstream's sample documents", () => {
  const folder = new URL('./testdata/', import.meta.url)
  const samples = readdirSync(folder).filter((name) => name.endsWith('.json'))

  it('are there', () => expect(samples.length).toBeGreaterThan(0))

  it.each(samples)('%s is the same bytes in protobuf', (file) => {
    const json = readFileSync(new URL(file, folder))
    const bytes = readFileSync(new URL(file.replace(/json$/, 'pb'), folder))
    const { apiVersion, kind } = JSON.parse(json.toString()) as { apiVersion: string; kind: string }
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    const node = schemaFor(group, version, kind)
    const { object } = decodeBody(node, json, 'json', 'Strict')
    expect(decodeObject(node, parseProtobuf(node, bytes), 'Strict').object).toEqual(object)
    expect(protobufDocument(apiVersion, kind, [protobufMessage(node, object)]).equals(bytes)).toBe(true)
  })
})
