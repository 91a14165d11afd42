import type { FieldFacts, GroupVersionFacts, KindFacts, TypeFacts } from '../facts/format.ts'
import type { GoField, GoFile, GoType } from './go-source.ts'
import type { ProtoMessages } from './proto-source.ts'

/** Types whose JSON form is their own, by Go import path and name. */
const scalars: Record<string, string> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'microTime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': 'duration',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'fieldsV1',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'intOrString',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'rawExtension',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON': 'any',
  'k8s.io/apimachinery/pkg/types.UID': 'string',
  'k8s.io/apimachinery/pkg/types.NodeName': 'string',
}

const builtin: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  uint32: 'int64',
  int: 'int64',
  float64: 'double',
  'interface{}': 'any',
  any: 'any',
}

/** Kinds that have an endpoint without a generated client for it. */
const clientless: Record<string, string[]> = { 'k8s.io/api/core/v1': ['Binding'] }

export interface GoPackage {
  /** Import path. */
  path: string
  group: string
  version: string
  files: GoFile[]
  proto: ProtoMessages
}

/** The facts of one package, checked against its protobuf numbers. Throws where the two disagree. */
export function factsOf(pkg: GoPackage): GroupVersionFacts {
  const types: Record<string, TypeFacts> = {}
  const kinds: KindFacts[] = []
  const values = new Map(pkg.files.flatMap((file) => [...file.values]))
  const constants = new Map(pkg.files.flatMap((file) => [...file.constants]))
  const kindOf = new Map<string, KindFacts>()
  for (const file of pkg.files) {
    for (const type of file.types) {
      if (scalars[`${pkg.path}.${type.name}`]) continue
      const facts = typeFacts(type, file, pkg, values)
      const closed = constants.get(type.name)
      if (type.markers.some((text) => /^(struct|map)Type=atomic$/.test(text))) facts.atomic = true
      if (closed && type.markers.includes('enum')) facts.enum = closed
      types[type.name] = facts
      const kind = kindFacts(type, pkg.path)
      if (kind) {
        kinds.push(kind)
        kindOf.set(kind.kind, kind)
      }
    }
  }
  return { group: pkg.group, version: pkg.version, package: openApiPackage(pkg.path), kinds, types }
}

function openApiPackage(path: string): string {
  return path.replace(/^k8s\.io/, 'io.k8s').replaceAll('/', '.')
}

function typeFacts(type: GoType, file: GoFile, pkg: GoPackage, values: Map<string, string>): TypeFacts {
  const message = pkg.proto.get(type.name)
  if (!type.fields) {
    const alias = typeExpression(type.underlying ?? '', file, pkg.path)
    return message ? { alias, wrapped: true } : { alias }
  }
  if (type.fields.length > 0 && type.fields.every((field) => field.tags['json'] === undefined)) {
    const union = type.fields.map((field) => ({
      type: typeExpression(field.type, file, pkg.path),
      proto: protoNumber(field, type.name, pkg) ?? 0,
    }))
    return { union }
  }
  const fields: FieldFacts[] = []
  for (const field of type.fields) {
    if (field.tags['json'] !== '-') fields.push(fieldFacts(field, type.name, file, pkg, values))
  }
  return { fields }
}

function fieldFacts(
  field: GoField,
  owner: string,
  file: GoFile,
  pkg: GoPackage,
  values: Map<string, string>,
): FieldFacts {
  const [name, ...options] = (field.tags['json'] ?? '').split(',')
  const facts: FieldFacts = { type: typeExpression(field.type, file, pkg.path) }
  // encoding/json inlines an embedded struct whose tag names nothing, with or without the word "inline".
  if (name) facts.name = name
  else if (field.name) throw new Error(`${owner}.${field.name} has no JSON name`)
  const proto = protoNumber(field, owner, pkg)
  if (proto !== undefined) facts.proto = proto
  if (options.includes('omitempty')) facts.omitEmpty = true
  if (options.includes('omitzero')) facts.omitZero = true
  const marker = (key: string): string | undefined =>
    field.markers.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1)
  if (field.markers.includes('optional') || field.markers.includes('k8s:optional')) facts.optional = true
  const listType = marker('listType')
  if (listType) facts.listType = listType as NonNullable<FieldFacts['listType']>
  const keys = field.markers.filter((text) => text.startsWith('listMapKey=')).map((text) => text.slice(11))
  if (keys.length > 0) facts.listMapKeys = keys
  const mapType = marker('mapType')
  if (mapType) facts.mapType = mapType as NonNullable<FieldFacts['mapType']>
  const structType = marker('structType')
  if (structType) facts.structType = structType as NonNullable<FieldFacts['structType']>
  if (field.tags['patchStrategy']) facts.patchStrategy = field.tags['patchStrategy']
  if (field.tags['patchMergeKey']) facts.patchMergeKey = field.tags['patchMergeKey']
  const fallback = marker('default')
  if (fallback !== undefined) {
    const reference = /^ref\((?:.*\.)?(\w+)\)$/.exec(fallback)?.[1]
    facts.default = reference ? values.get(reference) : (JSON.parse(fallback) as unknown)
  }
  return facts
}

function protoNumber(field: GoField, owner: string, pkg: GoPackage): number | undefined {
  const parts = field.tags['protobuf']?.split(',')
  const number = Number(parts?.[1])
  // An embedded struct's tag may name nothing: the message then calls it by its type.
  const name = parts?.find((part) => part.startsWith('name='))?.slice(5) ?? field.type.replace(/^.*\./, '')
  const message = pkg.proto.get(owner)
  if (!parts || Number.isNaN(number) || !name || !message) return undefined
  const declared = message.get(name) ?? [...message].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  if (declared !== number) throw new Error(`${pkg.path} ${owner}.${name}: tag says ${number}, proto ${declared}`)
  return number
}

/** Go expression → facts expression, names of other packages as `core/v1.Pod`. */
function typeExpression(go: string, file: GoFile, path: string): string {
  if (go === '[]byte') return 'bytes'
  if (go.startsWith('*')) return `*${typeExpression(go.slice(1), file, path)}`
  if (go.startsWith('[]')) return `[]${typeExpression(go.slice(2), file, path)}`
  const map = /^map\[[^\]]+\](.*)$/.exec(go)
  if (map?.[1]) return `map[string]${typeExpression(map[1], file, path)}`
  const [qualifier, name] = go.includes('.') ? go.split('.') : ['', go]
  if (!qualifier && builtin[go]) return builtin[go]
  const from = qualifier ? (file.imports.get(qualifier) ?? '') : path
  const scalar = scalars[`${from}.${name}`]
  if (scalar) return scalar
  if (from === path) return name ?? ''
  const short = /([^/]+\/[^/]+)$/.exec(from)?.[1]
  return `${short}.${name}`
}

function kindFacts(type: GoType, path: string): KindFacts | undefined {
  const markers = type.markers
  const generated = markers.includes('genclient') && !markers.includes('genclient:noVerbs')
  if (!generated && !clientless[path]?.includes(type.name)) return undefined
  const named = markers.find((text) => text.startsWith('resourceName='))?.slice(13)
  const kind: KindFacts = {
    kind: type.name,
    plural: named ?? pluralOf(type.name),
    namespaced: !markers.includes('genclient:nonNamespaced'),
  }
  const subresources = new Set<string>()
  const hasStatus = type.fields?.some((field) => field.tags['json']?.startsWith('status,'))
  const only = markers.find((text) => text.startsWith('genclient:onlyVerbs='))?.slice(20)
  if (hasStatus && !only && !markers.includes('genclient:noStatus')) subresources.add('status')
  for (const text of markers) {
    const subresource = /^genclient:method=.*subresource=(\w+)/.exec(text)?.[1]
    if (subresource) subresources.add(subresource)
  }
  if (subresources.size > 0) kind.subresources = [...subresources]
  if (only) kind.onlyVerbs = only.split(',')
  return kind
}

/** The default REST mapping's plural (apimachinery/pkg/api/meta/restmapper.go UnsafeGuessKindToResource). */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  if (lower === 'endpoints') return lower
  if (lower.endsWith('s')) return `${lower}es`
  if (lower.endsWith('y')) return `${lower.slice(0, -1)}ies`
  return `${lower}s`
}
