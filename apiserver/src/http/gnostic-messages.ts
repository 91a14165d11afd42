import { BackwardWriter } from '@kubets/shared/machinery/schema/backward-writer.ts'

// What the protobuf forms of OpenAPI documents are made of, in either version.

export type Json = Readonly<Record<string, unknown>>

/** Writes a value without tag and length. */
export type Write = (writer: BackwardWriter, value: unknown) => void

export interface Field {
  number: number
  /** Where the value stands in JSON. */
  name: string
  write: Write
  repeated?: boolean
  /** A number or a boolean: a varint of its own, without a length. */
  varint?: boolean
  double?: boolean
  /** It is there even when it is empty, as one of several alternatives is. */
  present?: boolean
}

export const string: Write = (writer, value) => writer.string(String(value))
/** A value of any kind as YAML; JSON is YAML. */
export const any: Write = (writer, value) => tagged(writer, 2, JSON.stringify(value), string)

export const text = (number: number, name: string): Field => ({ number, name, write: string })
export const texts = (number: number, name: string): Field => ({ number, name, write: string, repeated: true })
export const flag = (number: number, name: string): Field => ({ number, name, write: integer, varint: true })
export const int = (number: number, name: string): Field => flag(number, name)
export const double = (number: number, name: string): Field => ({
  number,
  name,
  write: (writer, value) => writer.double(Number(value)),
  double: true,
})
export const one = (number: number, name: string, write: Write): Field => ({ number, name, write })
/** One of several alternatives: written even where it is zero. */
export const oneOf = (number: number, name: string, write: Write): Field => ({ number, name, write, present: true })
export const many = (number: number, name: string, write: Write): Field => ({ number, name, write, repeated: true })
export const anys = (number: number, name: string): Field => many(number, name, any)

function integer(writer: BackwardWriter, value: unknown): void {
  writer.varint(Number(value))
}

export function tagged(writer: BackwardWriter, number: number, value: unknown, write: Write): void {
  const before = writer.length
  write(writer, value)
  writer.varint(writer.length - before)
  writer.varint((number << 3) | 2)
}

export function writeField(writer: BackwardWriter, field: Field, value: unknown): void {
  if (field.varint || field.double) {
    field.write(writer, value)
    writer.varint((field.number << 3) | (field.double ? 1 : 0))
  } else tagged(writer, field.number, value, field.write)
}

/** proto3: what is empty is not written. `extensions`: the field that takes the keys that begin with x-. */
export function message(extensions: number, ...fields: Field[]): Write {
  const sorted = fields.sort((a, b) => b.number - a.number)
  return (writer, value) => {
    const object = value as Json
    let told = extensions === 0
    for (const field of sorted) {
      if (!told && field.number < extensions) told = (writeExtensions(writer, extensions, object), true)
      const given = object[field.name]
      if (given === undefined) continue
      if (!field.present && (given === '' || given === 0 || given === false)) continue
      if (!field.repeated) writeField(writer, field, given)
      else for (const item of [...(given as unknown[])].reverse()) writeField(writer, field, item)
    }
    if (!told) writeExtensions(writer, extensions, object)
  }
}

function writeExtensions(writer: BackwardWriter, number: number, object: Json): void {
  const given = Object.keys(object).filter((key) => key.startsWith('x-'))
  for (const key of given.reverse()) tagged(writer, number, [key, object[key]], namedEntry(any))
}

/** A map's entry: name (1) and value (2). */
export const namedEntry =
  (write: Write): Write =>
  (writer, entry) => {
    const [name, value] = entry as [string, unknown]
    tagged(writer, 2, value, write)
    tagged(writer, 1, name, string)
  }

/** A message that holds a map as repeated entries. */
export const map =
  (write: Write, number = 1, wanted: (key: string) => boolean = () => true): Write =>
  (writer, value) => {
    const entries = Object.entries(value as Json).filter(([key]) => wanted(key))
    for (const entry of entries.reverse()) tagged(writer, number, entry, namedEntry(write))
  }

/** A message around another, as protobuf has it for alternatives. */
export const inside =
  (number: number, write: Write): Write =>
  (writer, value) =>
    tagged(writer, number, value, write)

export const reversedList =
  (number: number, write: Write): Write =>
  (writer, value) => {
    const list = Array.isArray(value) ? (value as unknown[]) : [value]
    for (const item of [...list].reverse()) tagged(writer, number, item, write)
  }

const shared = new BackwardWriter()

export function bytesOf(value: unknown, write: Write): Buffer {
  try {
    write(shared, value)
    return shared.take()
  } catch (error) {
    shared.reset()
    throw error
  }
}
