import type { Field, ObjectNode, ScalarNode, SchemaNode } from '../../machinery/schema/node.ts'
import { schemaFor } from '../schemas.ts'
import { additionalOf, isEmbedded, itemsOf, keepsUnknown, type Schema } from './schema.ts'

const any: ScalarNode = { type: 'any', goType: 'interface {}' }
const text: ScalarNode = { type: 'string', goType: 'string' }

/** What a resource is called, for the node of its root. */
export interface ResourceName {
  group: string
  version: string
  kind: string
}

// apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go: which fields there are;
// kube-openapi/pkg/schemaconv: how lists and maps merge
/**
 * The field tree of a custom resource: what is pruned, and how it is applied. Types of scalars are not in it, values of any
 * type are decoded for validation to judge. Without a schema nothing but metadata is kept, unless `preserve`.
 */
export function resourceNode(
  schema: Schema | undefined,
  { group, version, kind }: ResourceName,
  preserve = false,
): ObjectNode {
  const { fields, ...rest } = objectNode({ ...schema, 'x-kubernetes-embedded-resource': true }, preserve)
  return {
    ...rest,
    fields,
    name: componentName(group, version, kind),
    goType: `${version}.${kind}`,
    kind: { group, version, kind },
  }
}

/** `com.example.stable.v1.CronTab` */
// kube-openapi/pkg/util/util.go ToRESTFriendlyName
export function componentName(group: string, version: string, kind: string): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`
}

function nodeOf(schema: Schema, preserve: boolean): SchemaNode {
  const items = itemsOf(schema)
  const keeps = preserve || keepsUnknown(schema)
  const additional = additionalOf(schema)
  switch (schema.type) {
    case 'array':
      return listNode(schema, items, keeps)
    case 'object':
      if (additional && !schema.properties)
        return {
          type: 'map',
          goType: 'map[string]interface {}',
          value: nodeOf(additional, false),
          atomic: isAtomic(schema),
          structural: true,
        }
      if (schema.additionalProperties === true && !schema.properties)
        return {
          type: 'map',
          goType: 'map[string]interface {}',
          value: keeps ? any : nothing,
          atomic: isAtomic(schema),
          structural: true,
        }
      return objectNode(schema, preserve)
    case undefined:
      return keeps ? objectNode(schema, preserve) : any
    default:
      return any
  }
}

function listNode(schema: Schema, items: Schema | undefined, keeps: boolean): SchemaNode {
  const listType = schema['x-kubernetes-list-type']
  return {
    type: 'list',
    goType: '[]interface {}',
    element: items ? nodeOf(items, keeps) : keeps ? any : nothing,
    listType: listType === 'map' || listType === 'set' ? listType : 'atomic',
    mapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    structural: true,
  }
}

function objectNode(schema: Schema, preserve: boolean): ObjectNode {
  const fields = new Map<string, Field>()
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    fields.set(name, field(name, nodeOf(property, false), property.default))
  if (isEmbedded(schema)) {
    for (const name of ['apiVersion', 'kind']) fields.set(name, field(name, text))
    fields.set('metadata', field('metadata', schemaFor('', 'v1', 'ObjectMeta')))
  }
  return {
    type: 'object',
    name: '',
    goType: 'map[string]interface {}',
    fields,
    filled: [],
    message: [],
    atomic: isAtomic(schema),
    structural: true,
    ...(preserve || keepsUnknown(schema) ? { preserveUnknown: true } : {}),
  }
}

/** What stands where there is no schema: objects lose all their fields. */
const nothing: ObjectNode = objectNode({}, false)

function isAtomic(schema: Schema): boolean {
  return schema['x-kubernetes-map-type'] === 'atomic'
}

function field(name: string, node: SchemaNode, defaultValue?: unknown): Field {
  return {
    name,
    node,
    pointer: true,
    required: false,
    dropZero: false,
    patchStrategy: [],
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
  }
}
