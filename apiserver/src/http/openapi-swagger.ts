type Json = Record<string, unknown>

/** Named schemas whose v3 form says more than v2 can. */
const plainForms: Readonly<Record<string, Json>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
}

/** What v2 has no words for, and the defaults, which upstream leaves out there. */
// kube-openapi/pkg/handler/default_pruning.go, apiextensions-apiserver/pkg/controller/openapi/v2/conversion.go
const dropped = new Set(['default', 'nullable', 'oneOf', 'anyOf', 'not'])

/** A component of an OpenAPI v3 document as a definition of v2. */
export function definitionOf(name: string, component: Json): Json {
  const { description } = component
  const plain = plainForms[name]
  return plain === undefined ? schemaOf(component) : { ...(description === undefined ? {} : { description }), ...plain }
}

function schemaOf(schema: Json): Json {
  const result: Json = {}
  for (const [key, value] of Object.entries(schema)) {
    if (dropped.has(key)) continue
    if (key === '$ref') result[key] = referenceOf(value)
    else if (key === 'allOf') Object.assign(result, allOf(value as Json[]))
    else if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object'))
      result[key] = schemaOf(value as Json)
    else if (key === 'properties')
      result[key] = Object.fromEntries(Object.entries(value as Json).map(([one, it]) => [one, schemaOf(it as Json)]))
    else result[key] = value
  }
  return result
}

/** v3 wraps a reference that has something beside it; v2 does not. */
function allOf(schemas: readonly Json[]): Json {
  const [only, ...more] = schemas
  return only !== undefined && more.length === 0 ? schemaOf(only) : { allOf: schemas.map(schemaOf) }
}

const referenceOf = (reference: unknown): string => String(reference).replace('#/components/schemas/', '#/definitions/')

/** A path item of an OpenAPI v3 document in the words of v2. */
export function pathItemOf(item: Json): Json {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) =>
      key === 'parameters' ? [key, (value as Json[]).map(parameterOf)] : [key, operationOf(value as Json)],
    ),
  )
}

interface Body {
  required?: boolean
  content: Record<string, { schema: Json }>
}

function operationOf({ parameters = [], requestBody, responses, ...rest }: Json): Json {
  const body = requestBody as Body | undefined
  const answers = responses as Record<string, { description: string; content?: Body['content'] }>
  const all = (parameters as Json[]).map(parameterOf)
  if (body !== undefined) {
    const schema = schemaOf(Object.values(body.content)[0]?.schema ?? {})
    all.unshift({ name: 'body', in: 'body', ...(body.required ? { required: true } : {}), schema })
  }
  return {
    ...rest,
    schemes: ['https'],
    consumes: Object.keys(body?.content ?? { '*/*': 1 }),
    produces: Object.keys(answers['200']?.content ?? {}),
    ...(all.length > 0 ? { parameters: all } : {}),
    responses: Object.fromEntries(
      Object.entries(answers).map(([code, { description, content }]) => {
        const schema = Object.values(content ?? {})[0]?.schema
        return [code, { description, ...(schema === undefined ? {} : { schema: schemaOf(schema) }) }]
      }),
    ),
  }
}

const parameterOf = ({ schema, ...rest }: Json): Json => ({ ...rest, ...(schema as Json) })

/** All of a v2 document but its paths and definitions. */
export const swaggerHead = (version: string): Json => ({
  swagger: '2.0',
  info: { title: 'Kubernetes', version },
  securityDefinitions: {
    BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
  },
  security: [{ BearerToken: [] }],
})
