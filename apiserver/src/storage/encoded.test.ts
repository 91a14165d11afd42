import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { describe, expect, it } from 'vitest'
import { Change, encode, fromStored, storedBytes, storedInSteps } from './encoded.ts'

const object = (labels: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'a', labels, resourceVersion: '5' },
})

describe('storedBytes and fromStored', () => {
  it('keep everything but the revision, which is the one that etcd says', () => {
    const stored = storedBytes(object({ a: 'ü"\\' }))
    expect(stored.toString()).not.toContain('resourceVersion')
    const read = fromStored(stored, 9)
    expect(read.object).toEqual({
      ...object({ a: 'ü"\\' }),
      metadata: { name: 'a', labels: { a: 'ü"\\' }, resourceVersion: '9' },
    })
    expect(JSON.parse(read.json.toString())).toEqual(read.object)
    expect(read.resourceVersion).toBe('9')
  })

  it.each([
    '{"apiVersion":"v1","kind":"Thing","metadata":{}}',
    '{"kind":"Thing","apiVersion":"v1","metadata":{}}',
    '{"apiVersion":"v1","kind":"T","spec":{"metadata":{}},"metadata":{"name":"x"}}',
  ])('read what others have written: %s', (text) => {
    const read = fromStored(Buffer.from(text), 3)
    expect(read.object.metadata.resourceVersion).toBe('3')
    expect(JSON.parse(read.json.toString())).toEqual(read.object)
  })

  it('are the same for huge objects, made in steps', async () => {
    const data = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`key-"${i}`, 'ü']))
    const managedFields = [
      { manager: 'm', fieldsV1: data },
      { manager: '$&', fieldsV1: {} },
    ]
    const { metadata, ...rest } = object({})
    for (const huge of [
      { ...rest, metadata: { ...metadata, managedFields }, data, spec: undefined },
      { ...rest, metadata: { ...metadata, name: '"managedFields":0}' }, data },
      { metadata: { managedFields }, data },
    ] as unknown as KubeObject[])
      expect((await storedInSteps(huge, new FakeClock())).toString()).toBe(storedBytes(huge).toString())
  })

  it('freeze', () => {
    const read = fromStored(storedBytes(object({})), 1)
    expect(() => (read.object.metadata.name = 'b')).toThrow(TypeError)
  })

  it('make another form once', () => {
    const read = encode(object({}))
    let made = 0
    const make = (): number => ++made
    expect([read.form('x', make), read.form('x', make), read.form('y', make)]).toEqual([1, 1, 2])
  })
})

describe('Change.eventFor', () => {
  const inside = encode(object({ in: 'yes' }))
  const outside = encode(object({}))
  const matches = ({ object: { metadata } }: { object: KubeObject }): boolean => metadata.labels?.['in'] === 'yes'

  it.each([
    ['a new one inside', undefined, inside, 'ADDED'],
    ['a new one outside', undefined, outside, undefined],
    ['a change inside', inside, inside, 'MODIFIED'],
    ['coming in', outside, inside, 'ADDED'],
    ['going out', inside, outside, 'DELETED'],
    ['a change outside', outside, outside, undefined],
    ['deleted inside', inside, undefined, 'DELETED'],
    ['deleted outside', outside, undefined, undefined],
  ] as const)('%s', (_name, previous, current, type) => {
    const change = new Change(7, 'a', 0, previous, current)
    const event = change.eventFor(matches)
    expect(event?.type).toBe(type)
    if (type === 'DELETED') expect(event?.encoded.resourceVersion).toBe('7')
    expect(change.eventFor(matches)).toBe(event)
  })

  it('writes a line that is one JSON document', () => {
    const line = new Change(7, 'a', 0, undefined, inside).eventFor(() => true)?.line.bytes.toString() ?? ''
    expect(line.endsWith('\n')).toBe(true)
    expect(JSON.parse(line)).toEqual({ type: 'ADDED', object: inside.object })
  })
})
