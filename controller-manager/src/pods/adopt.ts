import type { Client } from '@kubets/shared/client/client.ts'
import { isInvalid, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { adoptPatch, releasePatch } from './claim.ts'
import type { Claim } from './claim.ts'

export interface Adopter {
  client: Client
  owner: KubeObject
  ownerRef: ResourceRef
  /** Set on what is adopted. */
  finalizer?: string
  signal: AbortSignal
}

/**
 * Writes a claim's adoptions and releases and returns everything that is owned afterwards. Before the first adoption
 * the owner is read live: one that was deleted or replaced adopts nothing and this throws.
 */
// pkg/controller/controller_ref_manager.go PodControllerRefManager.AdoptPod, ReleasePod
export const applyClaim = async <T extends KubeObject>(
  { client, owner, ownerRef, finalizer, signal }: Adopter,
  ref: ResourceRef<T>,
  claim: Claim<T>,
): Promise<T[]> => {
  const { name = '', namespace, uid = '' } = owner.metadata
  const owned = [...claim.owned]
  for (const object of claim.release) {
    const patch = releasePatch(object, uid)
    try {
      await client.patch(ref, object.metadata.name ?? '', patch, { type: 'strategic', namespace, signal })
    } catch (error) {
      // Gone, or replaced by a namesake, or released already: nothing is left to release.
      if (!isNotFound(error) && !isInvalid(error)) throw error
    }
  }
  if (claim.adopt.length === 0) return owned
  const live = await client.get(ownerRef, name, { namespace, signal })
  if (live.metadata.uid !== uid)
    throw new Error(
      `original ${ownerRef.kind} ${namespace}/${name} is gone: got uid ${live.metadata.uid}, wanted ${uid}`,
    )
  if (live.metadata.deletionTimestamp !== undefined)
    throw new Error(`${namespace}/${name} has just been deleted at ${live.metadata.deletionTimestamp}`)
  for (const object of claim.adopt) {
    const patch = adoptPatch(object, newControllerRef(owner, ownerRef), finalizer)
    try {
      owned.push(await client.patch(ref, object.metadata.name ?? '', patch, { type: 'strategic', namespace, signal }))
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return owned
}
