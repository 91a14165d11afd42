import { BackwardWriter } from './backward-writer.ts'
import { parseGoDuration } from './go-values.ts'
import type { Embedded, Field, ListNode, MapNode, ObjectNode, ScalarNode, SchemaNode, UnionNode } from './node.ts'

type Json = Readonly<Record<string, unknown>>

/** How one node's values stand on the wire. */
interface Codec {
  readonly wireType: 0 | 1 | 2
  /** Writes a value without its tag and without its length. */
  write(writer: BackwardWriter, value: unknown): void
  /** What stands for an absent value where Go cannot leave one out; undefined: nothing does. */
  readonly zero?: unknown
}

type WriteField = (writer: BackwardWriter, object: Json) => void

const shared = new BackwardWriter()

/**
 * The fields of an object (of the shape that decodeObject gives) as a protobuf message: without apiVersion and kind, and
 * without the envelope. Byte for byte what Go's generated code writes.
 */
// gogo/protobuf's marshaler plugin, as in k8s.io/api/core/v1/generated.pb.go
export function protobufMessage(node: ObjectNode, object: object): Buffer {
  try {
    writeMessage(fieldsOf(node), shared, object as Json)
    return shared.take()
  } catch (error) {
    shared.reset()
    throw error
  }
}

/** A message field that holds bytes: what stands before them. */
export function lengthDelimited(number: number, length: number): Buffer {
  shared.varint(length)
  shared.varint((number << 3) | 2)
  return shared.take()
}

// apimachinery/pkg/runtime/serializer/protobuf/protobuf.go Serializer.Encode
const magic = Buffer.from('k8s\0')
/** No content encoding, no content type. */
const envelopeEnd = Buffer.from([0x1a, 0, 0x22, 0])
const typeMetas = new Map<string, Buffer>()

/** A document: the magic number, then a runtime.Unknown with the message inside. `message` may come in parts. */
export const protobufDocument = (apiVersion: string, kind: string, message: readonly Buffer[]): Buffer =>
  Buffer.concat(protobufDocumentParts(apiVersion, kind, message))

/** The same, for the caller to join. */
export function protobufDocumentParts(apiVersion: string, kind: string, message: readonly Buffer[]): Buffer[] {
  let length = 0
  for (const part of message) length += part.length
  return [magic, typeMetaField(apiVersion, kind), lengthDelimited(2, length), ...message, envelopeEnd]
}

function typeMetaField(apiVersion: string, kind: string): Buffer {
  const key = `${apiVersion} ${kind}`
  let field = typeMetas.get(key)
  if (field === undefined) {
    shared.string(kind)
    shared.varint(Buffer.byteLength(kind))
    shared.varint(0x12)
    shared.string(apiVersion)
    shared.varint(Buffer.byteLength(apiVersion))
    shared.varint(0x0a)
    shared.varint(shared.length)
    shared.varint(0x0a)
    field = shared.take()
    typeMetas.set(key, field)
  }
  return field
}

/** Compiled once a struct: nodes of one struct share their `message`. The last field comes first. */
const compiled = new WeakMap<ObjectNode['message'], WriteField[]>()

function fieldsOf(node: ObjectNode): WriteField[] {
  let fields = compiled.get(node.message)
  if (fields === undefined) {
    fields = []
    // known before its fields are: a type may hold itself
    compiled.set(node.message, fields)
    const numbered = node.message.filter(
      (part): part is (Field | Embedded) & { proto: number } => part.proto !== undefined,
    )
    for (const part of numbered.sort((a, b) => b.proto - a.proto)) fields.push(fieldWriter(part, part.proto))
  }
  return fields
}

function writeMessage(fields: readonly WriteField[], writer: BackwardWriter, object: Json): void {
  for (const field of fields) field(writer, object)
}

function fieldWriter(part: Field | Embedded, proto: number): WriteField {
  if ('embedded' in part) {
    const write = tagged(proto, objectCodec(part.embedded))
    return (writer, object) => write(writer, object)
  }
  const { name, node } = part
  if (node.type === 'list') return listField(name, node, proto)
  if (node.type === 'map') return mapField(name, node, proto)
  const codec = codecOf(node)
  const write = tagged(proto, codec)
  const zero = part.pointer ? undefined : codec.zero
  return (writer, object) => {
    const value = object[name] ?? zero
    if (value !== undefined) write(writer, value)
  }
}

/** Writes a value with its tag, and its length where it has one. */
function tagged(proto: number, { wireType, write }: Codec): Codec['write'] {
  const tag = (proto << 3) | wireType
  if (wireType !== 2) {
    return (writer, value) => {
      write(writer, value)
      writer.varint(tag)
    }
  }
  return (writer, value) => {
    const before = writer.length
    write(writer, value)
    writer.varint(writer.length - before)
    writer.varint(tag)
  }
}

function listField(name: string, node: ListNode, proto: number): WriteField {
  const items = listItems(node, node.wrapped ? 1 : proto)
  const write = node.wrapped ? tagged(proto, { wireType: 2, write: items }) : items
  return (writer, object) => {
    const list = object[name]
    if (list !== undefined && list !== null) write(writer, list)
  }
}

function listItems(node: ListNode, proto: number): Codec['write'] {
  const write = tagged(proto, codecOf(node.element))
  return (writer, value) => {
    const list = value as readonly unknown[]
    for (let index = list.length - 1; index >= 0; index--) write(writer, list[index])
  }
}

function mapField(name: string, node: MapNode, proto: number): WriteField {
  const entries = mapEntries(node, node.wrapped ? 1 : proto)
  const write = node.wrapped ? tagged(proto, { wireType: 2, write: entries }) : entries
  return (writer, object) => {
    const map = object[name]
    if (map !== undefined && map !== null) write(writer, map)
  }
}

/** Entries are messages (key 1, value 2), the last key first. */
function mapEntries(node: MapNode, proto: number): Codec['write'] {
  const value = tagged(2, codecOf(node.value))
  const key = tagged(1, stringCodec)
  return (writer, given) => {
    const map = given as Json
    const keys = Object.keys(map)
    if (keys.length > 1) keys.sort()
    for (let index = keys.length - 1; index >= 0; index--) {
      const name = keys[index] ?? ''
      const before = writer.length
      value(writer, map[name])
      key(writer, name)
      writer.varint(writer.length - before)
      writer.varint((proto << 3) | 2)
    }
  }
}

function codecOf(node: SchemaNode): Codec {
  switch (node.type) {
    case 'object':
      return objectCodec(node)
    case 'union':
      return unionCodec(node)
    case 'list':
      return { wireType: 2, write: listItems(node, 1) }
    case 'map':
      return { wireType: 2, write: mapEntries(node, 1) }
    default:
      return scalarCodecs[node.type]
  }
}

function objectCodec(node: ObjectNode): Codec {
  const fields = fieldsOf(node)
  return { wireType: 2, write: (writer, object) => writeMessage(fields, writer, object as Json), zero: {} }
}

/** Each alternative has a field of its own; where one is a bool, it is true beside a schema. */
// apiextensions/v1/marshal.go JSONSchemaPropsOrBool.UnmarshalJSON
function unionCodec(node: UnionNode): Codec {
  let options: { type: SchemaNode['type']; write: Codec['write'] }[] | undefined
  const compile = (): NonNullable<typeof options> =>
    [...node.options]
      .sort((a, b) => b.proto - a.proto)
      .map(({ node: { ...option }, proto }) => ({
        type: option.type,
        write: option.type === 'list' ? listItems(option, proto) : tagged(proto, codecOf(option)),
      }))
  return {
    wireType: 2,
    write(writer, value) {
      const type = Array.isArray(value) ? 'list' : typeof value === 'boolean' ? 'bool' : 'object'
      // compiled at first use: a union's options may hold the union
      for (const option of (options ??= compile())) {
        if (option.type === type) option.write(writer, value)
        else if (option.type === 'bool') option.write(writer, true)
      }
    },
  }
}

const stringCodec: Codec = { wireType: 2, write: (writer, value) => writer.string(value as string), zero: '' }
const integerCodec: Codec = { wireType: 0, write: (writer, value) => writer.varint(value as number), zero: 0 }
/** What a RawExtension holds that nobody has set; null would be a value. */
const nothing = Symbol('nothing')
const rawCodec: Codec = { wireType: 2, write: writeRaw }

const scalarCodecs: Readonly<Record<ScalarNode['type'], Codec>> = {
  string: stringCodec,
  bool: { wireType: 0, write: (writer, value) => writer.varint(value === true ? 1 : 0), zero: false },
  int32: integerCodec,
  int64: integerCodec,
  double: { wireType: 1, write: (writer, value) => writer.double(value as number), zero: 0 },
  bytes: { wireType: 2, write: (writer, value) => writer.bytes(Buffer.from(value as string, 'base64')) },
  time: { wireType: 2, write: writeTime, zero: '' },
  microTime: { wireType: 2, write: writeTime, zero: '' },
  duration: { wireType: 2, write: writeDuration, zero: '0s' },
  quantity: { wireType: 2, write: writeQuantity, zero: '0' },
  intOrString: { wireType: 2, write: writeIntOrString, zero: 0 },
  // a RawExtension is there even when it is empty
  rawExtension: { ...rawCodec, zero: nothing },
  fieldsV1: rawCodec,
  any: rawCodec,
}

const writeSeconds = tagged(1, integerCodec)
const writeNanoseconds = tagged(2, integerCodec)
const writeText = tagged(1, stringCodec)

// apimachinery/pkg/apis/meta/v1/time_proto.go, micro_time_proto.go
function writeTime(writer: BackwardWriter, value: unknown): void {
  const text = value as string
  if (text === '') return
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  writeNanoseconds(writer, Number(fraction.slice(0, 9).padEnd(9, '0')))
  writeSeconds(writer, Math.floor(Date.parse(text) / 1000))
}

function writeDuration(writer: BackwardWriter, value: unknown): void {
  writeSeconds(writer, Number(parseGoDuration(value as string)))
}

function writeQuantity(writer: BackwardWriter, value: unknown): void {
  writeText(writer, value)
}

const writeName = tagged(3, stringCodec)

// apimachinery/pkg/util/intstr/generated.pb.go
function writeIntOrString(writer: BackwardWriter, value: unknown): void {
  const isString = typeof value === 'string'
  writeName(writer, isString ? value : '')
  writeNanoseconds(writer, isString ? 0 : value)
  writeSeconds(writer, isString ? 1 : 0)
}

function writeRaw(writer: BackwardWriter, value: unknown): void {
  if (value === nothing) return
  const text = JSON.stringify(value)
  const before = writer.length
  writer.string(text)
  writer.varint(writer.length - before)
  writer.varint(0x0a)
}
