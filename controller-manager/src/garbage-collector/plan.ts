import type { ObjectMeta, OwnerReference } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { foregroundFinalizer, orphanFinalizer } from './graph.ts'

/** How an owner was found by a live read; `impossible` is one that cannot be looked for. */
export type OwnerState = 'present' | 'absent' | 'waitingForDependents' | 'impossible'

export interface ObjectSeen {
  /** The live object's metadata. */
  metadata: ObjectMeta
  owners: { reference: OwnerReference; state: OwnerState }[]
  hasDependents: boolean
  /** True when one of its dependants is itself in foreground deletion: waiting for it could be for ever. */
  dependentsDeleteInForeground: boolean
}

export type ObjectAction =
  | { type: 'nothing' }
  /** Keeps these references. */
  | { type: 'setOwners'; ownerReferences: OwnerReference[] }
  /** Where there are references, they are set first: the object then holds up none of its owners. */
  | { type: 'delete'; policy: 'Background' | 'Foreground' | 'Orphan'; ownerReferences?: OwnerReference[] }

const policyOf = ({ finalizers = [] }: ObjectMeta): 'Background' | 'Foreground' | 'Orphan' => {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan'
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background'
}

/** What becomes of an object, given the state of its owners: it lives as long as one of them does. */
// pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
export const plan = (seen: ObjectSeen): ObjectAction => {
  const { metadata, owners } = seen
  if (owners.length === 0 || owners.some(({ state }) => state === 'impossible')) return { type: 'nothing' }
  const present = owners.filter(({ state }) => state === 'present').map(({ reference }) => reference)
  if (present.length === owners.length) return { type: 'nothing' }
  if (present.length > 0) return { type: 'setOwners', ownerReferences: present }
  const waiting = owners.some(({ state }) => state === 'waitingForDependents')
  if (!waiting || !seen.hasDependents) return { type: 'delete', policy: policyOf(metadata) }
  if (!seen.dependentsDeleteInForeground) return { type: 'delete', policy: 'Foreground' }
  const ownerReferences = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }))
  return { type: 'delete', policy: 'Foreground', ownerReferences }
}

/** How a live owner counts; `undefined` where none of that name, or another of that name, was found. */
// pkg/controller/garbagecollector/garbagecollector.go isDangling, classifyReferences
export const ownerState = (reference: OwnerReference, live: ObjectMeta | undefined): OwnerState => {
  if (live?.uid !== reference.uid) return 'absent'
  const inForeground = live.deletionTimestamp !== undefined && (live.finalizers ?? []).includes(foregroundFinalizer)
  return inForeground ? 'waitingForDependents' : 'present'
}
