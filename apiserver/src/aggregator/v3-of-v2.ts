import { isObject, type Json } from '@kubets/shared/machinery/patch/json-object.ts'

/**
 * The OpenAPI v3 document that says what a v2 document says, as far as that goes. What is not as a v2 document has it is
 * left out.
 */
// kube-openapi/pkg/openapiconv/convert.go ConvertV2ToV3
export function v3OfV2(document: Json): Json {
  const { info, externalDocs, paths, securityDefinitions, definitions, responses, produces } = document
  return whole({
    openapi: '3.0.0',
    info: isObject(info) ? info : {},
    externalDocs,
    paths: eachOf(paths, pathItem) ?? {},
    components: whole({
      schemas: eachOf(definitions, schema),
      securitySchemes: eachOf(securityDefinitions, securityScheme),
      responses: eachOf(responses, (one) => response(one, produces)),
    }),
  })
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']

/** Without what is undefined. */
const whole = (value: Json): Json => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))

/** The entries that are objects, each converted; undefined where there is no map. */
function eachOf(map: unknown, convert: (value: Json) => unknown): Json | undefined {
  if (!isObject(map)) return undefined
  const entries = Object.entries(map).filter((entry): entry is [string, Json] => isObject(entry[1]))
  return Object.fromEntries(entries.map(([key, value]) => [key, convert(value)]))
}

const objectsIn = (list: unknown): Json[] => (Array.isArray(list) ? list.filter(isObject) : [])
const textsIn = (list: unknown): string[] =>
  Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []

const extensions = (value: Json): Json =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key.startsWith('x-')))

const moved = (reference: unknown, from: string, to: string): unknown =>
  typeof reference === 'string' ? reference.replace(from, to) : undefined

function pathItem(item: Json): Json {
  const operations = methods.flatMap((method) => {
    const one = item[method]
    return isObject(one) ? [[method, operation(one)] as const] : []
  })
  const parameters = objectsIn(item['parameters']).map(parameter)
  return whole({
    ...extensions(item),
    $ref: item['$ref'],
    ...Object.fromEntries(operations),
    parameters: parameters.length > 0 ? parameters : undefined,
  })
}

function operation(from: Json): Json {
  const { tags, summary, description, externalDocs, operationId, deprecated, consumes, produces } = from
  const all = objectsIn(from['parameters'])
  const body = all.findLast((one) => one['name'] === 'body' && isObject(one['schema']))
  const parameters = all.filter((one) => one['name'] !== 'body' || !isObject(one['schema'])).map(parameter)
  const answers = isObject(from['responses']) ? from['responses'] : {}
  return whole({
    ...extensions(from),
    tags,
    summary,
    description,
    externalDocs,
    operationId,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: body && whole({ content: contentOf(body['schema'], consumes) }),
    responses: { ...extensions(answers), ...eachOf(answers, (one) => response(one, produces)) },
    deprecated,
  })
}

/** A schema under each media type; undefined where none is named. */
function contentOf(given: unknown, types: unknown): Json | undefined {
  if (!Array.isArray(types) || !isObject(given)) return undefined
  return Object.fromEntries(textsIn(types).map((type) => [type, { schema: schema(given) }]))
}

function response(from: Json, produces: unknown): Json {
  return whole({
    ...extensions(from),
    $ref: moved(from['$ref'], '#/responses/', '#/components/responses/'),
    description: from['description'],
    content: contentOf(from['schema'], produces),
  })
}

function parameter(from: Json): Json {
  const { name, description, required, allowEmptyValue, type, format, uniqueItems } = from
  return whole({
    ...extensions(from),
    $ref: moved(from['$ref'], '#/parameters/', '#/components/parameters/'),
    name,
    in: from['in'],
    description,
    required,
    allowEmptyValue,
    schema: isObject(from['schema']) ? schema(from['schema']) : whole({ type, format, uniqueItems }),
  })
}

function securityScheme(from: Json): Json {
  const { type, description, name, flow, authorizationUrl, tokenUrl, scopes } = from
  const flows = typeof flow === 'string' ? { [flow]: whole({ authorizationUrl, tokenUrl, scopes }) } : undefined
  return whole({ ...extensions(from), type, description, name, in: from['in'], flows })
}

/** Fields of a schema that hold one, a list of them, or a map of them. */
const inner: Readonly<Record<string, (value: unknown) => unknown>> = {
  properties: (map) => eachOf(map, schema) ?? map,
  items: schemas,
  additionalProperties: schemas,
  additionalItems: schemas,
  allOf: schemas,
}

function schemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(schemas)
  return isObject(value) ? schema(value) : value
}

/** A reference stands alone in v3: what is beside it goes around it. */
// kube-openapi/pkg/builder3/util/util.go WrapRefs
function schema(from: Json): Json {
  const entries = Object.entries(from).map(([key, value]) => [key, inner[key]?.(value) ?? value] as const)
  const { $ref, ...rest } = Object.fromEntries(entries)
  const reference = moved($ref, '#/definitions/', '#/components/schemas/')
  if (reference === undefined) return rest
  return Object.keys(rest).length === 0 ? { $ref: reference } : { ...rest, allOf: [{ $ref: reference }] }
}
