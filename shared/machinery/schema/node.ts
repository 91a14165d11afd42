import type { GroupVersionKind } from '../meta-v1.gen.ts'

/** Scalars by their Go meaning; in JSON several are strings. */
export type ScalarType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  /** An object kept as it is (RawExtension). */
  | 'rawExtension'
  /** The set of owned fields in managedFields. */
  | 'fieldsV1'
  /** Any JSON value, null included inside. */
  | 'any'

export interface ScalarNode {
  readonly type: ScalarType
  /** As Go prints the type in an error, e.g. `int32`, `v1.Protocol`. */
  readonly goType: string
  readonly enum?: readonly string[]
}

export interface ListNode {
  readonly type: 'list'
  readonly goType: string
  readonly element: SchemaNode
  readonly listType: 'atomic' | 'set' | 'map'
  /** The fields that tell elements apart when listType is map; else empty. */
  readonly mapKeys: readonly string[]
  /** As ObjectNode's. */
  readonly structural?: boolean
  /** True where protobuf wraps the list in a message of its own (`items = 1`). */
  readonly wrapped?: boolean
}

export interface MapNode {
  readonly type: 'map'
  readonly goType: string
  readonly value: SchemaNode
  readonly atomic: boolean
  /** As ObjectNode's. */
  readonly structural?: boolean
  /** True where protobuf wraps the map in a message of its own (`items = 1`). */
  readonly wrapped?: boolean
}

/** Alternatives told apart by JSON shape (JSONSchemaPropsOrBool and its like). */
export interface UnionNode {
  readonly type: 'union'
  readonly name: string
  readonly goType: string
  readonly options: readonly { readonly node: SchemaNode; readonly proto: number }[]
}

/** A struct. Fields may refer back to the node they are in: never serialise a node. */
export interface ObjectNode {
  readonly type: 'object'
  /** OpenAPI component name, e.g. `io.k8s.api.apps.v1.Deployment`; '' for a nameless one. */
  readonly name: string
  readonly goType: string
  /** Set for a type that is a document of its own (has apiVersion and kind). */
  readonly kind?: GroupVersionKind
  /** All fields by JSON name, those of inline structs too. */
  readonly fields: ReadonlyMap<string, Field>
  /** The fields that are there even when nobody sets them, because Go cannot leave them out. */
  readonly filled: readonly Field[]
  /** What protobuf sees: fields of its own, and inline structs that are nested messages there. */
  readonly message: readonly (Field | Embedded)[]
  readonly atomic: boolean
  /** Unknown fields are kept (x-kubernetes-preserve-unknown-fields of custom resources). */
  readonly preserveUnknown?: boolean
  /**
   * From the schema of a custom resource: values of another type, nulls and zero values stay as they are when decoded, for
   * validation to judge.
   */
  readonly structural?: boolean
}

export interface Embedded {
  readonly embedded: ObjectNode
  readonly proto: number
}

export interface Field {
  readonly name: string
  readonly node: SchemaNode
  /** Protobuf number; absent for what protobuf does not carry. */
  readonly proto?: number
  readonly pointer: boolean
  readonly required: boolean
  /** The zero value (false, 0, '', [], {}) is the same as absent: Go's omitempty on a plain value. */
  readonly dropZero: boolean
  /** The empty list or map is null: Go cannot leave it out, and tells it from none no more after storing it. */
  readonly nullable?: boolean
  readonly patchStrategy: readonly ('merge' | 'replace' | 'retainKeys')[]
  readonly patchMergeKey?: string
  readonly default?: unknown
}

export type SchemaNode = ScalarNode | ListNode | MapNode | UnionNode | ObjectNode
