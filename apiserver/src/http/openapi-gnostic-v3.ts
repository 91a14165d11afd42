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
  one,
  oneOf,
  string,
  tagged,
  text,
  texts,
  writeField,
  type Json,
  type Write,
} from './gnostic-messages.ts'

// github.com/google/gnostic-models openapiv3/OpenAPIv3.proto: the messages that our documents are made of

const reference = message(0, text(1, '$ref'))

/** SchemaOrReference. */
const schema: Write = (writer, value) => {
  const isReference = (value as Json)['$ref'] !== undefined
  tagged(writer, isReference ? 2 : 1, value, isReference ? reference : plainSchema)
}

const additionalProperties: Write = (writer, value) => {
  if (typeof value === 'boolean') writeField(writer, flag(2, ''), value)
  else tagged(writer, 1, value, schema)
}

/** Objects and lists have no form here: gnostic-models leaves the message empty for them. */
const defaultValue: Write = (writer, value) => {
  if (typeof value === 'number') writeField(writer, double(1, ''), value)
  else if (typeof value === 'boolean') writeField(writer, flag(2, ''), value)
  else if (typeof value === 'string') tagged(writer, 3, value, string)
}

const plainSchema: Write = (writer, value) => schemaMessage(writer, value)

const schemaMessage = message(
  36,
  flag(1, 'nullable'),
  flag(3, 'readOnly'),
  flag(4, 'writeOnly'),
  one(7, 'example', any),
  flag(8, 'deprecated'),
  text(9, 'title'),
  double(10, 'multipleOf'),
  double(11, 'maximum'),
  flag(12, 'exclusiveMaximum'),
  double(13, 'minimum'),
  flag(14, 'exclusiveMinimum'),
  int(15, 'maxLength'),
  int(16, 'minLength'),
  text(17, 'pattern'),
  int(18, 'maxItems'),
  int(19, 'minItems'),
  flag(20, 'uniqueItems'),
  int(21, 'maxProperties'),
  int(22, 'minProperties'),
  texts(23, 'required'),
  anys(24, 'enum'),
  text(25, 'type'),
  many(26, 'allOf', schema),
  many(27, 'oneOf', schema),
  many(28, 'anyOf', schema),
  one(29, 'not', plainSchema),
  one(30, 'items', inside(1, schema)),
  one(31, 'properties', map(schema)),
  oneOf(32, 'additionalProperties', additionalProperties),
  oneOf(33, 'default', defaultValue),
  text(34, 'description'),
  text(35, 'format'),
)

const parameter = inside(
  1,
  message(14, text(1, 'name'), text(2, 'in'), text(3, 'description'), flag(4, 'required'), one(10, 'schema', schema)),
)
const content = map(message(5, one(1, 'schema', schema)))
const requestBody = inside(1, message(4, text(1, 'description'), one(2, 'content', content), flag(3, 'required')))
const response = inside(1, message(5, text(1, 'description'), one(3, 'content', content)))
const operation = message(
  13,
  texts(1, 'tags'),
  text(2, 'summary'),
  text(3, 'description'),
  text(5, 'operationId'),
  many(6, 'parameters', parameter),
  one(7, 'requestBody', requestBody),
  one(8, 'responses', map(response, 2)),
  flag(10, 'deprecated'),
)
const pathItem = message(
  14,
  text(2, 'summary'),
  text(3, 'description'),
  one(4, 'get', operation),
  one(5, 'put', operation),
  one(6, 'post', operation),
  one(7, 'delete', operation),
  one(8, 'options', operation),
  one(9, 'head', operation),
  one(10, 'patch', operation),
  many(13, 'parameters', parameter),
)
const securityScheme = message(9, text(1, 'type'), text(2, 'description'), text(3, 'name'), text(4, 'in'))
const document = message(
  9,
  text(1, 'openapi'),
  one(2, 'info', message(7, text(1, 'title'), text(6, 'version'))),
  one(4, 'paths', map(pathItem)),
  one(
    5,
    'components',
    message(10, one(1, 'schemas', map(schema)), one(7, 'securitySchemes', map(inside(1, securityScheme)))),
  ),
)

/** An OpenAPI v3 document as protobuf. */
export const gnosticDocumentV3 = (value: Json): Buffer => bytesOf(value, document)
