import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { encode } from '../storage/encoded.ts'
import { renderedList, type ListShape } from './list-text.ts'
import type { Form } from './negotiate.ts'

const head = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '7' } }
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { text: 'a\nb', on: 'on' },
})
const objects = ['a', 'b', 'c'].map(configMap)
const row: ListShape['item'] = ({ json }) => Buffer.concat([Buffer.from('{"object":'), json, Buffer.from('}')])

const written = async (form: Partial<Form>, shape: Partial<ListShape>, items: object[]) => {
  const encoded = items.map((object) => encode(structuredClone(object) as ReturnType<typeof configMap>))
  const whole: ListShape = { head, field: 'items', item: ({ json }) => json, ...shape }
  const signal = new AbortController().signal
  return (
    await renderedList({ format: 'json', pretty: false, ...form }, whole, encoded, new FakeClock(), signal)
  ).body.toString()
}

describe.each([0, 1, 3])('a list of %i', (count) => {
  const items = objects.slice(0, count)
  const list = { ...head, items }
  const table = { ...head, rows: items.map((object) => ({ object })) }
  const rows = { field: 'rows', item: row } as const

  it('is what JSON.stringify makes', async () => {
    expect(await written({}, {}, items)).toBe(`${JSON.stringify(list)}\n`)
    expect(await written({}, rows, items)).toBe(`${JSON.stringify(table)}\n`)
    expect(await written({ pretty: true }, {}, items)).toBe(JSON.stringify(list, null, 2))
    expect(await written({ pretty: true }, rows, items)).toBe(JSON.stringify(table, null, 2))
  })

  it('is YAML with its fields in order', async () => {
    const text = await written({ format: 'yaml' }, {}, items)
    expect(parse(text)).toEqual(list)
    expect(text.match(/^[a-z]\w*/gim)).toEqual(['apiVersion', 'items', 'kind', 'metadata'])
    expect(parse(await written({ format: 'yaml' }, rows, items))).toEqual(table)
  })
})
