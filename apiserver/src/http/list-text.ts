import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { inSlices, joinInSlices } from '@kubets/shared/machinery/slices.ts'
import type { Encoded } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import { mediaTypes, type Form } from './negotiate.ts'
import { yamlText } from './yaml-text.ts'

/** A list of any sort: what stands beside its items, what the items are called, and one item as JSON. */
export interface ListShape {
  head: Readonly<Record<string, unknown>>
  field: 'items' | 'rows'
  item(one: Encoded): Buffer
}

const between = (parts: readonly Buffer[], separator: string): Buffer[] => {
  const buffer = Buffer.from(separator)
  return parts.flatMap((part, index) => (index === 0 ? [part] : [buffer, part]))
}

/** The list as JSON on one line, in parts. */
export const listParts = ({ head, field }: ListShape, items: readonly Buffer[], end = ''): Buffer[] => [
  Buffer.from(`${JSON.stringify(head).slice(0, -1)},"${field}":[`),
  ...between(items, ','),
  Buffer.from(`]}${end}`),
]

/** The list as an answer: as JSON, indented JSON or YAML, made item by item so that a long one holds nobody up. */
export async function renderedList(
  form: Form,
  shape: ListShape,
  items: readonly Encoded[],
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  const style = form.format === 'yaml' ? yaml : form.pretty ? pretty : compact
  const written = await inSlices(items, (item) => style.item(shape.item(item)), clock, signal)
  const body = await joinInSlices(style.join(shape, written), clock, signal)
  return { code: 200, contentType: form.format === 'yaml' ? mediaTypes.yaml : mediaTypes.json, body }
}

/** How an item looks in a list, and how the list is put together. */
interface Style {
  item(json: Buffer): Buffer
  join(shape: ListShape, items: readonly Buffer[]): Buffer[]
}

const compact: Style = {
  item: (json) => json,
  join: (shape, items) => listParts(shape, items, '\n'),
}

const pretty: Style = {
  item: (json) => Buffer.from(JSON.stringify(JSON.parse(json.toString()), null, 2).replaceAll('\n', '\n    ')),
  join({ head, field }, items) {
    const opening = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "${field}": [`
    if (items.length === 0) return [Buffer.from(`${opening}]\n}`)]
    return [Buffer.from(`${opening}\n    `), ...between(items, ',\n    '), Buffer.from('\n  ]\n}')]
  },
}

const yaml: Style = {
  item: (json) => Buffer.from(yamlText([JSON.parse(json.toString())])),
  /** Fields are in order, the items among them. */
  join({ head, field }, items) {
    const part = (is: (key: string) => boolean): Buffer => {
      const entries = Object.entries(head).filter(([key]) => is(key))
      return Buffer.from(entries.length === 0 ? '' : yamlText(Object.fromEntries(entries)))
    }
    const own = Buffer.from(items.length === 0 ? `${field}: []\n` : `${field}:\n`)
    return [part((key) => key < field), own, ...items, part((key) => key > field)]
  },
}
