import type { StatefulSet } from '@kubets/shared/api/types/apps-v1.ts'
import type { PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { ordinalOf, replicasOf, startOrdinal } from './identity.ts'

/** Whether the set has no place for this number (any more). */
// pkg/controller/statefulset/stateful_set_utils.go podInOrdinalRange
export const isBeyond = (set: StatefulSet, ordinal: number): boolean =>
  ordinal < startOrdinal(set) || ordinal >= startOrdinal(set) + replicasOf(set)

const isSet = (set: StatefulSet, { kind, uid }: OwnerReference): boolean =>
  kind === 'StatefulSet' && uid === set.metadata.uid
const isPod = (pod: Pod, { kind, name }: OwnerReference): boolean => kind === 'Pod' && name === pod.metadata.name

/** Who owns a claim by the set's policy: the set, the Pod that is scaled away, or nobody. */
// pkg/controller/statefulset/stateful_set_utils.go updateClaimOwnerRefForSetAndPod
const ownerOf = (set: StatefulSet, pod: Pod): OwnerReference | undefined => {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenScaled === 'Delete' && isBeyond(set, ordinalOf(pod)))
    return { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' }
  if (whenDeleted !== 'Delete') return undefined
  const { name = '', uid = '' } = set.metadata
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true }
}

/** The claim with the owner it should have; undefined when it has it, or when somebody else controls it. */
// pkg/controller/statefulset/stateful_set_utils.go isClaimOwnerUpToDate
export const withOwner = (
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
): PersistentVolumeClaim | undefined => {
  const references = claim.metadata.ownerReferences ?? []
  if (references.some((one) => one.controller === true && !isSet(set, one))) return undefined
  const others = references.filter((one) => !isSet(set, one) && !isPod(pod, one))
  const owner = ownerOf(set, pod)
  const wanted = owner ? [...others, owner] : others
  const isSame = (a: OwnerReference, b: OwnerReference): boolean => a.kind === b.kind && a.uid === b.uid
  if (wanted.length === references.length && wanted.every((one) => references.some((other) => isSame(one, other))))
    return undefined
  const { ownerReferences: _, ...metadata } = claim.metadata
  const now = { ...claim, metadata: wanted.length > 0 ? { ...metadata, ownerReferences: wanted } : metadata }
  return deepEqual(now, claim) ? undefined : now
}

/** Whether a claim still belongs to an earlier Pod of this name: it is about to go, and a new Pod must wait for that. */
// pkg/controller/statefulset/stateful_set_utils.go hasStaleOwnerRef
export const isStale = (pod: Pod, claim: PersistentVolumeClaim): boolean =>
  (claim.metadata.ownerReferences ?? []).some((one) => isPod(pod, one) && one.uid !== pod.metadata.uid)
