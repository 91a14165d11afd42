import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Encoded, WatchEvent } from '../registry/types.ts'
import { Piece } from '../storage/piece.ts'
import { listParts, type ListShape } from './list-text.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'
/** A version of meta.k8s.io: the same shapes under either name. */
export type MetaVersion = 'v1' | 'v1beta1'

/** How objects become rows. */
type Printed = Pick<Kind, 'columns' | 'row'>

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
/** A Table of objects. `headers`: false in all events of a watch but the first. */
export function tableShape(kind: Printed, metadata: ListHead, options: TableOptions, headers = true): ListShape {
  const columnDefinitions = headers ? kind.columns : null
  return {
    head: { kind: 'Table', apiVersion: `meta.k8s.io/${options.version}`, metadata, columnDefinitions },
    field: 'rows',
    item: (one) => row(kind, one, options),
  }
}

/** A Table of one object, as JSON. */
export function table(kind: Printed, item: Encoded, options: TableOptions, headers = true): Buffer {
  const shape = tableShape(kind, { resourceVersion: item.resourceVersion }, options, headers)
  return Buffer.concat(listParts(shape, [shape.item(item)]))
}

const end = Buffer.from('}')

function row(kind: Printed, item: Encoded, { include, version, now }: TableOptions): Buffer {
  const start = `{"cells":${JSON.stringify(kind.row(item.object, now))},"object":`
  if (include === 'None') return Buffer.from(`${start}null}`)
  return Buffer.concat([Buffer.from(start), include === 'Object' ? item.json : partialMetadata(item, version), end])
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

export const partialMetadataShape = (metadata: ListHead, version: MetaVersion): ListShape => ({
  head: { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata },
  field: 'items',
  item: (one) => partialMetadata(one, version),
})

/** A watch event whose object is a Table of one row; its columns are told in the first event alone. */
export function tableLine(kind: Kind, event: WatchEvent, options: TableOptions, headers: boolean): Piece {
  if (event.type === 'ERROR') return event.line
  const { encoded } = event
  if (event.type === 'BOOKMARK') {
    const shape = tableShape(kind, { resourceVersion: encoded.resourceVersion }, options, headers)
    const object = partialMetadata(encoded, options.version).toString()
    return line(
      event.type,
      Buffer.concat(listParts(shape, [Buffer.from(`{"cells":[],"object":${object}}`)])).toString(),
    )
  }
  return line(event.type, table(kind, encoded, options, headers).toString())
}

/** A watch event whose object is its metadata alone. */
export function partialLine(event: WatchEvent, version: MetaVersion): Piece {
  if (event.type === 'ERROR') return event.line
  return event.form(`partial ${version}`, ({ type, encoded }) =>
    line(type, partialMetadata(encoded, version).toString()),
  )
}

const line = (type: string, object: string): Piece => new Piece(Buffer.from(`{"type":"${type}","object":${object}}\n`))
