import type { FieldError } from '../../machinery/fieldpath.ts'
import type { KubeObject } from '../../machinery/object.ts'
import type { ObjectNode } from '../../machinery/schema/node.ts'

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export type SubresourceName =
  | 'approval'
  | 'attach'
  | 'binding'
  | 'ephemeralcontainers'
  | 'eviction'
  | 'exec'
  | 'finalize'
  | 'log'
  | 'portforward'
  | 'proxy'
  | 'resize'
  | 'scale'
  | 'status'
  | 'token'

/** How metadata.name is checked; the names of apimachinery/pkg/api/validation's functions in short. */
export type NameRule = 'subdomain' | 'label' | 'label1035' | 'pathSegment' | 'ipAddress' | 'any'

/** One value of a printed row; null where upstream prints nothing. */
export type Cell = string | number | boolean | null

/** A column of a Table answer, as metav1.TableColumnDefinition; priority 0 is shown without `-o wide`. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format: string
  readonly description: string
  readonly priority: number
}

/** Where the scale subresource finds its numbers: dotted paths as in a CustomResourceDefinition. */
export interface ScalePaths {
  readonly specReplicas: string
  readonly statusReplicas: string
  /** Path of a LabelSelector, of a map of labels, or (custom resources) of a string. */
  readonly selector?: string
}

/**
 * The group and version under whose shape, and under whose key, objects are stored. Such a kind is decoded, defaulted,
 * prepared and validated as itself; only then it goes through `to`, and answers come back through `from`.
 */
export interface StoredAs {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  /** A stored object in this kind's shape: a new object, the argument is not touched. */
  from(stored: KubeObject): KubeObject
  /** An object of this kind in the stored shape: a new object, the argument is not touched. */
  to(obj: KubeObject): KubeObject
  /** Where a webhook converts: the two above for many objects at once, or one. They are then not called. */
  readonly webhook?: {
    from(stored: readonly KubeObject[], signal: AbortSignal): Promise<KubeObject[]>
    to(obj: KubeObject, signal: AbortSignal): Promise<KubeObject>
  }
}

/** Who sends a request, as far as an object says it. */
export interface Requester {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/**
 * One kind the API server serves. Everything the server does with it is here: a custom resource is the same
 * interface filled in at run time.
 *
 * The order on a write is upstream's: decode, defaults, mutating admission, prepareFor…, validate…, validating
 * admission, store. uid, creationTimestamp and a generated name are filled in before prepareForCreate. `strategy.ts`
 * holds what all kinds do around these functions (status, generation, metadata), and is what the registry calls.
 */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly Verb[]
  readonly subresources: readonly SubresourceName[]
  /** True where nothing is stored: the server answers from elsewhere (reviews, bindings, componentstatuses). */
  readonly virtual: boolean
  /** Present where objects are kept in another group's or version's shape. */
  readonly storedAs?: StoredAs
  /** The field tree of a kind that came at run time; absent: the generated one of this group, version and kind. */
  readonly schema?: ObjectNode
  /** Of such a kind: what OpenAPI tells of its objects; absent: nothing but that they are objects. */
  readonly openApi?: Readonly<Record<string, unknown>>
  /** Aborted when the kind is gone or has become another one: what lasts (watches) ends then. */
  readonly ended?: AbortSignal
  /** Why no object may be created now; undefined: they may. */
  refusesCreate?(): string | undefined
  /** Why nobody should use this version any longer: told in a Warning header with every answer about it. */
  readonly deprecations?: readonly string[]
  readonly nameRule: NameRule
  /** metadata.generation is 1 on create and grows with each change outside metadata and status. */
  readonly generation: boolean
  /** A new object keeps the status it comes with; for all others it is emptied. */
  readonly statusOnCreate: boolean
  /** PUT of a name that does not exist creates it. */
  readonly createOnUpdate: boolean
  /** PUT without a resourceVersion is taken as "whatever is there now". */
  readonly unconditionalUpdate: boolean
  readonly columns: readonly Column[]
  /** One cell for each column. `now` is in milliseconds since the epoch. */
  row(obj: T, now: number): Cell[]
  /** Fills in what was left out, in place. `now` (milliseconds) is absent where nothing is to be stamped with a time. */
  defaults?(obj: T, now?: number): void
  /** In place, on a new object, after status was emptied and generation set. */
  prepareForCreate?(obj: T, by?: Requester): void
  /** In place, after status was taken from `old` and before generation is counted. */
  prepareForUpdate?(obj: T, old: T): void
  /** In place, after all but status was taken from `old`; `now` as timestamps are written. */
  prepareForStatusUpdate?(obj: T, old: T, now: string): void
  /** The same for an update through another subresource, after all that it may not change was taken from `old`. */
  readonly prepareForSubresource?: Readonly<Partial<Record<SubresourceName, (obj: T, old: T, now: string) => void>>>
  /** All but metadata, which `validateCreate` in strategy.ts checks for every kind. */
  validate?(obj: T): FieldError[]
  /** What may not change, and the rules of `validate` that hold on update. Absent: `validate` is used. */
  validateUpdate?(obj: T, old: T): FieldError[]
  validateStatusUpdate?(obj: T, old: T): FieldError[]
  /** What the server tells the client that writes a valid object about that object; `old` on updates. */
  warningsOf?(obj: T, old?: T): string[]
  /** Everything wrong with an update through a subresource that is not status, metadata apart. */
  readonly validateSubresource?: Readonly<Partial<Record<SubresourceName, (obj: T, old: T) => FieldError[]>>>
  /** Field selectors beyond metadata.name and metadata.namespace: a field's value as text, '' where unset. */
  readonly selectableFields?: Readonly<Record<string, (obj: T) => string>>
  readonly scale?: ScalePaths
  /**
   * Seconds an object is kept after a delete, for kinds that go gracefully (Pods). `requested` is
   * DeleteOptions.gracePeriodSeconds. Absent: objects go at once (finalizers apart).
   */
  deletionGracePeriod?(obj: T, requested: number | undefined): number
}
