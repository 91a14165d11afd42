import { controllerOf } from '@kubets/shared/machinery/object.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'

/** What an owner does with the objects its selector or their references point at. */
export interface Claim<T> {
  owned: T[]
  adopt: T[]
  release: T[]
}

/**
 * Sorts candidates of the owner's namespace into those it owns, those to adopt (matching and without a controller)
 * and those to release (owned, no longer matching). An owner that is being deleted neither adopts nor releases.
 */
// pkg/controller/controller_ref_manager.go BaseControllerRefManager.ClaimObject
export const claim = <T extends KubeObject>(
  owner: KubeObject,
  matches: (labels: Record<string, string>) => boolean,
  candidates: readonly T[],
): Claim<T> => {
  const result: Claim<T> = { owned: [], adopt: [], release: [] }
  const ownerGoing = owner.metadata.deletionTimestamp !== undefined
  for (const candidate of candidates) {
    const controller = controllerOf(candidate)
    const matching = matches(candidate.metadata.labels ?? {})
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue
      if (matching) result.owned.push(candidate)
      else if (!ownerGoing) result.release.push(candidate)
    } else if (matching && !ownerGoing && candidate.metadata.deletionTimestamp === undefined) {
      result.adopt.push(candidate)
    }
  }
  return result
}

/** Strategic merge patch that makes the reference's owner the controller; the uid guards against a namesake. */
export const adoptPatch = (object: KubeObject, reference: OwnerReference, finalizer?: string): object => ({
  metadata: {
    uid: object.metadata.uid,
    ownerReferences: [reference],
    ...(finalizer === undefined ? {} : { finalizers: [finalizer] }),
  },
})

/** Strategic merge patch that takes the owner's reference away. */
export const releasePatch = (object: KubeObject, ownerUid: string): object => ({
  metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: 'delete', uid: ownerUid }] },
})
