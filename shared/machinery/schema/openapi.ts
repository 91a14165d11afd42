import type { GroupVersionKind } from '../meta-v1.gen.ts'
import type { Field, ObjectNode, ScalarType, SchemaNode, UnionNode } from './node.ts'

/** An OpenAPI v3 schema object. */
export type OpenApiSchema = Record<string, unknown>

export interface OpenApiOptions {
  /** The text for a component, or for one of its fields; undefined where there is none. */
  describe?: (component: string, field?: string) => string | undefined
  /** Group-versions that DeleteOptions and WatchEvent belong to: all that are served. */
  groupVersions?: readonly { readonly group: string; readonly version: string }[]
}

/** A scalar that is a component of its own upstream. */
const namedScalars: Partial<Record<ScalarType, { name: string; schema: OpenApiSchema }>> = {
  time: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time', schema: { type: 'string', format: 'date-time' } },
  microTime: {
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
    schema: { type: 'string', format: 'date-time' },
  },
  duration: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.Duration', schema: { type: 'string' } },
  quantity: {
    name: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
    schema: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  },
  intOrString: {
    name: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    schema: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  rawExtension: { name: 'io.k8s.apimachinery.pkg.runtime.RawExtension', schema: { type: 'object' } },
  fieldsV1: { name: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1', schema: { type: 'object' } },
}

const plainScalars: Partial<Record<ScalarType, OpenApiSchema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  any: {},
}

const zeroDefaults: Partial<Record<SchemaNode['type'], unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  object: {},
}

/**
 * OpenAPI v3 components for these kinds and all they refer to, by name (`io.k8s.api.apps.v1.Deployment`): what
 * stands under components.schemas of an /openapi/v3/... document. They are added to `components`; those that are there
 * already are not made again.
 */
export function openApiComponents(
  roots: Iterable<ObjectNode>,
  options: OpenApiOptions = {},
  components: Record<string, OpenApiSchema> = {},
): Record<string, OpenApiSchema> {
  const writer = new Writer(options, components)
  for (const root of roots) writer.reference(root)
  return components
}

class Writer {
  readonly #components: Record<string, OpenApiSchema>
  readonly #options: OpenApiOptions

  constructor(options: OpenApiOptions, components: Record<string, OpenApiSchema>) {
    this.#options = options
    this.#components = components
  }

  /** A reference to the node's component (made when it is not there yet), or its schema in place. */
  reference(node: SchemaNode): OpenApiSchema {
    switch (node.type) {
      case 'object':
        return node.name === '' ? this.#object(node) : this.#component(node.name, () => this.#object(node), node)
      case 'union':
        return this.#component(node.name, () => this.#union(node))
      case 'list':
        return { type: 'array', items: this.#withDefault(node.element) }
      case 'map':
        return { type: 'object', additionalProperties: this.#withDefault(node.value) }
      default: {
        const named = namedScalars[node.type]
        if (named) return this.#component(named.name, () => ({ ...named.schema }))
        return { ...plainScalars[node.type], ...(node.enum ? { enum: [...node.enum].sort() } : {}) }
      }
    }
  }

  #component(name: string, build: () => OpenApiSchema, node?: ObjectNode): OpenApiSchema {
    if (!this.#components[name]) {
      // There before its fields are, so that a type may hold itself.
      const schema: OpenApiSchema = (this.#components[name] = {})
      const description = this.#options.describe?.(name)
      if (description) schema['description'] = description
      Object.assign(schema, build())
      const kinds = node?.kind ? this.#kinds(node.kind) : []
      if (kinds.length > 0) schema['x-kubernetes-group-version-kind'] = kinds
    }
    return { $ref: `#/components/schemas/${name}` }
  }

  #kinds(kind: GroupVersionKind): GroupVersionKind[] {
    if (kind.kind !== 'DeleteOptions' && kind.kind !== 'WatchEvent') return [kind]
    return (this.#options.groupVersions ?? [kind]).map(({ group, version }) => ({ group, version, kind: kind.kind }))
  }

  #object(node: ObjectNode): OpenApiSchema {
    const properties: Record<string, OpenApiSchema> = {}
    const required: string[] = []
    for (const name of [...node.fields.keys()].sort()) {
      const field = node.fields.get(name)
      if (!field) continue
      properties[name] = this.#property(node.name, field)
      if (field.required) required.push(name)
    }
    return {
      type: 'object',
      ...(node.fields.size > 0 ? { properties } : {}),
      ...(required.length > 0 ? { required } : {}),
      ...(node.preserveUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
      ...(node.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    }
  }

  #property(owner: string, field: Field): OpenApiSchema {
    const schema = field.pointer ? this.reference(field.node) : this.#withDefault(field.node, field.required)
    const description = this.#options.describe?.(owner, field.name)
    const extra: OpenApiSchema = {}
    if (description) extra['description'] = description
    if (field.default !== undefined) extra['default'] = field.default
    if (field.node.type === 'list') Object.assign(extra, listExtensions(field.node.listType, field.node.mapKeys))
    if (field.node.type === 'map' && field.node.atomic) extra['x-kubernetes-map-type'] = 'atomic'
    if (field.patchMergeKey) extra['x-kubernetes-patch-merge-key'] = field.patchMergeKey
    if (field.patchStrategy.length > 0) extra['x-kubernetes-patch-strategy'] = field.patchStrategy.join(',')
    if (Object.keys(extra).length === 0) return schema
    // OpenAPI 3.0 has a $ref alone in its object: what else there is to say stands beside an allOf.
    const { $ref, ...rest } = schema
    return $ref === undefined ? { ...extra, ...schema, ...extra } : { ...extra, allOf: [{ $ref }], ...rest }
  }

  /** Values that cannot be null upstream have their zero value as default. */
  #withDefault(node: SchemaNode, apply = true): OpenApiSchema {
    const schema = this.reference(node)
    const zero = node.type === 'object' || apply ? zeroDefaults[node.type] : undefined
    if (zero === undefined) return schema
    if (schema['$ref'] === undefined) return node.type === 'object' ? schema : { ...schema, default: zero }
    return { allOf: [schema], default: zero }
  }

  /** Upstream leaves unions open: any value. Their alternatives still have to be components. */
  #union(node: UnionNode): OpenApiSchema {
    for (const option of node.options) this.reference(option.node)
    return {}
  }
}

function listExtensions(listType: string, mapKeys: readonly string[]): OpenApiSchema {
  return {
    ...(mapKeys.length > 0 ? { 'x-kubernetes-list-map-keys': [...mapKeys] } : {}),
    'x-kubernetes-list-type': listType,
  }
}
