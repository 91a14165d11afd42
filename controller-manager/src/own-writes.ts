import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'

/** Whether one version is later than another: they are numbers in decimal notation, of any length. */
// apimachinery/pkg/util/resourceversion/resourceversion.go CompareResourceVersion
const isLater = (one: string, other: string): boolean =>
  one.length === other.length ? one > other : one.length > other.length

/**
 * Remembers how a controller last wrote its objects: what it decides by their status must not rest on an older one,
 * which a slow watch may still show.
 */
// pkg/controller/util/consistency/consistency.go ConsistencyStore
export class OwnWrites {
  readonly #last = new Map<string, { uid: string | undefined; version: string }>()

  /** The object is now this, as the server answered the write. */
  wrote(object: KubeObject): void {
    const { uid, resourceVersion } = object.metadata
    if (resourceVersion !== undefined) this.#last.set(objectKey(object), { uid, version: resourceVersion })
  }

  /** Whether an object from the cache is as it was last written here, or later. */
  isSeen(cached: KubeObject): boolean {
    const last = this.#last.get(objectKey(cached))
    if (last === undefined || last.uid !== cached.metadata.uid) return true
    return !isLater(last.version, cached.metadata.resourceVersion ?? '')
  }

  forget(key: string): void {
    this.#last.delete(key)
  }
}
