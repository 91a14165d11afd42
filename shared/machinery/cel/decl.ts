import { escapeName } from './escaping.ts'
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  objectType,
  stringType,
  timestampType,
} from './types.ts'

/** What an expression knows of a value by its schema: its type, and how large it can be. */
export interface Decl {
  readonly type: CelType
  /** The most elements, characters or bytes there can be. */
  readonly maxElements: number
  /** Bytes of the shortest JSON. */
  readonly minSize: number
  readonly element?: Decl
  /** By the name that expressions use. */
  readonly fields?: ReadonlyMap<string, DeclField>
  /** Set where the order of a list means nothing; map: the keys that tell elements apart. */
  readonly list?: { readonly kind: 'set' } | { readonly kind: 'map'; readonly keys: readonly string[] }
  readonly format?: 'bytes' | 'duration' | 'timestamp' | 'date'
}

interface DeclField {
  /** As in JSON. */
  readonly name: string
  readonly decl: Decl
}

/** The part of a JSONSchemaProps (structural, or OpenAPI v3) that types come from. */
export interface SchemaProps {
  readonly type?: string
  readonly format?: string
  readonly items?: unknown
  readonly properties?: unknown
  readonly additionalProperties?: unknown
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
}

// apiserver/pkg/cel/limits.go
const maxRequest = 3 * 1024 * 1024
const stringDecl: Decl = { type: stringType, maxElements: 0, minSize: 2 }

// apiserver/pkg/cel/common/schemas.go SchemaDeclType
/**
 * The declaration for a schema, its structs named after where they are under `name`; undefined for what expressions cannot
 * see. A resource's root, and an embedded resource, always has apiVersion, kind and metadata.
 */
export function declareSchema(schema: SchemaProps, name: string, isRoot: boolean): Decl | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) {
    const maxElements = schema.maxLength === undefined ? maxRequest - 2 : Math.max(0, schema.maxLength) * 4
    return { type: dynType, maxElements, minSize: 1 }
  }
  const known = isRoot ? withMeta(schema) : schema
  switch (known.type) {
    case 'array':
      return declareList(known, name)
    case 'object':
      return declareObject(known, name)
    case 'string':
      return declareString(known)
    case 'boolean':
      return { type: boolType, maxElements: 0, minSize: 4 }
    case 'number':
      return { type: doubleType, maxElements: 0, minSize: 1 }
    case 'integer':
      return { type: intType, maxElements: 0, minSize: 1 }
    default:
      return undefined
  }
}

const asSchema = (value: unknown): SchemaProps | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined

function declareChild(schema: SchemaProps, name: string): Decl | undefined {
  return declareSchema(schema, name, schema['x-kubernetes-embedded-resource'] === true)
}

function declareList(schema: SchemaProps, name: string): Decl | undefined {
  const items = asSchema(schema.items)
  const element = items && declareChild(items, `${name}.@idx`)
  if (element === undefined) return undefined
  const most = Math.floor((maxRequest - 2) / (element.minSize + 1))
  const maxElements = schema.maxItems === undefined ? most : Math.max(0, schema.maxItems)
  const kind = schema['x-kubernetes-list-type']
  const list =
    kind === 'set'
      ? ({ kind } as const)
      : kind === 'map'
        ? ({ kind, keys: schema['x-kubernetes-list-map-keys'] ?? [] } as const)
        : undefined
  return { type: listType(element.type), maxElements, minSize: 2, element, ...(list ? { list } : {}) }
}

function declareObject(schema: SchemaProps, name: string): Decl | undefined {
  const additional = asSchema(schema.additionalProperties)
  if (additional !== undefined) {
    const element = declareChild(additional, `${name}.@elem`)
    if (element === undefined) return undefined
    const most = Math.floor((maxRequest - 2) / (element.minSize + 6))
    const maxElements = schema.maxProperties === undefined ? most : Math.max(0, schema.maxProperties)
    return { type: mapType(stringType, element.type), maxElements, minSize: 2, element }
  }
  const fields = new Map<string, DeclField>()
  let minSize = 2
  for (const [property, value] of Object.entries(asSchema(schema.properties) ?? {})) {
    const child = asSchema(value)
    const escaped = escapeName(property)
    const decl = child && declareChild(child, `${name}.${escaped ?? property}`)
    if (child === undefined || decl === undefined) continue
    if (escaped !== undefined) fields.set(escaped, { name: property, decl })
    if (schema.required?.includes(property) && child.default === undefined) {
      minSize += property.length + decl.minSize + 4
    }
  }
  return { type: objectType(name), maxElements: 0, minSize, fields }
}

function declareString(schema: SchemaProps): Decl {
  const { maxLength } = schema
  switch (schema.format) {
    case 'byte':
      return { type: bytesType, maxElements: Math.max(0, maxLength ?? maxRequest - 2), minSize: 2, format: 'bytes' }
    case 'duration':
      return { type: durationType, maxElements: 32, minSize: 3, format: 'duration' }
    case 'date':
      return { type: timestampType, maxElements: 12, minSize: 12, format: 'date' }
    case 'date-time':
      return { type: timestampType, maxElements: 32, minSize: 21, format: 'timestamp' }
    default:
      return { ...stringDecl, maxElements: longestOf(schema) }
  }
}

/** The most characters of a string, four bytes each. */
function longestOf({ maxLength, enum: values = [] }: SchemaProps): number {
  if (maxLength !== undefined) return Math.max(0, maxLength) * 4
  if (values.length === 0) return maxRequest - 2
  return values.reduce<number>((most, value) => Math.max(most, typeof value === 'string' ? value.length : 0), 0)
}

// apiserver/pkg/cel/common/schemas.go WithTypeAndObjectMeta
function withMeta(schema: SchemaProps): SchemaProps {
  const text = { type: 'string' }
  const own = asSchema(schema.properties) ?? {}
  const metadata = { type: 'object', properties: { name: text, generateName: text } }
  return { ...schema, properties: { ...own, apiVersion: text, kind: text, metadata } }
}

/** The structs in a declaration with their fields' types, by name: what the checker looks fields up in. */
export function structsOf(root: Decl): ReadonlyMap<string, ReadonlyMap<string, CelType>> {
  const structs = new Map<string, ReadonlyMap<string, CelType>>()
  const visit = (decl: Decl): void => {
    if (decl.element) visit(decl.element)
    if (!decl.fields || decl.type.kind !== 'object') return
    structs.set(decl.type.name, new Map(Array.from(decl.fields, ([name, field]) => [name, field.decl.type])))
    for (const field of decl.fields.values()) visit(field.decl)
  }
  visit(root)
  return structs
}

// apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go sizeEstimator
/** The declaration at a path of fields, `@items`, `@values` and `@keys`; undefined where there is none. */
export function declAt(root: Decl, path: readonly string[]): Decl | undefined {
  let decl: Decl | undefined = root
  for (const step of path) {
    if (step === '@items' || step === '@values') decl = decl?.element
    else if (step === '@keys') decl = decl?.type.kind === 'map' ? stringDecl : undefined
    else decl = decl?.fields?.get(step)?.decl
    if (decl === undefined) return undefined
  }
  return decl
}
