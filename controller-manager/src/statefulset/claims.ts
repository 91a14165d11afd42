import { pods, statefulSets } from '@kubets/shared/api/resources.gen.ts'
import type { StatefulSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { ordinalOf, replicasOf, startOrdinal } from './identity.ts'

/** Whether the set has no place for this number (any more). */
// pkg/controller/statefulset/stateful_set_utils.go podInOrdinalRange
export const isBeyond = (set: StatefulSet, ordinal: number): boolean =>
  ordinal < startOrdinal(set) || ordinal >= startOrdinal(set) + replicasOf(set)

const isSet = (set: StatefulSet, { kind, name }: OwnerReference): boolean =>
  kind === 'StatefulSet' && name === set.metadata.name
const isPod = (pod: Pod, { kind, name }: OwnerReference): boolean => kind === 'Pod' && name === pod.metadata.name

/** Who controls a claim by the set's policy: the set, the Pod that is scaled away, or nobody. */
// pkg/controller/statefulset/stateful_set_utils.go updateClaimOwnerRefForSetAndPod
const ownerOf = (set: StatefulSet, pod: Pod): OwnerReference | undefined => {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenScaled === 'Delete' && isBeyond(set, ordinalOf(pod))) return newControllerRef(pod, pods)
  return whenDeleted === 'Delete' ? newControllerRef(set, statefulSets) : undefined
}

/**
 * The claim with the owner it should have; undefined when it has it. One of an earlier set or Pod of the name is left to
 * the garbage collector; one that somebody else controls is that one's alone, where the policy is to delete at all.
 */
// pkg/controller/statefulset/stateful_set_utils.go isClaimOwnerUpToDate
export const withOwner = (
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
): PersistentVolumeClaim | undefined => {
  const references = claim.metadata.ownerReferences ?? []
  const own = references.filter((one) => isSet(set, one) || isPod(pod, one))
  if (own.some((one) => one.uid !== (isSet(set, one) ? set : pod).metadata.uid)) return undefined
  const others = references.filter((one) => !own.includes(one))
  const owner = others.some(({ controller }) => controller) ? undefined : ownerOf(set, pod)
  const isKept = owner ? own.length === 1 && own[0]?.uid === owner.uid && own[0].controller : own.length === 0
  if (isKept) return undefined
  const { ownerReferences: _, ...metadata } = claim.metadata
  const wanted = owner ? [...others, owner] : others
  return { ...claim, metadata: wanted.length > 0 ? { ...metadata, ownerReferences: wanted } : metadata }
}

/** Whether a claim still belongs to an earlier Pod of this name: it is about to go, and a new Pod must wait for that. */
// pkg/controller/statefulset/stateful_set_utils.go hasStaleOwnerRef
export const isStale = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  (claim.metadata.ownerReferences ?? []).some((one) => isPod(pod, one) && one.uid !== pod.metadata.uid)
