import { clone } from '@kubets/shared/machinery/deep.ts'
import type { DeleteOptions } from '@kubets/shared/machinery/meta-v1.gen.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'

export interface DeletionInput {
  object: KubeObject
  options: DeleteOptions
  /** Seconds the kind keeps a deleted object, given what was asked; undefined: it goes at once. */
  gracePeriod: number | undefined
  /** Something beside metadata.finalizers holds the object. */
  held: boolean
  /** Milliseconds since the epoch. */
  now: number
}

export type Deletion =
  /** Nothing holds it. */
  | { action: 'remove' }
  /** It stays, changed like this. */
  | { action: 'mark'; object: KubeObject }
  /** It is on its way already, and this request does not hasten it. */
  | { action: 'wait' }

/** What a delete does to an object. Pure; the result shares nothing with the input. */
// apiserver/pkg/registry/rest/delete.go BeforeDelete, generic/registry/store.go updateForGracefulDeletionAndFinalizers
export function planDeletion({ object, options: given, gracePeriod, held, now }: DeletionInput): Deletion {
  const options = { ...given, ...((given.gracePeriodSeconds ?? 0) < 0 ? { gracePeriodSeconds: 1 } : {}) }
  const { metadata } = object
  const finalizers = garbageCollectionFinalizers(metadata.finalizers ?? [], options)
  const next = clone(object)
  if (finalizers.length > 0) next.metadata.finalizers = finalizers
  else delete next.metadata.finalizers
  const stays = held || finalizers.length > 0
  if (metadata.deletionTimestamp) {
    const promised = metadata.deletionGracePeriodSeconds ?? 0
    const asked = gracePeriod === undefined ? 0 : Math.min(options.gracePeriodSeconds ?? promised, promised)
    if (asked < promised) {
      if (asked === 0 && !stays) return { action: 'remove' }
      next.metadata.deletionTimestamp = formatTime(parseTime(metadata.deletionTimestamp) + (asked - promised) * 1000)
      next.metadata.deletionGracePeriodSeconds = asked
      return { action: 'mark', object: next }
    }
    if (promised > 0) return { action: 'wait' }
    if (!stays) return { action: 'remove' }
    const same = finalizers.join() === (metadata.finalizers ?? []).join()
    return same ? { action: 'wait' } : { action: 'mark', object: next }
  }
  const grace = gracePeriod ?? 0
  if (grace === 0 && !stays) return { action: 'remove' }
  next.metadata.deletionTimestamp = formatTime(now + grace * 1000)
  next.metadata.deletionGracePeriodSeconds = grace
  // controllers must see that the object is another one now
  if ((metadata.generation ?? 0) > 0) next.metadata.generation = (metadata.generation ?? 0) + 1
  return { action: 'mark', object: next }
}

// apiserver/pkg/registry/generic/registry/store.go deletionFinalizersForGarbageCollection
function garbageCollectionFinalizers(current: readonly string[], options: DeleteOptions): string[] {
  const policy = policyOf(options)
  if (policy === undefined) return [...current]
  const others = current.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion')
  if (policy === 'Orphan') return [...others, 'orphan']
  if (policy === 'Foreground') return [...others, 'foregroundDeletion']
  return others
}

function policyOf({ orphanDependents, propagationPolicy }: DeleteOptions): string | undefined {
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background'
  return propagationPolicy
}
