import { badRequest } from '../errors.ts'
import { canonicalBase64, canonicalQuantity, canonicalTime, formatGoDuration, parseGoDuration } from './go-values.ts'
import type { ListNode, MapNode, ObjectNode, ScalarNode, SchemaNode, UnionNode } from './node.ts'
import { cannotRestore } from './unstructured.ts'
import { zeroOf, zeroOfField } from './zero.ts'

/** What a request asked for with fieldValidation. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface Decoded {
  object: Record<string, unknown>
  /** Strict decoding problems, e.g. `unknown field "spec.foo"`; empty when the mode is Ignore. */
  problems: string[]
}

type Json = Record<string, unknown>

/** Upstream stops counting at this many (sigs.k8s.io/json). */
const problemLimit = 100

/**
 * Gives `input` (a parsed JSON value, which is taken over and changed in place) the shape Go's decoding and
 * encoding would: unknown fields go, null is absent, zero values that Go leaves out go, those it cannot leave out
 * come, times and quantities are in canonical form.
 * Throws a 400 StatusError on a wrong type, and on any problem (`found` ones included) when the mode is Strict.
 */
export function decodeObject(
  node: ObjectNode,
  input: unknown,
  mode: FieldValidation,
  found: readonly string[] = [],
): Decoded {
  const handled = (reason: string): Error => badRequest(`${cannotHandle(node, input)}: ${reason}`)
  let decoded: Decoded
  try {
    decoded = decodeValue(node, input, mode, found)
  } catch (error) {
    if (error instanceof DecodeError) throw handled(error.message)
    throw error
  }
  const { problems } = decoded
  if (mode === 'Strict' && problems.length > 0) throw handled(`strict decoding error: ${problems.join(', ')}`)
  return decoded
}

/**
 * As decodeObject, for who has words of his own around it: a wrong type is a DecodeError as `source` tells it (Go's JSON
 * decoding, or upstream's conversion from a map), and problems are only told.
 */
export function decodeValue(
  node: ObjectNode,
  input: unknown,
  mode: FieldValidation,
  found: readonly string[] = [],
  source: 'json' | 'map' = 'json',
): Decoded {
  const decoder = new Decoder(mode !== 'Ignore', source)
  const object = decoder.value(node, input ?? {}) as Json
  return { object, problems: mode === 'Ignore' ? [] : [...found, ...decoder.problems] }
}

// apiserver/pkg/endpoints/handlers/rest.go transformDecodeError
function cannotHandle(node: ObjectNode, input: unknown): string {
  const kind = node.goType.slice(node.goType.indexOf('.') + 1)
  const given = typeof input === 'object' && input !== null ? (input as Json) : {}
  const apiVersion = typeof given['apiVersion'] === 'string' ? given['apiVersion'] : ''
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const givenKind = typeof given['kind'] === 'string' && given['kind'] !== '' ? given['kind'] : kind
  return `${givenKind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}`
}

/** A value is not of its field's type. */
export class DecodeError extends Error {}

class Decoder {
  readonly problems: string[] = []
  readonly #collect: boolean
  readonly #source: 'json' | 'map'
  /** Where we are: field names and list positions, joined only when something is wrong. */
  readonly #path: (string | number)[] = []
  #struct = ''

  constructor(collect: boolean, source: 'json' | 'map') {
    this.#collect = collect
    this.#source = source
  }

  value(node: SchemaNode, value: unknown): unknown {
    switch (node.type) {
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(node, value)
      case 'object':
        return this.#object(node, value)
      case 'list':
        return this.#list(node, value)
      case 'map':
        return this.#map(node, value)
      case 'union':
        return this.#union(node, value)
      case 'any':
        return value
      default:
        return this.#scalar(node, value)
    }
  }

  #object(node: ObjectNode, value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return node.structural ? value : this.#mismatch(node, value)
    const object = value as Json
    const outer = this.#struct
    const path = this.#path
    this.#struct = node.goType
    for (const key of Object.keys(object)) {
      const field = node.fields.get(key)
      if (field === undefined) {
        if (node.preserveUnknown) continue
        this.#unknown(key)
        delete object[key]
        continue
      }
      const given = object[key]
      if (given === null || given === undefined) {
        if (node.structural && given === null && field.name !== 'metadata') continue
        delete object[key]
        continue
      }
      path.push(key)
      const decoded = this.value(field.node, given)
      path.pop()
      if (field.dropZero && isZero(decoded)) delete object[key]
      else if (field.nullable && isZero(decoded)) object[key] = null
      else if (decoded !== given) object[key] = decoded
    }
    for (const field of node.filled) {
      if (object[field.name] === undefined) object[field.name] = zeroOfField(field)
    }
    this.#struct = outer
    return object
  }

  #list(node: ListNode, value: unknown): unknown {
    if (!Array.isArray(value)) return node.structural ? value : this.#mismatch(node, value)
    const list = value as unknown[]
    const element = node.element
    const keepNull = element.type === 'any' || node.structural
    let kept = 0
    for (let i = 0; i < list.length; i++) {
      const given = list[i]
      if (given === null && !keepNull) continue
      this.#path.push(i)
      list[kept++] = this.value(element, given)
      this.#path.pop()
    }
    list.length = kept
    return list
  }

  #map(node: MapNode, value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return node.structural ? value : this.#mismatch(node, value)
    const map = value as Json
    const element = node.value
    for (const key of Object.keys(map)) {
      const given = map[key]
      // what most long maps are of
      if (typeof given === 'string' && element.type === 'string') continue
      if (given === null && node.structural) continue
      this.#path.push(`\0${key}`)
      const decoded = given === null ? zeroOf(element) : this.value(element, given)
      this.#path.pop()
      if (decoded === given) continue
      if (decoded === undefined) delete map[key]
      // A plain assignment to __proto__ would change the prototype instead of the entry.
      else if (key === '__proto__') define(map, key, decoded)
      else map[key] = decoded
    }
    return map
  }

  #union(node: UnionNode, value: unknown): unknown {
    const shape = shapeOf(value)
    for (const option of node.options) {
      const type = option.node.type
      if ((shape === 'array' && type === 'list') || (shape === 'bool' && type === 'bool'))
        return this.value(option.node, value)
      if (shape === 'object' && type === 'object') return this.value(option.node, value)
    }
    return this.#mismatch(node, value)
  }

  #scalar(node: ScalarNode, value: unknown): unknown {
    switch (node.type) {
      case 'bool':
        return typeof value === 'boolean' ? value : this.#mismatch(node, value)
      case 'int32':
      case 'int64':
        if (typeof value !== 'number') return this.#mismatch(node, value)
        return Number.isInteger(value) && (node.type === 'int64' || (value | 0) === value)
          ? value
          : this.#mismatch(node, value, `number ${value}`)
      case 'double':
        return typeof value === 'number' ? value : this.#mismatch(node, value)
      case 'intOrString':
        if (typeof value === 'string') return value
        if (typeof value !== 'number')
          throw new DecodeError(`json: cannot unmarshal ${shapeOf(value)} into Go value of type int32`)
        if ((value | 0) !== value)
          throw new DecodeError(`json: cannot unmarshal number ${value} into Go value of type int32`)
        return value
      case 'rawExtension':
      case 'fieldsV1':
      case 'any':
        return value
      case 'quantity':
        if (typeof value !== 'string' && typeof value !== 'number') {
          return this.#convert(() => canonicalQuantity(JSON.stringify(value)))
        }
        return this.#convert(() => canonicalQuantity(value))
      default:
        if (typeof value !== 'string') {
          if (node.type === 'bytes') return this.#mismatch(node, value)
          throw new DecodeError(`json: cannot unmarshal ${shapeOf(value)} into Go value of type string`)
        }
        return this.#convert(() => canonicalText(node.type, value))
    }
  }

  #convert(canonical: () => string): string {
    try {
      return canonical()
    } catch (error) {
      throw new DecodeError(error instanceof Error ? error.message : String(error))
    }
  }

  // encoding/json UnmarshalTypeError.Error: field names alone make the path, list positions and map keys do not.
  #mismatch(node: SchemaNode, value: unknown, literal = shapeOf(value)): never {
    if (this.#source === 'map') throw new DecodeError(cannotRestore(node, value))
    const names = this.#path.filter((part): part is string => typeof part === 'string' && !part.startsWith('\0'))
    const struct = this.#struct.slice(this.#struct.indexOf('.') + 1)
    const into = names.length > 0 ? `struct field ${struct}.${names.join('.')}` : 'value'
    throw new DecodeError(`json: cannot unmarshal ${literal} into Go ${into} of type ${node.goType}`)
  }

  #unknown(key: string): void {
    if (!this.#collect || this.problems.length >= problemLimit) return
    let place = ''
    for (const part of this.#path) {
      if (typeof part === 'number') place += `[${part}]`
      else place += `${place === '' ? '' : '.'}${part.startsWith('\0') ? part.slice(1) : part}`
    }
    this.problems.push(`unknown field "${place === '' ? '' : `${place}.`}${key}"`)
  }
}

function canonicalText(type: string, text: string): string {
  if (type === 'bytes') return canonicalBase64(text)
  if (type === 'duration') return formatGoDuration(parseGoDuration(text))
  return canonicalTime(text, type === 'microTime')
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (value === null) return 'null'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false
  if (Array.isArray(value)) return value.length === 0
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}
