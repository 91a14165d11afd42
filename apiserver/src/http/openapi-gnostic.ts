import { lengthDelimited } from '@kubets/shared/machinery/schema/protobuf-encode.ts'
import {
  any,
  anys,
  bytesOf,
  double,
  flag,
  inside,
  int,
  many,
  map,
  message,
  namedEntry,
  one,
  reversedList,
  string,
  tagged,
  text,
  texts,
  writeField,
  type Json,
  type Write,
} from './gnostic-messages.ts'

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
