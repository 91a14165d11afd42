import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Piece } from './piece.ts'

/** Which objects: one folder of keys in etcd. Several served versions of a kind share one. */
export interface Resource {
  /** '' for the core group. */
  readonly group: string
  readonly plural: string
}

/** One object at one revision: parsed and serialised once, shared by every reader. */
export interface Encoded {
  /** Frozen; carries apiVersion, kind and metadata.resourceVersion. */
  readonly object: KubeObject
  /** The object as JSON, without a newline at the end. */
  readonly json: Buffer
  readonly resourceVersion: string
  /** Another output form of this object (protobuf, a Table row …): made at first use and kept with it. */
  form<T>(name: string, make: (object: KubeObject) => T): T
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  /** For ERROR the object is a Status; for BOOKMARK it has apiVersion, kind and metadata alone. */
  readonly encoded: Encoded
  /** `{"type":…,"object":…}\n` as JSON, made at first use and shared by all watchers of this event. */
  readonly line: Piece
  /** Another output form of the whole event: made at first use and shared. */
  form<T>(name: string, make: (event: WatchEvent) => T): T
}

/**
 * Batches of events in order, none empty. The iteration ends without an error when the watcher's signal is aborted, when
 * it was too slow and has been cut, or after an ERROR event; the client then lists or resumes.
 */
export type Watch = AsyncIterable<readonly WatchEvent[]>
