import type { Describe } from '@kubets/shared/api/descriptions.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import { componentName } from '@kubets/shared/api/structural/node.ts'
import { isEmbedded, keepsUnknown, type Schema } from '@kubets/shared/api/structural/schema.ts'
import type { OpenApiSchema } from '@kubets/shared/machinery/schema/openapi.ts'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'
import { schemaInV2, schemaInV3 } from './openapi-structural.ts'

export type OpenApiVersion = 'v2' | 'v3'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const objectMeta = `${meta}.ObjectMeta`
const listMeta = `${meta}.ListMeta`

const conventions = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'

const reference = (name: string): OpenApiSchema => ({ $ref: `#/components/schemas/${name}` })

/** OpenAPI 3.0 has a $ref alone in its object. */
const described = (name: string, description: string): OpenApiSchema => ({ description, allOf: [reference(name)] })

// the descriptions are those of apimachinery/pkg/apis/meta/v1 PartialObjectMetadata and PartialObjectMetadataList
const metadataOfObjects = described(objectMeta, `Standard object's metadata. More info: ${conventions}#metadata`)
const metadataOfLists = described(listMeta, `Standard list metadata. More info: ${conventions}#types-kinds`)

/** The component of what an operation speaks: of a custom kind's own, or of the generated ones; undefined when there is none. */
export function componentOf(
  { group, version, kind }: { group: string; version: string; kind: string },
  { group: ownGroup, version: ownVersion, schema }: Kind,
): string | undefined {
  const custom = schema !== undefined && group === ownGroup && version === ownVersion
  return custom ? componentName(group, version, kind) : findSchema(group, version, kind)?.name
}

/**
 * The components of a custom kind and of its list, in the syntax of v3 whatever the version. What they refer to are
 * ObjectMeta and ListMeta.
 */
// apiextensions-apiserver/pkg/controller/openapi/builder/builder.go buildKubeNative, buildListSchema
export function customComponents(
  kind: Kind,
  describe: Describe,
  openApiVersion: OpenApiVersion,
): Record<string, OpenApiSchema> {
  const { group, version, listKind, plural } = kind
  const name = componentName(group, version, kind.kind)
  const typeMeta = typeFields(describe)
  const fields = Object.keys(kind.selectableFields ?? {})
  const selectable =
    fields.length > 0 ? { 'x-kubernetes-selectable-fields': fields.map((fieldPath) => ({ fieldPath })) } : {}
  const saysWhat = (kindName: string): OpenApiSchema => ({
    'x-kubernetes-group-version-kind': [{ group, version, kind: kindName }],
    ...selectable,
  })
  return {
    [name]: { ...objectSchema(kind, describe, openApiVersion), ...saysWhat(kind.kind) },
    [componentName(group, version, listKind)]: {
      description: `${listKind} is a list of ${kind.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...typeMeta,
        items: { description: `List of ${plural}. More info: ${conventions}`, type: 'array', items: reference(name) },
        metadata: metadataOfLists,
      },
      ...saysWhat(listKind),
    },
  }
}

function objectSchema({ openApi }: Kind, describe: Describe, openApiVersion: OpenApiVersion): OpenApiSchema {
  const inV2 = openApiVersion === 'v2'
  const given = openApi as Schema | undefined
  // where kubectl finds properties in v2 it takes all others for errors
  if (given === undefined || (inV2 && keepsUnknown(given))) return { type: 'object' }
  const schema = (inV2 ? schemaInV2(given) : schemaInV3(given)) as OpenApiSchema
  withEmbedded(schema, inV2)
  return { ...schema, properties: { ...(schema['properties'] as object | undefined), ...resourceFields(describe) } }
}

function typeFields(describe: Describe): Record<string, OpenApiSchema> {
  const text = (field: string): OpenApiSchema => {
    const description = describe(`${meta}.Status`, field)
    return { ...(description ? { description } : {}), type: 'string' }
  }
  return { apiVersion: text('apiVersion'), kind: text('kind') }
}

const resourceFields = (describe: Describe): Record<string, OpenApiSchema> => ({
  ...typeFields(describe),
  metadata: metadataOfObjects,
})

const ofEmbedded: Record<string, OpenApiSchema> = {
  apiVersion: {
    description: `apiVersion defines the versioned schema of this representation of an object. More info: ${conventions}#resources`,
    type: 'string',
  },
  kind: {
    description: `kind is a string value representing the type of this object. In CamelCase. More info: ${conventions}#types-kinds`,
    type: 'string',
  },
  metadata: metadataOfObjects,
}

/** Gives resources inside a resource the fields that every one has, in place. */
// addEmbeddedProperties
function withEmbedded(schema: OpenApiSchema, inV2: boolean): void {
  const { properties, items, additionalProperties } = schema
  if (isObject(properties))
    for (const property of Object.values(properties)) if (isObject(property)) withEmbedded(property, inV2)
  if (isObject(items)) withEmbedded(items, inV2)
  if (isObject(additionalProperties)) withEmbedded(additionalProperties, inV2)
  if (!isEmbedded(schema) || (inV2 && keepsUnknown(schema))) return
  schema['properties'] = { ...(isObject(properties) ? properties : {}), ...ofEmbedded }
  const required = (schema['required'] as string[] | undefined) ?? []
  schema['required'] = [...new Set([...required, 'kind', 'apiVersion'])]
}
