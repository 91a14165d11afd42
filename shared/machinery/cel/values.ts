import { EvalError } from './errors.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  objectType,
  optionalType,
  stringType,
  timestampType,
  typeName,
  typeType,
  uintType,
} from './types.ts'

/**
 * A value while an expression is evaluated: null, bool, int (bigint), uint, double (number), string, bytes, duration,
 * timestamp, list, map or struct, optional, type, or what a library brings.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Duration
  | Timestamp
  | ListValue
  | MapValue
  | Optional
  | TypeValue
  | OpaqueValue

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

export class Duration {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

export class Timestamp {
  /** Since 1970. */
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

export class Optional {
  /** undefined: none. */
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
  static readonly none: Optional = new Optional(undefined)
}

export class TypeValue {
  readonly type: CelType
  constructor(type: CelType) {
    this.type = type
  }
}

/** A list whose order means nothing: what tells an element from another (a set: the element; a map: its keys). */
export type ListIdentity = (element: Value) => string

export abstract class ListValue {
  abstract readonly size: number
  /** `index` is in range. */
  abstract at(index: number): Value
  /** How x-kubernetes-list-type says elements are told apart; undefined: by their place. */
  readonly identity: ListIdentity | undefined = undefined
}

/** A map or a struct. */
export abstract class MapValue {
  abstract readonly size: number
  /** undefined when there is no such key. */
  abstract get(key: Value): Value | undefined
  abstract keys(): Iterable<Value>
  /** What selecting the key gives: another value than `get` where keys that are not there stand for something. */
  select(key: Value): Value | undefined {
    return this.get(key)
  }
  /** The name of a struct's type; undefined for a map. */
  readonly structName: string | undefined = undefined
}

/** A value of which only its library knows the inside. */
export abstract class OpaqueValue {
  abstract readonly type: CelType
  abstract equals(other: OpaqueValue): boolean
  /** What `size` counts for costs; undefined: 1. */
  readonly costSize: number | undefined = undefined
}

/**
 * A list that knows its values. Appending to the longest list of a chain does not copy: the array behind is shared, and each
 * list keeps to its own length.
 */
export class ArrayList extends ListValue {
  readonly #items: Value[]
  readonly size: number

  constructor(items: Value[], size = items.length) {
    super()
    this.#items = items
    this.size = size
  }

  override at(index: number): Value {
    return this.#items[index] ?? null
  }

  /** A list with more values behind; gives also how many had to be copied. */
  append(more: ListValue): { list: ArrayList; copied: number } {
    const isLongest = this.#items.length === this.size
    const items = isLongest ? this.#items : this.#items.slice(0, this.size)
    for (let i = 0; i < more.size; i++) items.push(more.at(i))
    return { list: new ArrayList(items), copied: more.size + (isLongest ? 0 : this.size) }
  }
}

/** A map made by an expression; keys that are equal as numbers are one key. */
export class HashMap extends MapValue {
  readonly #entries = new Map<string, readonly [Value, Value]>()

  constructor(entries: Iterable<readonly [Value, Value]>) {
    super()
    for (const [key, value] of entries) this.#entries.set(mapKey(key), [key, value])
  }

  override get size(): number {
    return this.#entries.size
  }

  override get(key: Value): Value | undefined {
    return this.#entries.get(mapKey(key))?.[1]
  }

  override *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key
  }
}

/** What tells map keys apart. Throws EvalError for a value that cannot be a key. */
export function mapKey(key: Value): string {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'bigint') return `n${key}`
  if (key instanceof Uint) return `n${key.value}`
  if (typeof key === 'number' && Number.isInteger(key)) return `n${BigInt(key)}`
  if (typeof key === 'boolean') return `b${key}`
  if (typeof key === 'number') return `f${key}`
  throw new EvalError(`unsupported key type: ${typeName(typeOf(key))}`)
}

/** The type a value has now; what is in lists and maps is not looked at. */
export function typeOf(value: Value): CelType {
  if (typeof value === 'string') return stringType
  if (typeof value === 'bigint') return intType
  if (typeof value === 'boolean') return boolType
  if (typeof value === 'number') return doubleType
  if (value === null) return nullType
  if (value instanceof ListValue) return listType(dynType)
  if (value instanceof MapValue) {
    return value.structName === undefined ? mapType(dynType, dynType) : objectType(value.structName)
  }
  if (value instanceof Uint) return uintType
  if (value instanceof Uint8Array) return bytesType
  if (value instanceof Duration) return durationType
  if (value instanceof Timestamp) return timestampType
  if (value instanceof Optional) return optionalType(dynType)
  if (value instanceof TypeValue) return typeType(value.type)
  return value.type
}

/** How many code points a string has. */
export function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) count--
  return count
}

/** What `size()` says; undefined for what has no size. */
export function sizeOf(value: Value): number | undefined {
  if (typeof value === 'string') return codePoints(value)
  if (value instanceof ListValue || value instanceof MapValue) return value.size
  return value instanceof Uint8Array ? value.length : undefined
}

/** A struct that an expression made. */
export class StructValue extends MapValue {
  override readonly structName: string
  readonly fields: ReadonlyMap<string, Value>

  constructor(name: string, fields: ReadonlyMap<string, Value>) {
    super()
    this.structName = name
    this.fields = fields
  }

  override get size(): number {
    return this.fields.size
  }

  override get(key: Value): Value | undefined {
    return typeof key === 'string' ? this.fields.get(key) : undefined
  }

  override keys(): Iterable<Value> {
    return this.fields.keys()
  }
}
