import { findSchema } from '@kubets/shared/api/schemas.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import {
  lengthDelimited,
  protobufDocument,
  protobufDocumentParts,
  protobufMessage,
} from '@kubets/shared/machinery/schema/protobuf-encode.ts'
import type { Encoded, WatchEvent } from '../registry/types.ts'
import { Piece } from '../storage/piece.ts'
import { partialOf, type ListHead, type MetaVersion } from './table.ts'

interface Document {
  apiVersion: string
  kind: string
}

const metaNode = (kind: string): ObjectNode => {
  const node = findSchema('', 'v1', kind)
  if (node === undefined) throw new Error(`no schema for ${kind}`)
  return node
}
const listMeta = metaNode('ListMeta')
const partial = metaNode('PartialObjectMetadata')

/** The schema of what an object says it is. */
function nodeOf({ apiVersion, kind }: Document): ObjectNode {
  const slash = apiVersion.indexOf('/')
  const node = findSchema(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1), kind)
  if (node === undefined) throw new Error(`${kind} of ${apiVersion} has no protobuf form`)
  return node
}

/** A value made for one answer alone, a Status mostly. */
export function valueDocument(value: object): Buffer {
  const { apiVersion, kind } = value as Document
  return protobufDocument(apiVersion, kind, [protobufMessage(nodeOf({ apiVersion, kind }), value)])
}

/** The object's fields: made once, and kept with the object. */
export const objectMessage = (item: Encoded): Buffer =>
  item.form('protobuf', (object) => protobufMessage(nodeOf(object as Document), object))

export function objectDocument(item: Encoded): Buffer {
  const { apiVersion, kind } = item.object as Document
  return protobufDocument(apiVersion, kind, [objectMessage(item)])
}

/** The object's metadata alone, kept likewise. */
export const partialMessage = (item: Encoded): Buffer =>
  item.form('partial protobuf', (object) => protobufMessage(partial, object))

export function partialDocument(item: Encoded, version: MetaVersion): Buffer {
  const { apiVersion, kind } = partialOf(version)
  return protobufDocument(apiVersion, kind, [partialMessage(item)])
}

export function partialListDocument(items: readonly Buffer[], head: ListHead, version: MetaVersion): Buffer[] {
  const { apiVersion, kind } = partialOf(version)
  return listDocument(apiVersion, `${kind}List`, items, head)
}

/** A list of messages, in parts: its metadata is field 1, its items are fields 2. */
export function listDocument(apiVersion: string, listKind: string, items: readonly Buffer[], head: ListHead): Buffer[] {
  const meta = protobufMessage(listMeta, head)
  const parts = [lengthDelimited(1, meta.length), meta]
  for (const item of items) parts.push(lengthDelimited(2, item.length), item)
  return protobufDocumentParts(apiVersion, listKind, parts)
}

// apimachinery/pkg/runtime/serializer/protobuf/protobuf.go RawSerializer, ../../../util/framer/framer.go lengthDelimitedFrameWriter
/** A watch event as a frame: four bytes of length, then a WatchEvent whose object is a whole document. */
export const objectFrame = (event: WatchEvent): Piece =>
  event.form('protobuf', ({ type, encoded }) => frame(type, objectDocument(encoded)))

/** The same, of the object's metadata alone. */
export function partialFrame(event: WatchEvent, version: MetaVersion): Piece {
  if (event.type === 'ERROR') return objectFrame(event)
  return event.form(`partial protobuf ${version}`, ({ type, encoded }) =>
    frame(type, partialDocument(encoded, version)),
  )
}

function frame(type: string, document: Buffer): Piece {
  const rawField = lengthDelimited(1, document.length)
  const event = [
    lengthDelimited(1, type.length),
    Buffer.from(type),
    lengthDelimited(2, rawField.length + document.length),
    rawField,
    document,
  ]
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.reduce((sum, part) => sum + part.length, 0))
  return new Piece(length, ...event)
}
