/** What one checked-in facts file says about one group-version of the API. */
export interface GroupVersionFacts {
  group: string
  version: string
  /** Go package as upstream names types in OpenAPI, e.g. `io.k8s.api.apps.v1`. */
  package: string
  kinds: KindFacts[]
  types: Record<string, TypeFacts>
}

/** A type with an endpoint of its own. */
export interface KindFacts {
  kind: string
  plural: string
  namespaced: boolean
  /** Subresources named by the generated clients, `status` included. */
  subresources?: string[]
  /** The verbs of a kind that has only some (reviews: create). */
  onlyVerbs?: string[]
}

/** Exactly one of fields, alias and union is there. */
export interface TypeFacts {
  fields?: FieldFacts[]
  /** Type expression of a named string, list or map. */
  alias?: string
  /** Values of a closed string type. */
  enum?: string[]
  /** Replaced as a whole by server-side apply (a type-level structType or mapType marker). */
  atomic?: boolean
  /** True when protobuf wraps the aliased list or map in a message of its own (`items = 1`). */
  wrapped?: boolean
  /** Alternatives told apart by their JSON shape, each with its protobuf number. */
  union?: { type: string; proto: number }[]
}

/**
 * One field. `type` is a Go type expression: `*`, `[]` and `map[string]` prefixes on a scalar
 * (`string bool int32 int64 double bytes time microTime duration quantity intOrString rawExtension any`),
 * on a type of the same file (`Container`) or of another (`core/v1.PodTemplateSpec`).
 */
export interface FieldFacts {
  /** JSON name; absent for a struct embedded inline. */
  name?: string
  type: string
  /** Protobuf field number. An inline struct with a number is a nested message in protobuf only. */
  proto?: number
  /** Go `omitempty`. */
  omitEmpty?: boolean
  /** Go `omitzero`. */
  omitZero?: boolean
  optional?: boolean
  listType?: 'atomic' | 'set' | 'map'
  listMapKeys?: string[]
  mapType?: 'atomic' | 'granular'
  structType?: 'atomic' | 'granular'
  /** Upstream's patchStrategy tag, comma separated: merge, replace, retainKeys. */
  patchStrategy?: string
  patchMergeKey?: string
  default?: unknown
}

/** Lists that Go cannot leave out and validation does not fill, though no marker says that they are optional. */
const maybeEmpty: ReadonlySet<string> = new Set(['LimitRangeSpec.limits', 'CSINodeSpec.drivers', 'EndpointSlice.endpoints'])

/**
 * Is this field of a type null in JSON when it is empty? A list or map without omitempty is: objects are stored as
 * protobuf, which does not tell an empty list from none, and none is null. Those that have to have something in them
 * are left out, and CustomResourceDefinitions, which are stored as JSON.
 */
export function isNullable(type: string, field: FieldFacts): boolean {
  if (field.omitEmpty || field.omitZero || !/^(\[\]|map\[)/.test(field.type)) return false
  if (type === 'CustomResourceDefinitionStatus') return false
  return field.optional === true || maybeEmpty.has(`${type}.${field.name ?? ''}`)
}
