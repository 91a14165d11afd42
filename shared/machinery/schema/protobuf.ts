import { formatTime } from '../time.ts'
import { formatGoDuration } from './go-values.ts'
import { parseJson } from './json.ts'
import { depthLimit } from './json-scanner.ts'
import { sizeLimits, tooMany } from './json-size.ts'
import type { Embedded, Field, ObjectNode, ScalarNode, SchemaNode, UnionNode } from './node.ts'
import { ProtobufReader, type Value } from './protobuf-reader.ts'

/** What stands before every Kubernetes protobuf document. apimachinery/pkg/runtime/serializer/protobuf/protobuf.go */
const magic = Buffer.from('k8s\0')

type Json = Record<string, unknown>

/**
 * A Kubernetes protobuf document (the magic number, then a runtime.Unknown with the object inside) as the plain JSON value
 * of the same object, ready for decodeObject. Throws an Error that says what is wrong with the bytes, and a StatusError (413)
 * for more of everything than JSON may hold.
 */
export function parseProtobuf(node: ObjectNode, body: Buffer): Json {
  if (!body.subarray(0, 4).equals(magic))
    throw new Error('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  let typeMeta: Json = {}
  let raw: Buffer = Buffer.alloc(0)
  for (const { number, value } of new ProtobufReader(body.subarray(4))) {
    if (number === 1) typeMeta = readTypeMeta(bytesOf(value))
    if (number === 2) raw = bytesOf(value)
  }
  made = { objects: 0, entries: 0, items: 0 }
  return { ...typeMeta, ...readObject(node, raw) }
}

function readTypeMeta(bytes: Buffer): Json {
  const typeMeta: Json = {}
  for (const { number, value } of new ProtobufReader(bytes)) {
    if (number === 1) typeMeta['apiVersion'] = bytesOf(value).toString()
    if (number === 2) typeMeta['kind'] = bytesOf(value).toString()
  }
  return typeMeta
}

/** Fields by protobuf number; made once a node. */
const numbered = new WeakMap<ObjectNode, Map<number, Field | Embedded>>()

function fieldsByNumber(node: ObjectNode): Map<number, Field | Embedded> {
  let fields = numbered.get(node)
  if (fields === undefined) {
    fields = new Map(
      node.message.flatMap((field) => (field.proto === undefined ? [] : [[field.proto, field] as const])),
    )
    numbered.set(node, fields)
  }
  return fields
}

let depth = 0
/** What was made of this body so far. */
let made = { objects: 0, entries: 0, items: 0 }

function readObject(node: ObjectNode, bytes: Buffer): Json {
  if (depth >= depthLimit) throw new Error('proto: exceeded max depth')
  if (++made.objects > sizeLimits.objectsAndLists) throw tooMany('objectsAndLists')
  depth++
  try {
    return readFields(node, bytes)
  } finally {
    depth--
  }
}

function readFields(node: ObjectNode, bytes: Buffer): Json {
  const fields = fieldsByNumber(node)
  const object: Json = {}
  for (const { number, value } of new ProtobufReader(bytes)) {
    const field = fields.get(number)
    if (field === undefined) continue // a newer client's field: protobuf skips it, as Go does
    if ('embedded' in field) Object.assign(object, readObject(field.embedded, bytesOf(value)))
    else readField(field.node, object, field.name, value)
  }
  return object
}

function readField(node: SchemaNode, object: Json, name: string, value: Value): void {
  if (node.type === 'list') {
    const list = (object[name] ??= []) as unknown[]
    if (node.wrapped)
      for (const item of new ProtobufReader(bytesOf(value))) list.push(...readItems(node.element, item.value))
    else list.push(...readItems(node.element, value))
  } else if (node.type === 'map') {
    const map = (object[name] ??= {}) as Json
    if (node.wrapped)
      for (const entry of new ProtobufReader(bytesOf(value))) readEntry(node.value, map, bytesOf(entry.value))
    else readEntry(node.value, map, bytesOf(value))
  } else {
    object[name] = readValue(node, value)
  }
}

/** One element, or several numbers packed into one field. */
function readItems(element: SchemaNode, value: Value): unknown[] {
  if (++made.items > sizeLimits.values) throw tooMany('values')
  if (Buffer.isBuffer(value) && (element.type === 'int32' || element.type === 'int64')) {
    return new ProtobufReader(value).varints().map(Number)
  }
  return [readValue(element, value)]
}

/** A map's entry is a message: its key is field 1, its value field 2. */
function readEntry(node: SchemaNode, map: Json, bytes: Buffer): void {
  if (++made.entries > sizeLimits.keysOfAnObject) throw tooMany('keysOfAnObject')
  let key = ''
  const holder: Json = {}
  for (const { number, value } of new ProtobufReader(bytes)) {
    if (number === 1) key = bytesOf(value).toString()
    if (number === 2) readField(node, holder, 'value', value)
  }
  const value = holder['value'] ?? absentValue(node)
  if (value === undefined) return
  // Defined, not assigned: the key may be __proto__.
  Object.defineProperty(map, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}

/** What an entry without a value holds; a time has no zero. */
function absentValue(node: SchemaNode): unknown {
  if (node.type === 'list') return []
  return node.type === 'time' || node.type === 'microTime' ? undefined : ''
}

function readValue(node: SchemaNode, value: Value): unknown {
  switch (node.type) {
    case 'object':
      return readObject(node, bytesOf(value))
    case 'union':
      return readUnion(node, bytesOf(value))
    case 'list':
    case 'map': {
      const holder: Json = {}
      readField(node, holder, 'value', value)
      return holder['value']
    }
    default:
      return readScalar(node, value)
  }
}

/** The last alternative that is set wins: JSONSchemaPropsOrBool sends `allows` beside its schema. */
function readUnion(node: UnionNode, bytes: Buffer): unknown {
  let found: unknown
  let rank = -1
  for (const { number, value } of new ProtobufReader(bytes)) {
    const option = node.options.findIndex((one) => one.proto === number)
    const holder: Json = {}
    const chosen = node.options[option]
    if (chosen === undefined) continue
    if (chosen.node.type === 'list' && option === rank)
      (found as unknown[]).push(...readItems(chosen.node.element, value))
    else {
      readField(chosen.node, holder, 'value', value)
      const better = found === undefined || typeof found !== 'object'
      if (better) [found, rank] = [holder['value'], option]
    }
  }
  return found
}

function readScalar(node: ScalarNode, value: Value): unknown {
  switch (node.type) {
    case 'string':
      return bytesOf(value).toString()
    case 'bool':
      return numberOf(value) !== 0n
    case 'int32':
      return Number(BigInt.asIntN(32, numberOf(value)))
    case 'int64':
      return Number(BigInt.asIntN(64, numberOf(value)))
    case 'double':
      return bytesOf(value).readDoubleLE(0)
    case 'bytes':
      return bytesOf(value).toString('base64')
    case 'time':
    case 'microTime':
      return readTime(bytesOf(value), node.type === 'microTime')
    case 'duration':
      return formatGoDuration(BigInt.asIntN(64, numberOf(fieldOf(bytesOf(value), 1) ?? 0n)))
    case 'quantity':
      return bytesOf(fieldOf(bytesOf(value), 1) ?? Buffer.from('0')).toString()
    case 'intOrString':
      return readIntOrString(bytesOf(value))
    case 'rawExtension':
    case 'fieldsV1':
    case 'any':
      return readRaw(fieldOf(bytesOf(value), 1))
  }
}

/** Seconds and nanoseconds since the epoch; an empty message is Go's zero time, which is no time at all. */
// apimachinery/pkg/apis/meta/v1/time_proto.go Unmarshal
function readTime(bytes: Buffer, micro: boolean): string | undefined {
  if (bytes.length === 0) return undefined
  const seconds = BigInt.asIntN(64, numberOf(fieldOf(bytes, 1) ?? 0n))
  const nanoseconds = BigInt.asIntN(32, numberOf(fieldOf(bytes, 2) ?? 0n))
  const text = formatTime(Number(seconds) * 1000)
  return micro ? `${text.slice(0, -1)}.${String(nanoseconds / 1000n).padStart(6, '0')}Z` : text
}

/** Field 1 says which it is: 0 an integer (field 2), 1 a string (field 3). */
function readIntOrString(bytes: Buffer): number | string {
  const isString = numberOf(fieldOf(bytes, 1) ?? 0n) === 1n
  if (isString) return bytesOf(fieldOf(bytes, 3) ?? Buffer.alloc(0)).toString()
  return Number(BigInt.asIntN(32, numberOf(fieldOf(bytes, 2) ?? 0n)))
}

function readRaw(value: Value | undefined): unknown {
  const text = value === undefined ? '' : bytesOf(value).toString()
  return text === '' ? undefined : parseJson(text, false).value
}

function fieldOf(bytes: Buffer, wanted: number): Value | undefined {
  let found: Value | undefined
  for (const { number, value } of new ProtobufReader(bytes)) if (number === wanted) found = value
  return found
}

function bytesOf(value: Value): Buffer {
  if (Buffer.isBuffer(value)) return value
  throw new Error('proto: wrong wireType: a number where bytes belong')
}

function numberOf(value: Value): bigint {
  if (typeof value === 'bigint') return value
  throw new Error('proto: wrong wireType: bytes where a number belongs')
}
