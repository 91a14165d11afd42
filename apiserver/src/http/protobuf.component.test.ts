import { schemaFor } from '@kubets/shared/api/schemas.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import { parseProtobuf } from '@kubets/shared/machinery/schema/protobuf.ts'
import { protobufDocument, protobufMessage } from '@kubets/shared/machinery/schema/protobuf-encode.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Call, type TestServer } from '../test-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const protobuf = 'application/vnd.kubernetes.protobuf'
const maps = '/api/v1/namespaces/default/configmaps'
const call = (path: string, given: Call = {}, accept = protobuf) =>
  server.call(path, { ...given, headers: { accept, ...given.headers } })
const read = (kind: string, bytes: Buffer) => parseProtobuf(schemaFor('', 'v1', kind), bytes)
const configMap = (name: string, data: object = {}) => {
  const object = { metadata: { name }, data }
  return protobufDocument('v1', 'ConfigMap', [protobufMessage(schemaFor('', 'v1', 'ConfigMap'), object)])
}
const create = (name: string, data: object = {}) =>
  call(maps, { body: configMap(name, data), headers: { 'content-type': protobuf } })

describe('protobuf', () => {
  it('goes in and comes out', async () => {
    const created = await create('one', { a: 'ä' })
    expect([created.code, created.headers?.['content-type']]).toEqual([201, protobuf])
    expect(read('ConfigMap', created.bytes)).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'ä' } })
    const { json } = await server.call(`${maps}/one`)
    const got = await call(`${maps}/one`)
    expect(decodeObject(schemaFor('', 'v1', 'ConfigMap'), read('ConfigMap', got.bytes), 'Strict').object).toEqual(json)
  })

  it('lists, in pages too', async () => {
    await create('two')
    const all = read('ConfigMapList', (await call(maps)).bytes)
    const names = (all['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)
    expect(names).toEqual(expect.arrayContaining(['one', 'two']))
    const page = read('ConfigMapList', (await call(`${maps}?limit=1`)).bytes)
    expect(page).toMatchObject({ kind: 'ConfigMapList', metadata: { remainingItemCount: names.length - 1 } })
    expect((page['metadata'] as { continue: string }).continue).not.toBe('')
  })

  it('says no in protobuf', async () => {
    const missing = await call(`${maps}/missing`)
    expect([missing.code, missing.headers?.['content-type']]).toEqual([404, protobuf])
    expect(read('Status', missing.bytes)).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'NotFound',
      message: 'configmaps "missing" not found',
      details: { name: 'missing', kind: 'configmaps' },
      code: 404,
    })
    const yaml = await call(`${maps}/missing`, {}, 'application/yaml')
    expect(yaml.text).toContain('reason: NotFound\n')
    const neither = await call(`${maps}/missing`, {}, 'text/html')
    expect([neither.code, neither.json['reason']]).toEqual([406, 'NotAcceptable'])
  })

  it('tells what was deleted', async () => {
    await create('gone')
    const reply = await call(`${maps}/gone`, { method: 'DELETE' })
    expect(read('Status', reply.bytes)).toMatchObject({ status: 'Success', details: { name: 'gone' } })
  })

  it('has options of a delete', async () => {
    await create('kept')
    const node = schemaFor('', 'v1', 'DeleteOptions')
    const options = { preconditions: { uid: 'other' } }
    const body = protobufDocument('v1', 'DeleteOptions', [protobufMessage(node, options)])
    const reply = await call(`${maps}/kept`, { method: 'DELETE', body, headers: { 'content-type': protobuf } })
    expect([reply.code, read('Status', reply.bytes)['message']]).toEqual([
      409,
      expect.stringContaining('the UID in the precondition (other) does not match'),
    ])
  })

  it('speaks of metadata alone', async () => {
    const as = `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`
    const one = parseProtobuf(schemaFor('', 'v1', 'PartialObjectMetadata'), (await call(`${maps}/one`, {}, as)).bytes)
    expect(one).toMatchObject({
      apiVersion: 'meta.k8s.io/v1',
      kind: 'PartialObjectMetadata',
      metadata: { name: 'one' },
    })
    const list = `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1`
    const all = parseProtobuf(schemaFor('', 'v1', 'PartialObjectMetadataList'), (await call(maps, {}, list)).bytes)
    expect(all).toMatchObject({ apiVersion: 'meta.k8s.io/v1beta1', kind: 'PartialObjectMetadataList' })
    const wrong = await call(maps, {}, as)
    expect([wrong.code, wrong.json.message]).toEqual([
      406,
      'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
    ])
  })

  it('has no tables', async () => {
    const table = (type: string) => `${type};as=Table;g=meta.k8s.io;v=v1`
    expect((await call(maps, {}, table(protobuf))).code).toBe(406)
    const { json } = await call(maps, {}, `${table(protobuf)},${table('application/json')}`)
    expect(json['kind']).toBe('Table')
  })

  it('streams events as frames', async () => {
    const name = 'watched'
    const { json } = await server.call(maps)
    const from = `watch=true&timeoutSeconds=5&resourceVersion=${String(json.metadata?.['resourceVersion'])}`
    const plain = call(`${maps}?${from}`)
    const partial = call(`${maps}?${from}`, {}, `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`)
    await create(name, { a: 'b' })
    await server.call(`${maps}/${name}`, { method: 'DELETE' })
    const reply = await plain
    expect(reply.headers?.['content-type']).toBe(`${protobuf};stream=watch`)
    const events = frames(reply.bytes).map(({ type, document }) => [type, read('ConfigMap', document)] as const)
    expect(events.map(([type, object]) => [type, object['kind'], object['data']])).toEqual([
      ['ADDED', 'ConfigMap', { a: 'b' }],
      ['DELETED', 'ConfigMap', { a: 'b' }],
    ])
    const [first] = frames((await partial).bytes)
    expect(first && parseProtobuf(schemaFor('', 'v1', 'PartialObjectMetadata'), first.document)).toMatchObject({
      kind: 'PartialObjectMetadata',
      metadata: { name },
    })
  })

  it('is 400 where it is broken, and CBOR is refused by name', async () => {
    const good = configMap('broken', { a: 'b' })
    for (const body of [
      good.subarray(4),
      good.subarray(0, -9),
      Buffer.concat([good.subarray(0, 30), Buffer.alloc(40, 255)]),
    ]) {
      expect((await call(maps, { body, headers: { 'content-type': protobuf } }, 'application/json')).code).toBe(400)
    }
    expect((await server.call(`${maps}/broken`)).code).toBe(404)
    const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
    const cbor = await server.call(maps, { body: Buffer.from([0xa0]), headers: { 'content-type': 'application/cbor' } })
    expect([cbor.code, cbor.json.message]).toEqual([
      415,
      `the body of the request was in an unknown format - accepted media types include: ${types}`,
    ])
    const accept = await call(maps, {}, 'application/cbor')
    expect([accept.code, accept.json.message]).toEqual([406, `only the following media types are accepted: ${types}`])
    const stream = await call(`${maps}?watch=true`, {}, 'application/yaml')
    expect([stream.code, stream.text]).toEqual([
      406,
      expect.stringContaining('application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'),
    ])
  })
})

/** The frames of a watch: four bytes of length, then type (1) and object (2) with raw (1) in it. */
function frames(bytes: Buffer): { type: string; document: Buffer }[] {
  const result: { type: string; document: Buffer }[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const event = bytes.subarray(at + 4, at + 4 + length)
    const typeLength = event[1] ?? 0
    const start = event.indexOf('k8s\0')
    result.push({ type: event.subarray(2, 2 + typeLength).toString(), document: event.subarray(start) })
    at += 4 + length
  }
  return result
}
