import { readFileSync } from 'node:fs'
import type {
  Embedded,
  Field,
  ListNode,
  ObjectNode,
  ScalarNode,
  ScalarType,
  SchemaNode,
} from '../machinery/schema/node.ts'
import type { Kind } from './kinds/kind.ts'
import { isNullable, type FieldFacts, type GroupVersionFacts, type TypeFacts } from './facts/format.ts'

/** Facts files by group and version; the key is the short name that type expressions use. */
const files: Record<string, string> = {
  'meta.k8s.io/v1': 'meta/v1',
  '/v1': 'core/v1',
  'apps/v1': 'apps/v1',
  'batch/v1': 'batch/v1',
  'autoscaling/v1': 'autoscaling/v1',
  'autoscaling/v2': 'autoscaling/v2',
  'policy/v1': 'policy/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'rbac.authorization.k8s.io/v1': 'rbac/v1',
  'storage.k8s.io/v1': 'storage/v1',
  'discovery.k8s.io/v1': 'discovery/v1',
  'coordination.k8s.io/v1': 'coordination/v1',
  'events.k8s.io/v1': 'events/v1',
  'scheduling.k8s.io/v1': 'scheduling/v1',
  'node.k8s.io/v1': 'node/v1',
  'certificates.k8s.io/v1': 'certificates/v1',
  'admissionregistration.k8s.io/v1': 'admissionregistration/v1',
  'admission.k8s.io/v1': 'admission/v1',
  'authentication.k8s.io/v1': 'authentication/v1',
  'authorization.k8s.io/v1': 'authorization/v1',
  'flowcontrol.apiserver.k8s.io/v1': 'flowcontrol/v1',
  'resource.k8s.io/v1': 'resource/v1',
  'storagemigration.k8s.io/v1beta1': 'storagemigration/v1beta1',
  'apidiscovery.k8s.io/v2': 'apidiscovery/v2',
  'apiextensions.k8s.io/v1': 'apiextensions/v1',
  'apiregistration.k8s.io/v1': 'apiregistration/v1',
  'admissionregistration.k8s.io/v1beta1': 'admissionregistration/v1beta1',
  'autoscaling/v2beta2': 'autoscaling/v2beta2',
  'batch/v1beta1': 'batch/v1beta1',
  'coordination.k8s.io/v1beta1': 'coordination/v1beta1',
  'discovery.k8s.io/v1beta1': 'discovery/v1beta1',
  'events.k8s.io/v1beta1': 'events/v1beta1',
  'networking.k8s.io/v1beta1': 'networking/v1beta1',
  'node.k8s.io/v1beta1': 'node/v1beta1',
  'policy/v1beta1': 'policy/v1beta1',
  'rbac.authorization.k8s.io/v1beta1': 'rbac/v1beta1',
  'storage.k8s.io/v1beta1': 'storage/v1beta1',
}

const goTypes: Record<ScalarType, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  rawExtension: 'runtime.RawExtension',
  fieldsV1: 'v1.FieldsV1',
  any: 'interface {}',
}

/** Scalars that are structs or slices in Go, for which omitempty on a plain value means nothing or nil. */
const opaque: ReadonlySet<string> = new Set([
  'time',
  'microTime',
  'rawExtension',
  'fieldsV1',
  'any',
  'duration',
  'quantity',
  'intOrString',
])

const loaded = new Map<string, GroupVersionFacts>()
const nodes = new Map<string, SchemaNode>()

/**
 * The field tree of a kind, compiled on first use and shared. Kinds of every group (DeleteOptions, Status, Scale's
 * neighbours) are found under any group's version. Throws for a kind that the facts do not know.
 */
export function schemaFor(group: string, version: string, kind: string): ObjectNode {
  const node = findSchema(group, version, kind)
  if (!node) throw new Error(`no schema for ${kind} in ${group === '' ? version : `${group}/${version}`}`)
  return node
}

/** The field tree of a kind: its own where it brings one, else as schemaFor. */
export function nodeOf({ group, version, kind, schema }: Shape): ObjectNode {
  return schema ?? schemaFor(group, version, kind)
}

/** What bodies look like: a kind, or what a subresource speaks. */
export type Shape = Pick<Kind, 'group' | 'version' | 'kind' | 'schema'>

/** As schemaFor; undefined for what the facts do not know. */
export function findSchema(group: string, version: string, kind: string): ObjectNode | undefined {
  const short = files[`${group}/${version}`]
  for (const place of [short, 'meta/v1']) {
    if (place === undefined || !factsFor(place).types[kind]?.fields) continue
    const node = namedNode(place, kind)
    if (node.type === 'object') return node
  }
  return undefined
}

/** The facts of every group-version served, in no particular order. */
export function allFacts(): GroupVersionFacts[] {
  return Object.values(files).map(factsFor)
}

function factsFor(short: string): GroupVersionFacts {
  let facts = loaded.get(short)
  if (!facts) {
    const url = new URL(`./facts/${short.replace('/', '-')}.json`, import.meta.url)
    facts = JSON.parse(readFileSync(url, 'utf8')) as GroupVersionFacts
    loaded.set(short, facts)
  }
  return facts
}

function namedNode(short: string, name: string): SchemaNode {
  const key = `${short}.${name}`
  const known = nodes.get(key)
  if (known) return known
  const facts = factsFor(short)
  const type = facts.types[name]
  if (!type) throw new Error(`facts of ${short} do not know ${name}`)
  const goType = `${short.slice(short.indexOf('/') + 1)}.${name}`
  const component = `${facts.package}.${name}`
  if (type.fields) return structNode(key, short, component, goType, type.fields, type.atomic ?? false)
  if (type.union) {
    const options: { node: SchemaNode; proto: number }[] = []
    const union: SchemaNode = { type: 'union', name: component, goType, options }
    nodes.set(key, union)
    for (const option of type.union) options.push({ node: expressionNode(option.type, short), proto: option.proto })
    return union
  }
  const node = aliasNode(type, short, goType)
  nodes.set(key, node)
  return node
}

function aliasNode(type: TypeFacts, short: string, goType: string): SchemaNode {
  const base = expressionNode(type.alias ?? '', short)
  const wrapped = type.wrapped ? { wrapped: true } : {}
  return { ...base, goType, ...wrapped, ...(type.enum ? { enum: type.enum } : {}) } as SchemaNode
}

function structNode(
  key: string,
  short: string,
  name: string,
  goType: string,
  facts: FieldFacts[],
  atomic: boolean,
): ObjectNode {
  const fields = new Map<string, Field>()
  const filled: Field[] = []
  const message: (Field | Embedded)[] = []
  const { group, version } = factsFor(short)
  const document = facts.some((fact) => fact.name === undefined && fact.type === typeMeta(short))
  const kind = { group: short === 'meta/v1' ? '' : group, version, kind: goType.slice(goType.indexOf('.') + 1) }
  const node: ObjectNode = {
    type: 'object',
    name,
    goType,
    ...(document ? { kind } : {}),
    fields,
    filled,
    message,
    atomic,
  }
  // Known before its fields are: a type may hold itself.
  nodes.set(key, node)
  for (const fact of facts) {
    if (fact.name === undefined) {
      const embedded = expressionNode(fact.type, short) as ObjectNode
      for (const field of embedded.fields.values()) fields.set(field.name, field)
      filled.push(...embedded.filled)
      if (fact.proto !== undefined) message.push({ embedded, proto: fact.proto })
      continue
    }
    const field = fieldOf(fact, fact.name, short, isNullable(goType.slice(goType.indexOf('.') + 1), fact))
    fields.set(field.name, field)
    message.push(field)
    if (isFilled(fact, field)) filled.push(field)
  }
  return node
}

/** How a file's facts name the struct with apiVersion and kind. */
function typeMeta(short: string): string {
  return short === 'meta/v1' ? 'TypeMeta' : 'meta/v1.TypeMeta'
}

function fieldOf(fact: FieldFacts, name: string, short: string, nullable: boolean): Field {
  const node = refine(expressionNode(fact.type, short), fact)
  const pointer = fact.type.startsWith('*')
  const struct = node.type === 'object' || node.type === 'union' || opaque.has(node.type)
  return {
    name,
    node,
    ...(fact.proto === undefined ? {} : { proto: fact.proto }),
    pointer,
    required: !fact.omitEmpty && !fact.omitZero && !fact.optional,
    dropZero: !pointer && !struct && (fact.omitEmpty ?? false),
    ...(nullable ? { nullable } : {}),
    patchStrategy: (fact.patchStrategy?.split(',') ?? []) as Field['patchStrategy'],
    ...(fact.patchMergeKey ? { patchMergeKey: fact.patchMergeKey } : {}),
    ...(fact.default === undefined ? {} : { default: fact.default }),
  }
}

/** Is the field there even when nobody sets it? Go's omitempty does nothing on a struct. */
function isFilled(fact: FieldFacts, field: Field): boolean {
  if (field.pointer || fact.omitZero) return false
  switch (field.node.type) {
    case 'object':
    case 'quantity':
      return true
    case 'bytes':
    case 'time':
    case 'microTime':
    case 'rawExtension':
    case 'fieldsV1':
    case 'any':
    case 'union':
      return false
    default:
      return !fact.omitEmpty
  }
}

/** Markers stand on the field, not on the type: a field with some has a node of its own. */
function refine(node: SchemaNode, fact: FieldFacts): SchemaNode {
  if (node.type === 'list') {
    const listType = fact.listType ?? node.listType
    return { ...node, listType, mapKeys: fact.listMapKeys ?? node.mapKeys }
  }
  const atomic = fact.mapType ?? fact.structType
  if (atomic && (node.type === 'map' || node.type === 'object')) return { ...node, atomic: atomic === 'atomic' }
  return node
}

function expressionNode(expression: string, short: string): SchemaNode {
  if (expression.startsWith('*')) return expressionNode(expression.slice(1), short)
  if (expression.startsWith('[]')) {
    const element = expressionNode(expression.slice(2), short)
    const list: ListNode = { type: 'list', goType: `[]${element.goType}`, element, listType: 'atomic', mapKeys: [] }
    return list
  }
  if (expression.startsWith('map[string]')) {
    const value = expressionNode(expression.slice(11), short)
    return { type: 'map', goType: `map[string]${value.goType}`, value, atomic: false }
  }
  if (expression in goTypes) return scalarNode(expression as ScalarType)
  const dot = expression.indexOf('.')
  return dot < 0 ? namedNode(short, expression) : namedNode(expression.slice(0, dot), expression.slice(dot + 1))
}

const scalars = new Map<ScalarType, ScalarNode>()

function scalarNode(type: ScalarType): ScalarNode {
  let node = scalars.get(type)
  if (!node) scalars.set(type, (node = { type, goType: goTypes[type] }))
  return node
}
