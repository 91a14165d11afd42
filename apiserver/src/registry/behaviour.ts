import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { ObjectWrite } from '../storage/storage.ts'

/** Other objects that change in the same transaction as one, all or none. */
export interface Companions {
  writes: readonly ObjectWrite[]
  /** The error when that write's key is taken by another; undefined: planning again can find a free one. */
  taken(write: ObjectWrite): Error | undefined
}

/** What the registry does for some resources beside what their Kind says: it needs the other stored objects for it. */
export interface Behaviour {
  /** After this time etcd deletes the object. */
  readonly ttlSeconds?: number
  /**
   * Called when all that was asked for is valid; may fill in `next`. `old` is absent on create, `next` on delete.
   * `avoid` has the keys that turned out to be taken. Throws a StatusError.
   */
  plan?(old: KubeObject | undefined, next: KubeObject | undefined, avoid: ReadonlySet<string>): Companions
  /** false: not yet, though it was deleted and metadata has no finalizers left. */
  mayGo?(object: KubeObject): boolean
  /** What a delete does to an object that cannot go yet, in place, beside setting its deletionTimestamp. */
  onDelete?(object: KubeObject): void
}

/** Behaviours by "group/plural" of where objects are stored. */
export type Behaviours = ReadonlyMap<string, Behaviour>

const none: Behaviour = {}

export function behaviourOf(behaviours: Behaviours, kind: Kind): Behaviour {
  const { group, plural } = kind.storedAs ?? kind
  return behaviours.get(`${group}/${plural}`) ?? none
}
