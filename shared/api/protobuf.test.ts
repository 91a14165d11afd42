import { describe, expect, it } from 'vitest'
import { schemaFor } from './schemas.ts'
import { parseProtobuf } from '../machinery/schema/protobuf.ts'

// a few bytes by hand: what client-go sends
const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)])
const bytes = (field: number, value: number[] | string): number[] => {
  const content = typeof value === 'string' ? [...Buffer.from(value)] : value
  return [...varint((field << 3) | 2), ...varint(content.length), ...content]
}
const int = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)]
const envelope = (kind: string, raw: number[]): Buffer =>
  Buffer.from([0x6b, 0x38, 0x73, 0, ...bytes(1, [...bytes(1, 'v1'), ...bytes(2, kind)]), ...bytes(2, raw)])

describe('parseProtobuf', () => {
  it('reads strings, maps, bytes and times', () => {
    const metadata = [...bytes(1, 'a'), ...bytes(8, int(1, 86400)), ...bytes(11, [...bytes(1, 'k'), ...bytes(2, 'v')])]
    const raw = [...bytes(1, metadata), ...bytes(2, [...bytes(1, 'x'), ...bytes(2, [1, 2])]), ...bytes(3, 'Opaque')]
    expect(parseProtobuf(schemaFor('', 'v1', 'Secret'), envelope('Secret', raw))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a', creationTimestamp: '1970-01-02T00:00:00Z', labels: { k: 'v' } },
      data: { x: 'AQI=' },
      type: 'Opaque',
    })
  })

  it('reads lists, inline structs, quantities, and numbers or names', () => {
    const source = bytes(2, bytes(1, bytes(1, '/tmp')))
    const volume = [...bytes(1, 'v'), ...source]
    const probe = bytes(10, bytes(1, bytes(2, [...bytes(1, '/'), ...bytes(2, [...int(1, 1), ...bytes(3, 'http')])])))
    const limits = bytes(8, bytes(1, [...bytes(1, 'cpu'), ...bytes(2, bytes(1, '100m'))]))
    const container = [...bytes(1, 'c'), ...bytes(3, 'sh'), ...bytes(3, '-c'), ...limits, ...probe]
    const raw = bytes(2, [...bytes(1, volume), ...bytes(2, container), ...int(4, 30)])
    expect(parseProtobuf(schemaFor('', 'v1', 'Pod'), envelope('Pod', raw))).toMatchObject({
      kind: 'Pod',
      spec: {
        volumes: [{ name: 'v', hostPath: { path: '/tmp' } }],
        containers: [
          {
            name: 'c',
            command: ['sh', '-c'],
            resources: { limits: { cpu: '100m' } },
            livenessProbe: { httpGet: { path: '/', port: 'http' } },
          },
        ],
        terminationGracePeriodSeconds: 30,
      },
    })
  })

  it('refuses more of everything than JSON may hold', () => {
    const repeated = (field: number, of: number[], times: number): number[] =>
      Array<number[]>(times).fill(bytes(field, of)).flat()
    const entries = envelope('ConfigMap', repeated(2, bytes(1, 'a'), 40_001))
    expect(() => parseProtobuf(schemaFor('', 'v1', 'ConfigMap'), entries)).toThrow('limit is 40000 keys of one object')
    const containers = envelope('Pod', bytes(2, repeated(2, [], 100_001)))
    expect(() => parseProtobuf(schemaFor('', 'v1', 'Pod'), containers)).toThrow('limit is 100000 objects and lists')
    const command = envelope('Pod', bytes(2, bytes(2, repeated(3, [], 400_001))))
    expect(() => parseProtobuf(schemaFor('', 'v1', 'Pod'), command)).toThrow('limit is 400000 values')
  })

  it.each([
    ['no prefix', Buffer.from('{}'), 'expected prefix'],
    ['cut off', envelope('Pod', bytes(1, 'abc')).subarray(0, -2), 'unexpected EOF'],
  ])('refuses %s', (_, body, text) => {
    expect(() => parseProtobuf(schemaFor('', 'v1', 'Pod'), body)).toThrow(text)
  })
})
