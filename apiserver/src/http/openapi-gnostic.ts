import { BackwardWriter } from '@kubets/shared/machinery/schema/backward-writer.ts'
import { lengthDelimited } from '@kubets/shared/machinery/schema/protobuf-encode.ts'

type Json = Readonly<Record<string, unknown>>

/** Writes a value without tag and length. */
type Write = (writer: BackwardWriter, value: unknown) => void

interface Field {
  number: number
  /** Where the value stands in JSON. */
  name: string
  write: Write
  repeated?: boolean
  /** A number or a boolean: a varint of its own, without a length. */
  varint?: boolean
  double?: boolean
}

const string: Write = (writer, value) => writer.string(String(value))
/** A value of any kind as YAML; JSON is YAML. */
const any: Write = (writer, value) => tagged(writer, 2, JSON.stringify(value), string)

const text = (number: number, name: string): Field => ({ number, name, write: string })
const texts = (number: number, name: string): Field => ({ number, name, write: string, repeated: true })
const flag = (number: number, name: string): Field => ({ number, name, write: integer, varint: true })
const int = flag
const double = (number: number, name: string): Field => ({
  number,
  name,
  write: (writer, value) => writer.double(Number(value)),
  double: true,
})
const one = (number: number, name: string, write: Write): Field => ({ number, name, write })
const many = (number: number, name: string, write: Write): Field => ({ number, name, write, repeated: true })
const anys = (number: number, name: string): Field => many(number, name, any)

function integer(writer: BackwardWriter, value: unknown): void {
  writer.varint(Number(value))
}

function tagged(writer: BackwardWriter, number: number, value: unknown, write: Write): void {
  const before = writer.length
  write(writer, value)
  writer.varint(writer.length - before)
  writer.varint((number << 3) | 2)
}

function writeField(writer: BackwardWriter, field: Field, value: unknown): void {
  if (field.varint || field.double) {
    field.write(writer, value)
    writer.varint((field.number << 3) | (field.double ? 1 : 0))
  } else tagged(writer, field.number, value, field.write)
}

/** proto3: what is empty is not written. `extensions`: the field that takes the keys that begin with x-. */
function message(extensions: number, ...fields: Field[]): Write {
  const sorted = fields.sort((a, b) => b.number - a.number)
  return (writer, value) => {
    const object = value as Json
    let told = extensions === 0
    for (const field of sorted) {
      if (!told && field.number < extensions) told = (writeExtensions(writer, extensions, object), true)
      const given = object[field.name]
      if (given === undefined || given === '' || given === 0 || given === false) continue
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
const namedEntry =
  (write: Write): Write =>
  (writer, entry) => {
    const [name, value] = entry as [string, unknown]
    tagged(writer, 2, value, write)
    tagged(writer, 1, name, string)
  }

/** A message that holds a map as repeated entries. */
const map =
  (write: Write, number = 1, wanted: (key: string) => boolean = () => true): Write =>
  (writer, value) => {
    const entries = Object.entries(value as Json).filter(([key]) => wanted(key))
    for (const entry of entries.reverse()) tagged(writer, number, entry, namedEntry(write))
  }

/** A message around another, as protobuf has it for alternatives. */
const inside =
  (number: number, write: Write): Write =>
  (writer, value) =>
    tagged(writer, number, value, write)

const reversedList =
  (number: number, write: Write): Write =>
  (writer, value) => {
    const list = Array.isArray(value) ? (value as unknown[]) : [value]
    for (const item of [...list].reverse()) tagged(writer, number, item, write)
  }

// github.com/google/gnostic-models openapiv2/OpenAPIv2.proto: the messages that our documents are made of
const schema: Write = (writer, value) => schemaMessage(writer, value)

const additionalProperties: Write = (writer, value) => {
  if (typeof value === 'boolean') writeField(writer, flag(2, ''), value)
  else tagged(writer, 1, value, schema)
}

const schemaMessage = message(
  31,
  text(1, '$ref'),
  text(2, 'format'),
  text(3, 'title'),
  text(4, 'description'),
  one(5, 'default', any),
  double(6, 'multipleOf'),
  double(7, 'maximum'),
  flag(8, 'exclusiveMaximum'),
  double(9, 'minimum'),
  flag(10, 'exclusiveMinimum'),
  int(11, 'maxLength'),
  int(12, 'minLength'),
  text(13, 'pattern'),
  int(14, 'maxItems'),
  int(15, 'minItems'),
  flag(16, 'uniqueItems'),
  int(17, 'maxProperties'),
  int(18, 'minProperties'),
  texts(19, 'required'),
  anys(20, 'enum'),
  one(21, 'additionalProperties', additionalProperties),
  one(22, 'type', reversedList(1, string)),
  one(23, 'items', reversedList(1, schema)),
  many(24, 'allOf', schema),
  one(25, 'properties', map(schema)),
)

const bodyParameter = message(
  6,
  text(1, 'description'),
  text(2, 'name'),
  text(3, 'in'),
  flag(4, 'required'),
  one(5, 'schema', schema),
)
/** Query parameters have one field more than those of the path, in the middle. */
const queryParameter = message(
  23,
  flag(1, 'required'),
  text(2, 'in'),
  text(3, 'description'),
  text(4, 'name'),
  text(6, 'type'),
  flag(20, 'uniqueItems'),
)
const pathParameter = message(
  22,
  flag(1, 'required'),
  text(2, 'in'),
  text(3, 'description'),
  text(4, 'name'),
  text(5, 'type'),
  flag(19, 'uniqueItems'),
)

/** ParametersItem → Parameter → BodyParameter or NonBodyParameter → the one of its place. */
const parameter: Write = (writer, value) => {
  const where = (value as Json)['in']
  const chosen: Write =
    where === 'body'
      ? inside(1, bodyParameter)
      : inside(2, where === 'path' ? inside(4, pathParameter) : inside(3, queryParameter))
  tagged(writer, 1, value, chosen)
}

/** SchemaItem → Schema. */
const response = message(5, text(1, 'description'), one(2, 'schema', inside(1, schema)))
const operation = message(
  13,
  texts(1, 'tags'),
  text(2, 'summary'),
  text(3, 'description'),
  text(5, 'operationId'),
  texts(6, 'produces'),
  texts(7, 'consumes'),
  many(8, 'parameters', parameter),
  one(9, 'responses', map(inside(1, response))),
  texts(10, 'schemes'),
)
const pathItem = message(
  10,
  one(2, 'get', operation),
  one(3, 'put', operation),
  one(4, 'post', operation),
  one(5, 'delete', operation),
  one(6, 'options', operation),
  one(7, 'head', operation),
  one(8, 'patch', operation),
  many(9, 'parameters', parameter),
)
const info = message(7, text(1, 'title'), text(2, 'version'))
const apiKey = message(5, text(1, 'type'), text(2, 'name'), text(3, 'in'), text(4, 'description'))
const head = message(
  16,
  text(1, 'swagger'),
  one(2, 'info', info),
  many(12, 'security', map(reversedList(1, string))),
  one(13, 'securityDefinitions', map(inside(2, apiKey))),
)

const shared = new BackwardWriter()

function bytesOf(value: unknown, write: Write): Buffer {
  try {
    write(shared, value)
    return shared.take()
  } catch (error) {
    shared.reset()
    throw error
  }
}

/** One entry of a v2 document's paths, ready to be joined with others. */
export const pathEntry = (path: string, item: Json): Buffer => bytesOf([path, item], inside(2, namedEntry(pathItem)))

/** One entry of its definitions. */
export const definitionEntry = (name: string, definition: Json): Buffer =>
  bytesOf([name, definition], inside(1, namedEntry(schema)))

/** The document, of entries made before. Fields of protobuf may come in any order, so paths and definitions come last. */
export function gnosticDocument(document: Json, paths: readonly Buffer[], definitions: readonly Buffer[]): Buffer {
  const start = bytesOf(document, head)
  return Buffer.concat([start, ...joined(8, paths), ...joined(9, definitions)])
}

function joined(number: number, parts: readonly Buffer[]): Buffer[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return [lengthDelimited(number, length), ...parts]
}
