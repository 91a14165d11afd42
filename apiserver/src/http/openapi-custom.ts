import type { Describe } from '@kubets/shared/api/descriptions.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import { componentName } from '@kubets/shared/api/structural/node.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import type { OpenApiSchema } from '@kubets/shared/machinery/schema/openapi.ts'
import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const objectMeta = `${meta}.ObjectMeta`
const listMeta = `${meta}.ListMeta`

/** The component of what an operation speaks: of a custom kind's own, or of the generated ones; undefined when there is none. */
export function componentOf(
  { group, version, kind }: { group: string; version: string; kind: string },
  { group: ownGroup, version: ownVersion, schema }: Kind,
): string | undefined {
  const custom = schema !== undefined && group === ownGroup && version === ownVersion
  return custom ? componentName(group, version, kind) : findSchema(group, version, kind)?.name
}

/** The components of a custom kind and of its list. What they refer to are ObjectMeta and ListMeta. */
// apiextensions-apiserver/pkg/controller/openapi/builder/builder.go buildKubeNative, buildListSchema
export function customComponents(kind: Kind, describe: Describe): Record<string, OpenApiSchema> {
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
  const more = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'
  return {
    [name]: { ...objectSchema(kind, describe), ...saysWhat(kind.kind) },
    [componentName(group, version, listKind)]: {
      description: `${listKind} is a list of ${kind.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        ...typeMeta,
        items: { description: `List of ${plural}. ${more}`, type: 'array', items: reference(name) },
        metadata: described(listMeta, describe('io.k8s.api.core.v1.ConfigMapList', 'metadata')),
      },
      ...saysWhat(listKind),
    },
  }
}

function objectSchema({ openApi }: Kind, describe: Describe): OpenApiSchema {
  if (openApi === undefined) return { type: 'object' }
  const schema = clone(openApi)
  withEmbedded(schema, describe)
  return { ...schema, properties: { ...(schema['properties'] as object | undefined), ...resourceFields(describe) } }
}

const reference = (name: string): OpenApiSchema => ({ $ref: `#/components/schemas/${name}` })

/** OpenAPI 3.0 has a $ref alone in its object. */
const described = (name: string, description: string | undefined): OpenApiSchema => ({
  ...(description ? { description } : {}),
  allOf: [reference(name)],
})

function typeFields(describe: Describe): Record<string, OpenApiSchema> {
  const text = (field: string): OpenApiSchema => {
    const description = describe(`${meta}.Status`, field)
    return { ...(description ? { description } : {}), type: 'string' }
  }
  return { apiVersion: text('apiVersion'), kind: text('kind') }
}

function resourceFields(describe: Describe): Record<string, OpenApiSchema> {
  return {
    ...typeFields(describe),
    metadata: described(objectMeta, describe('io.k8s.api.core.v1.ConfigMap', 'metadata')),
  }
}

/** Gives resources inside a resource the fields that every one has, in place. */
// addEmbeddedProperties
function withEmbedded(schema: OpenApiSchema, describe: Describe): void {
  const { properties, items, additionalProperties } = schema
  if (isObject(properties))
    for (const property of Object.values(properties)) if (isObject(property)) withEmbedded(property, describe)
  if (isObject(items)) withEmbedded(items, describe)
  if (isObject(additionalProperties)) withEmbedded(additionalProperties, describe)
  if (schema['x-kubernetes-embedded-resource'] !== true) return
  schema['properties'] = { ...(isObject(properties) ? properties : {}), ...resourceFields(describe) }
  const required = (schema['required'] as string[] | undefined) ?? []
  schema['required'] = [...new Set([...required, 'kind', 'apiVersion'])]
}
