import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Encoded, WatchEvent } from '../registry/types.ts'
import { joinItems } from './join.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

interface ListHead {
  resourceVersion: string
  continue?: string
  remainingItemCount?: number
}

/** What goes into each row besides its cells. Throws 400. */
export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') || 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw badRequest(`unrecognized includeObject value: ${quote(value)}`)
}

// apimachinery/pkg/apis/meta/v1/types.go Table
/** A Table as JSON; `now` in milliseconds since the epoch. */
export function table(
  kind: Kind,
  items: readonly Encoded[],
  head: ListHead,
  include: IncludeObject,
  now: number,
): Buffer {
  const opening =
    `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(head)},` +
    `"columnDefinitions":${JSON.stringify(kind.columns)},"rows":[`
  return joinItems(
    opening,
    items.map((item) => row(kind, item, include, now)),
    ']}',
  )
}

function row(kind: Kind, item: Encoded, include: IncludeObject, now: number): Buffer {
  const cells = JSON.stringify(kind.row(item.object, now))
  const object = include === 'None' ? 'null' : include === 'Object' ? item.json : partialMetadata(item)
  return Buffer.from(`{"cells":${cells},"object":${object.toString()}}`)
}

/** The object with nothing but its metadata, as JSON. */
export function partialMetadata(item: Encoded): Buffer {
  return item.form('partial', ({ metadata }) =>
    Buffer.from(JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata })),
  )
}

export function partialMetadataList(items: readonly Encoded[], head: ListHead): Buffer {
  const opening = `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(head)},"items":[`
  return joinItems(opening, items.map(partialMetadata), ']}')
}

/** A watch event whose object is a Table of one row. */
export function tableLine(kind: Kind, event: WatchEvent, include: IncludeObject, now: number): Buffer {
  if (event.type === 'ERROR') return event.line
  const { encoded } = event
  const head = { resourceVersion: encoded.resourceVersion }
  if (event.type === 'BOOKMARK') {
    return line(
      event.type,
      `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(head)},"columnDefinitions":${JSON.stringify(kind.columns)},"rows":[{"cells":[],"object":${partialMetadata(encoded).toString()}}]}`,
    )
  }
  return line(event.type, table(kind, [encoded], head, include, now).toString())
}

/** A watch event whose object is its metadata alone. */
export function partialLine(event: WatchEvent): Buffer {
  if (event.type === 'ERROR') return event.line
  return event.form('partial', ({ type, encoded }) => line(type, partialMetadata(encoded).toString()))
}

const line = (type: string, object: string): Buffer => Buffer.from(`{"type":"${type}","object":${object}}\n`)
