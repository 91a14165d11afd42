import type { Decl } from './decl.ts'
import { parseDuration, parseTimestamp } from './library/time-text.ts'
import { EvalError } from './errors.ts'
import {
  Duration,
  type ListIdentity,
  ListValue,
  MapValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './values.ts'
import { toText } from './library/conversions.ts'

/**
 * A JSON value for an expression to look at; parts are only turned when they are looked at. Without a declaration whole
 * numbers are int, others double, and strings are strings. Throws EvalError for what its declaration does not allow.
 */
export function toValue(native: unknown, decl?: Decl): Value {
  if (native === null || native === undefined) return null
  switch (typeof native) {
    case 'string':
      return decl?.format === undefined ? native : formatted(native, decl.format)
    case 'boolean':
    case 'bigint':
      return native
    case 'number':
      return Number.isInteger(native) && decl?.type.kind !== 'double' ? BigInt(native) : native
    case 'object':
      if (Array.isArray(native)) return new NativeList(native, decl)
      if (decl?.fields) return new NativeStruct(native as Record<string, unknown>, decl)
      return new NativeMap(native as Record<string, unknown>, decl?.element)
    default:
      throw new EvalError(`unsupported value type: ${typeof native}`)
  }
}

function formatted(text: string, format: NonNullable<Decl['format']>): Value {
  switch (format) {
    case 'bytes':
      return new Uint8Array(Buffer.from(text, 'base64'))
    case 'duration': {
      const ns = parseDuration(text)
      if (ns === undefined) throw new EvalError(`Invalid duration ${text}`)
      return new Duration(ns)
    }
    default: {
      const ns = parseTimestamp(format === 'date' ? `${text}T00:00:00Z` : text)
      if (ns === undefined) throw new EvalError(`Invalid date-time ${text}`)
      return new Timestamp(ns)
    }
  }
}

class NativeList extends ListValue {
  readonly #items: readonly unknown[]
  readonly #element: Decl | undefined
  override readonly identity: ListIdentity | undefined

  constructor(items: readonly unknown[], decl: Decl | undefined) {
    super()
    this.#items = items
    this.#element = decl?.element
    this.identity = identityOf(decl)
  }

  override get size(): number {
    return this.#items.length
  }

  override at(index: number): Value {
    return toValue(this.#items[index], this.#element)
  }
}

function identityOf(decl: Decl | undefined): ListIdentity | undefined {
  const list = decl?.list
  if (list === undefined) return undefined
  if (list.kind === 'set') return (element) => JSON.stringify(toJson(element))
  return (element) => {
    const own = (key: string): unknown => (element instanceof MapValue ? toJson(element.get(key) ?? null) : null)
    return JSON.stringify(list.keys.map(own))
  }
}

class NativeMap extends MapValue {
  readonly #entries: Readonly<Record<string, unknown>>
  readonly #element: Decl | undefined
  #keys: string[] | undefined

  constructor(entries: Readonly<Record<string, unknown>>, element: Decl | undefined) {
    super()
    this.#entries = entries
    this.#element = element
  }

  override get size(): number {
    return this.#known.length
  }

  get #known(): string[] {
    this.#keys ??= Object.keys(this.#entries).filter((key) => this.#entries[key] !== undefined)
    return this.#keys
  }

  override get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#entries, key)) return undefined
    const native = this.#entries[key]
    return native === undefined ? undefined : toValue(native, this.#element)
  }

  override keys(): Iterable<Value> {
    return this.#known
  }
}

class NativeStruct extends MapValue {
  override readonly structName: string
  readonly #object: Readonly<Record<string, unknown>>
  readonly #decl: Decl

  constructor(object: Readonly<Record<string, unknown>>, decl: Decl) {
    super()
    this.#object = object
    this.#decl = decl
    this.structName = decl.type.kind === 'object' ? decl.type.name : ''
  }

  override get size(): number {
    return Array.from(this.keys()).length
  }

  override get(key: Value): Value | undefined {
    const field = typeof key === 'string' ? this.#decl.fields?.get(key) : undefined
    if (field === undefined || !Object.hasOwn(this.#object, field.name)) return undefined
    const native = this.#object[field.name]
    return native === undefined ? undefined : toValue(native, field.decl)
  }

  override *keys(): Iterable<Value> {
    for (const [name, field] of this.#decl.fields ?? []) if (Object.hasOwn(this.#object, field.name)) yield name
  }
}

const maxDepth = 200

/** A value as JSON. Throws EvalError for what has no JSON form. */
export function toJson(value: Value, depth = 0): unknown {
  if (depth > maxDepth) throw new EvalError('value nests too deeply')
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value, depth + 1)
  if (value instanceof ListValue) return Array.from({ length: value.size }, (_, i) => toJson(value.at(i), depth + 1))
  if (value instanceof MapValue) {
    const entries = Array.from(value.keys(), (key): [string, unknown] => {
      if (typeof key !== 'string') throw new EvalError('a map with keys other than strings has no JSON form')
      return [key, toJson(value.get(key) ?? null, depth + 1)]
    })
    return Object.fromEntries(entries)
  }
  const text = value instanceof TypeValue ? undefined : toText(value)
  if (text === undefined) throw new EvalError('the value has no JSON form')
  return text
}
