import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { DeleteOptions } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Follower } from '../storage/resource-cache.ts'
import type { Encoded, Watch, WatchEvent } from '../storage/types.ts'

/**
 * The seam between http (what was asked, by whom) and registry (what that means for stored objects).
 * Every method rejects with a StatusError; http turns it into the answer as it is.
 */

export interface UserInfo {
  name: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** What an admission plugin is told; `object` may be changed in `mutate` only, `old` is frozen. */
export interface AdmissionRequest {
  operation: Operation
  kind: Kind
  namespace?: string
  /** Empty for a create whose name is generated: it has one by the time `validate` is called. */
  name: string
  /** '' for the object itself. */
  subresource: string
  /** Absent for DELETE; for CONNECT it holds what was asked for (PodExecOptions), and has no metadata. */
  object?: KubeObject
  /** Absent for CREATE and CONNECT. */
  old?: KubeObject
  /** A CreateOptions, UpdateOptions or DeleteOptions; absent for CONNECT. */
  options?: object
  dryRun: boolean
  user?: UserInfo
  warn(text: string): void
  /** Adds to what the audit log will say of the request. */
  annotate(key: string, value: string): void
  signal: AbortSignal
}

export interface Admission {
  mutate(request: AdmissionRequest): Promise<void>
  validate(request: AdmissionRequest): Promise<void>
}

export interface RequestScope {
  kind: Kind
  /** Absent for cluster-scoped kinds and for list/watch/deletecollection over all namespaces. */
  namespace?: string
  dryRun: boolean
  user?: UserInfo
  /** Absent: nothing is asked (the apiserver's own writes). */
  admission?: Admission
  /** Adds a Warning header to the answer. */
  warn(text: string): void
  /** Adds to what the audit log will say of the request; the apiserver's own are not in it. */
  annotate?(key: string, value: string): void
  /** Aborted when the client is gone or the request's time is over. */
  signal: AbortSignal
  fieldManager?: string
  /** What the query said of how to write; admission is told. */
  options?: { dryRun?: readonly string[]; fieldManager?: string; fieldValidation?: string }
}

export interface Selection {
  /** As in the query string; malformed ones are a 400. */
  labelSelector?: string
  fieldSelector?: string
}

export interface GetOptions {
  /** Unset: consistent. '0': whatever the cache has. Else: not older than this. */
  resourceVersion?: string
  subresource?: 'scale'
}

export interface ListOptions extends Selection {
  limit?: number
  continue?: string
  resourceVersion?: string
  resourceVersionMatch?: string
  /** Refused: it is for watches. */
  sendInitialEvents?: boolean
}

export interface ListResult {
  items: readonly Encoded[]
  resourceVersion: string
  continue?: string
  remainingItemCount?: number
}

export interface WatchOptions extends Selection {
  /** Unset or '0': starts with an ADDED event for each object there is. */
  resourceVersion?: string
  resourceVersionMatch?: string
  /** Refused where a match is given: it is for lists. */
  continue?: string
  allowWatchBookmarks?: boolean
  sendInitialEvents?: boolean
  /** metadata.name of the object when a single one is watched by the old path form. */
  name?: string
}

export type UpdateSubresource = '' | 'status' | 'scale' | 'finalize' | 'approval' | 'ephemeralcontainers' | 'resize'

export interface UpdateOptions {
  subresource?: UpdateSubresource
  /** PUT to a name that does not exist creates it, for the kinds that allow it. */
  createOnUpdate?: boolean
  /** The change is a server-side apply: it sets managedFields itself, and makes an object that does not exist. */
  apply?: boolean
  /** Called when a name that does not exist is about to be created; throws to refuse that. */
  beforeCreate?(): void
}

/**
 * PUT gives the object; PATCH gives a function of what is there, which is called again when another writer was
 * quicker. The function gets a copy it may change. A metadata.resourceVersion that differs from the stored one is a 409.
 */
export type Change = KubeObject | ((current: KubeObject) => KubeObject | Promise<KubeObject>)

export interface UpdateResult {
  encoded: Encoded
  created: boolean
}

export interface DeleteResult {
  /** The last state of the object. */
  encoded: Encoded
  /** false: it is on its way (deletionTimestamp is set) and finalizers or the kubelet will end it. */
  deleted: boolean
}

/** The objects of one kind as the cache has them now, for code inside the apiserver (admission, authorisation). */
export interface CachedKind {
  /** `key` is "namespace/name", or "name". */
  get(key: string): KubeObject | undefined
  /** In key order; all namespaces when none is named. */
  list(namespace?: string): Iterable<KubeObject>
  /** Tells what there is and what changes, as stored: kinds of whose versions only one is stored. */
  follow(follower: Follower): void
  /** The revision of the last change of any of them: what is computed from them holds as long as it stays. */
  readonly changed: number
  /** How many there are, in all namespaces. */
  readonly size: number
  /** How many watch them. */
  readonly watchers: number
}

export interface RegistryOptions {
  /** host:port, or http(s)://host:port, each. */
  etcdServers: readonly string[]
  /** PEM; unset: etcd is spoken to without TLS. */
  etcdTls?: { ca: string; cert: string; key: string } | undefined
  /** "/registry" */
  etcdPrefix: string
  clock: Clock
  log: Logger
  /** CIDRs of cluster IPs: one, or one of each IP family; the first is the default family. */
  serviceClusterIPRanges: readonly string[]
  nodePortRange: { min: number; max: number }
  /** Where other machines reach this apiserver: the endpoints of the `kubernetes` Service. */
  advertiseAddress: string
  securePort: number
}

/** Made by createRegistry(options) in registry.ts; starts at once, also while etcd is away. */
export interface Registry {
  /** May be a moment behind; ask get or list where that matters. */
  cached(kind: Kind): CachedKind
  get(scope: RequestScope, name: string, options?: GetOptions): Promise<Encoded>
  list(scope: RequestScope, options?: ListOptions): Promise<ListResult>
  watch(scope: RequestScope, options?: WatchOptions): Promise<Watch>
  /** The object is taken over and changed; for PUT-like creates its name must already be set. */
  create(scope: RequestScope, object: KubeObject): Promise<Encoded>
  update(scope: RequestScope, name: string, change: Change, options?: UpdateOptions): Promise<UpdateResult>
  delete(scope: RequestScope, name: string, options?: DeleteOptions): Promise<DeleteResult>
  /** Answers what was deleted or marked for deletion. */
  deleteCollection(scope: RequestScope, selection: ListOptions, options?: DeleteOptions): Promise<readonly Encoded[]>
  /** POST pods/NAME/binding, or bindings; scope.kind is pods. `binding` is a core/v1 Binding. */
  bindPod(scope: RequestScope, name: string, binding: KubeObject): Promise<void>
  /** POST pods/NAME/eviction; `eviction` is a policy/v1 Eviction. 429 when a PodDisruptionBudget forbids it. */
  evictPod(scope: RequestScope, name: string, eviction: KubeObject): Promise<void>
  /**
   * undefined: etcd answers, and the first objects (namespaces, the `kubernetes` Service …) exist. Else one line that says
   * what is wrong. Asks etcd at most once a second while all is well.
   */
  health(): Promise<string | undefined>
  /** Takes this apiserver out of the endpoints of the `kubernetes` Service for good, if etcd allows it soon. */
  leave(): Promise<void>
  /** Ends watches and connections; resolves when they are. */
  close(): Promise<void>
}

export type { DeleteOptions, Encoded, Watch, WatchEvent }
