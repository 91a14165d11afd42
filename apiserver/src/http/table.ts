import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Encoded, WatchEvent } from '../registry/types.ts'
import { joinItems } from './join.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'
/** A version of meta.k8s.io: the same shapes under either name. */
export type MetaVersion = 'v1' | 'v1beta1'

export interface ListHead {
  resourceVersion: string
  continue?: string
  remainingItemCount?: number
}

// apimachinery/pkg/apis/meta/v1beta1/validation/validation.go ValidateTableOptions
/** What goes into each row besides its cells. Throws 400. */
export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') || 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${quote(value)}: ` +
      `must be 'Metadata', 'Object', 'None', or empty`,
  )
}

export interface TableOptions {
  include: IncludeObject
  version: MetaVersion
  /** Milliseconds since the epoch: ages are counted from here. */
  now: number
}

// apimachinery/pkg/apis/meta/v1/types.go Table
/** A Table as JSON. `headers`: false in all events of a watch but the first. */
export function table(
  kind: Kind,
  items: readonly Encoded[],
  head: ListHead,
  options: TableOptions,
  headers = true,
): Buffer {
  return joinItems(
    `${opening(kind, head, options.version, headers)}"rows":[`,
    items.map((item) => row(kind, item, options)),
    ']}',
  )
}

function opening(kind: Kind, head: ListHead, version: MetaVersion, headers: boolean): string {
  const columns = headers ? JSON.stringify(kind.columns) : 'null'
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(head)},"columnDefinitions":${columns},`
}

function row(kind: Kind, item: Encoded, { include, version, now }: TableOptions): Buffer {
  const cells = JSON.stringify(kind.row(item.object, now))
  const object = include === 'None' ? 'null' : include === 'Object' ? item.json : partialMetadata(item, version)
  return Buffer.from(`{"cells":${cells},"object":${object.toString()}}`)
}

export const partialOf = (version: MetaVersion): { kind: string; apiVersion: string } => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
})

/** The object with nothing but its metadata, as JSON. */
export function partialMetadata(item: Encoded, version: MetaVersion): Buffer {
  return item.form(`partial ${version}`, ({ metadata }) =>
    Buffer.from(JSON.stringify({ ...partialOf(version), metadata })),
  )
}

export function partialMetadataList(items: readonly Encoded[], head: ListHead, version: MetaVersion): Buffer {
  const opening = `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(head)},"items":[`
  return joinItems(
    opening,
    items.map((item) => partialMetadata(item, version)),
    ']}',
  )
}

/** A watch event whose object is a Table of one row; its columns are told in the first event alone. */
export function tableLine(kind: Kind, event: WatchEvent, options: TableOptions, headers: boolean): Buffer {
  if (event.type === 'ERROR') return event.line
  const { encoded } = event
  const head = { resourceVersion: encoded.resourceVersion }
  if (event.type === 'BOOKMARK') {
    const object = partialMetadata(encoded, options.version).toString()
    return line(event.type, `${opening(kind, head, options.version, headers)}"rows":[{"cells":[],"object":${object}}]}`)
  }
  return line(event.type, table(kind, [encoded], head, options, headers).toString())
}

/** A watch event whose object is its metadata alone. */
export function partialLine(event: WatchEvent, version: MetaVersion): Buffer {
  if (event.type === 'ERROR') return event.line
  return event.form(`partial ${version}`, ({ type, encoded }) =>
    line(type, partialMetadata(encoded, version).toString()),
  )
}

const line = (type: string, object: string): Buffer => Buffer.from(`{"type":"${type}","object":${object}}\n`)
