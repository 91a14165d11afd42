import { keepsUnknown, isIntOrString, type Schema } from '@kubets/shared/api/structural/schema.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'

/** The schemas inside a schema with what a function makes of each; what is no schema stays. */
function mapInner(schema: Schema, change: (inner: Schema) => Schema): Schema {
  const { properties, items, additionalProperties } = schema
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, change(one)])) }),
    ...(items === undefined || Array.isArray(items) ? {} : { items: change(items) }),
    ...(isObject(additionalProperties) ? { additionalProperties: change(additionalProperties as Schema) } : {}),
  }
}

const without = (schema: Schema, ...names: (keyof Schema)[]): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => !(names as string[]).includes(name)))

/** Written only where they are true. */
const flags: readonly (keyof Schema)[] = [
  'nullable',
  'uniqueItems',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
]

const untrue = (schema: Schema): (keyof Schema)[] => flags.filter((flag) => schema[flag] === false)

/** A definition's schema as OpenAPI v3 documents have it: what is an integer or a string says so in JSON schema's words too. */
// apiextensions-apiserver/pkg/apiserver/schema/unfold.go Unfold, kubeopenapi.go ToKubeOpenAPI
export function schemaInV3(schema: Schema): Schema {
  const plain = without(mapInner(schema, schemaInV3), ...untrue(schema))
  const { anyOf, allOf = [] } = plain
  if (!isIntOrString(plain) || isEither(anyOf) || isEither(allOf[0]?.anyOf)) return plain
  return anyOf === undefined ? { ...plain, anyOf: either } : { ...plain, allOf: [{ anyOf: either }, ...allOf] }
}

const either: Schema[] = [{ type: 'integer' }, { type: 'string' }]
const isEither = (schemas: readonly Schema[] | undefined): boolean => deepEqual(schemas, either)

/**
 * A schema in what v2 can say and kubectl can read: nothing of alternatives, and nothing of the fields of a value that may
 * be null or may have others.
 */
// apiextensions-apiserver/pkg/controller/openapi/v2/conversion.go ToStructuralOpenAPIV2
export function schemaInV2(schema: Schema): Schema {
  let result = without(schema, 'allOf', 'oneOf', 'anyOf', 'not', 'nullable', ...untrue(schema))
  if (schema.nullable) result = without(result, 'type')
  if (schema.nullable || keepsUnknown(schema)) result = without(result, 'items', 'properties')
  if (result.type === 'array' && result.items === undefined) result = without(result, 'type')
  if (result.type === 'object' && keepsUnknown(schema)) result = without(result, 'type')
  const required = requiredInV2(result)
  result = without(result, 'required')
  return mapInner(required.length > 0 ? { ...result, required } : result, schemaInV2)
}

/** v2 cannot say of a required field that it may be null. */
function requiredInV2({ required = [], properties = {}, additionalProperties }: Schema): string[] {
  if (isObject(additionalProperties) && (additionalProperties as Schema).nullable) return []
  return required.filter((name) => !(Object.hasOwn(properties, name) && properties[name]?.nullable))
}
