import { isPodReady, isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { StatefulSet, StatefulSetStatus } from '@kubets/shared/api/types/apps-v1.ts'
import type { Pod, PodTemplateSpec } from '@kubets/shared/api/types/core-v1.ts'
import { scaledValue } from '@kubets/shared/machinery/intstr.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { statefulSets as ref } from '@kubets/shared/api/resources.gen.ts'
import { availableIn } from '../pods/availability.ts'
import { nonZero } from '../status.ts'
import { isBeyond } from './claims.ts'
import { newPod, ordinalOf, replicasOf, revisionOf, startOrdinal, withIdentity } from './identity.ts'

/** A revision as far as Pods are made of it. */
export interface Version {
  readonly name: string
  readonly template: PodTemplateSpec
}

/** What a reconcile sees of a set. */
export interface StatefulSeen {
  readonly set: StatefulSet
  /** The Pods the set controls, dying ones included. */
  readonly pods: readonly Pod[]
  /** What Pods that are not to be updated yet are made of. */
  readonly current: Version
  readonly update: Version
  /** Whether a claim of the Pod to be made is on its way out with an earlier one. */
  readonly isStale: (pod: Pod) => boolean
}

/** One write, and what it is for. */
export type Action =
  | { readonly kind: 'create'; readonly pod: Pod }
  | { readonly kind: 'delete'; readonly pod: Pod }
  | { readonly kind: 'label'; readonly pod: Pod }

/** What its status is made of. */
interface StatusSeen extends Pick<StatefulSeen, 'set' | 'pods'> {
  readonly current: Pick<Version, 'name'>
  readonly update: Pick<Version, 'name'>
}

export interface StatefulPlan {
  readonly actions: readonly Action[]
  /** Pods whose claims are looked after: those that are there and stay, and when all of these are well, those that go. */
  readonly claimants: readonly Pod[]
}

const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined
const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod)
/** A Pod that the server has accepted has a phase. */
const isCreated = ({ status }: Pod): boolean => status?.phase !== undefined && status.phase !== ''

/** Running, ready for long enough, and not on its way out. */
const isAvailable = ({ spec }: StatefulSet, pod: Pod, now: number): boolean =>
  pod.status?.phase === 'Running' && availableIn(pod, spec.minReadySeconds ?? 0, now) === 0
const isHealthy = (set: StatefulSet, pod: Pod, now: number): boolean => isAvailable(set, pod, now) && !isGoing(pod)

/** The lowest number that a rolling update changes. */
const partitionOf = ({ spec }: StatefulSet): number =>
  spec.updateStrategy?.type === 'RollingUpdate' ? (spec.updateStrategy.rollingUpdate?.partition ?? 0) : 0

// pkg/controller/statefulset/stateful_set_utils.go newVersionedStatefulSetPod
const versionFor = ({ set, current, update }: StatefulSeen, ordinal: number): Version => {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  if (type !== 'RollingUpdate') return update
  const below = rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0)
  return ordinal < startOrdinal(set) + below ? current : update
}

/**
 * What to write now. In order (OrderedReady) that is one Pod at a time, each when the one before is well; in parallel it is all
 * of them, except that an update takes down no more Pods than may be unavailable.
 */
// pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
export const plan = (seen: StatefulSeen, now: number): StatefulPlan => {
  const { set, pods } = seen
  if (set.metadata.deletionTimestamp !== undefined) return { actions: [], claimants: [] }
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel'
  const there = new Map(pods.filter((pod) => !isBeyond(set, ordinalOf(pod))).map((pod) => [ordinalOf(pod), pod]))
  const condemned = pods
    .filter((pod) => isBeyond(set, ordinalOf(pod)) && ordinalOf(pod) >= 0)
    .toSorted((a, b) => ordinalOf(b) - ordinalOf(a))
  const actions: Action[] = []
  const claimants: Pod[] = []

  for (let index = 0; index < replicasOf(set); index++) {
    const ordinal = startOrdinal(set) + index
    const pod = there.get(ordinal)
    const { action, wait } = pod ? keep(set, pod, isOrdered, now) : make(seen, ordinal)
    if (action) actions.push(action)
    if (pod && !isPodTerminal(pod)) claimants.push(pod)
    if (wait && isOrdered) return { actions, claimants }
  }
  claimants.push(...condemned)
  const firstUnhealthy = [...there.values(), ...condemned]
    .filter((pod) => !isHealthy(set, pod, now))
    .toSorted((a, b) => ordinalOf(a) - ordinalOf(b))[0]
  for (const pod of condemned) {
    const mayGo = isAvailable(set, pod, now) || pod === firstUnhealthy
    if (!isGoing(pod) && (mayGo || !isOrdered)) actions.push({ kind: 'delete', pod })
    // going or not, those below come when it is gone
    if (isOrdered) return { actions, claimants }
  }
  // what is made now is of the right revision already, and what is missing counts as unavailable
  if (actions.some(({ kind }) => kind !== 'label')) return { actions, claimants }
  return { actions: [...actions, ...updates(seen, there, now)], claimants }
}

/** `wait`: in order, nothing beyond this Pod is looked at. */
interface Kept {
  readonly action?: Action
  readonly wait: boolean
}

// pkg/controller/statefulset/stateful_set_control.go processReplica
const make = (seen: StatefulSeen, ordinal: number): Kept => {
  const { name, template } = versionFor(seen, ordinal)
  const pod = newPod(seen.set, template, name, ordinal, newControllerRef(seen.set, ref))
  return seen.isStale(pod) ? { wait: true } : { action: { kind: 'create', pod }, wait: true }
}

const keep = (set: StatefulSet, pod: Pod, isOrdered: boolean, now: number): Kept => {
  if (isPodTerminal(pod)) return isGoing(pod) ? { wait: true } : { action: { kind: 'delete', pod }, wait: true }
  const labelled = withIdentity(set, pod)
  return {
    ...(labelled && (!isOrdered || isHealthy(set, pod, now))
      ? { action: { kind: 'label', pod: labelled } as const }
      : {}),
    wait: !isHealthy(set, pod, now),
  }
}

/** Pods of another revision to take down, highest number first. */
// pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
const updates = ({ set, update }: StatefulSeen, there: ReadonlyMap<number, Pod>, now: number): Action[] => {
  if (set.spec.updateStrategy?.type === 'OnDelete') return []
  const most = Math.max(
    1,
    scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, replicasOf(set), false),
  )
  const least = startOrdinal(set) + partitionOf(set)
  const isOutdated = (pod: Pod): boolean => revisionOf(pod) !== update.name && !isGoing(pod)
  const descending = [...there.values()].toSorted((a, b) => ordinalOf(b) - ordinalOf(a))
  const isLimited = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable !== undefined
  if (isLimited && set.spec.podManagementPolicy === 'Parallel') {
    const isWell = (pod: Pod): boolean => isHealthy(set, pod, now)
    const outdated = descending.filter((pod) => ordinalOf(pod) >= least && isOutdated(pod))
    return withinLimit(outdated, most - descending.filter((pod) => !isWell(pod)).length, isWell)
  }
  const result: Action[] = []
  let unavailable = 0
  for (const pod of descending) {
    if (unavailable >= most || ordinalOf(pod) < least) break
    if (isOutdated(pod)) result.push({ kind: 'delete', pod })
    if (isOutdated(pod) || !isHealthy(set, pod, now)) unavailable++
  }
  return result
}

/** All that serve nobody, which costs nothing, and then as many others as the limit leaves. */
// pkg/controller/statefulset/stateful_set_control.go updateStatefulSetAfterInvariantEstablished
const withinLimit = (outdated: readonly Pod[], left: number, isWell: (pod: Pod) => boolean): Action[] => {
  const broken = outdated.filter((pod) => !isWell(pod))
  const others = outdated.filter(isWell).slice(0, Math.max(0, left))
  return [...broken, ...others].map((pod) => ({ kind: 'delete', pod }))
}

/**
 * The status of a set that is being deleted, while Pods of it are still there. Its revisions may be gone before them, so
 * they are the ones known last; undefined where none was known yet.
 */
// pkg/controller/statefulset/stateful_set_control.go updateStatefulSet
export const planLast = (set: StatefulSet, pods: readonly Pod[], now: number): StatefulSetStatus | undefined => {
  const { currentRevision, updateRevision, collisionCount = 0 } = set.status ?? {}
  if (!currentRevision || !updateRevision) return undefined
  const revisions = { current: { name: currentRevision }, update: { name: updateRevision } }
  return planStatus({ set, pods, ...revisions }, collisionCount, now).status
}

/** The status for what is there before anything is written; `checkAfter` is when a Pod becomes available by time alone. */
// pkg/controller/statefulset/stateful_set_control.go updateStatus, stateful_set_utils.go completeRollingUpdate
export const planStatus = (
  { set, pods, current, update }: StatusSeen,
  collisionCount: number,
  now: number,
): { status: StatefulSetStatus; checkAfter: number | undefined } => {
  const created = pods.filter(isCreated)
  const ready = pods.filter(isRunningAndReady)
  const staying = created.filter((pod) => !isGoing(pod))
  const waits = ready.map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, now) ?? 0).filter((wait) => wait > 0)
  const updated = staying.filter((pod) => revisionOf(pod) === update.name).length
  const replicas = replicasOf(set)
  const isComplete =
    set.spec.updateStrategy?.type === 'RollingUpdate' &&
    [updated, created.length, ready.length].every((count) => count === replicas)
  return {
    status: {
      replicas: created.length,
      availableReplicas: pods.filter((pod) => isAvailable(set, pod, now)).length,
      ...nonZero({
        observedGeneration: set.metadata.generation ?? 0,
        readyReplicas: ready.length,
        currentReplicas: isComplete ? updated : staying.filter((pod) => revisionOf(pod) === current.name).length,
        updatedReplicas: updated,
      }),
      // a pointer in Go, so that 0 is written
      collisionCount,
      currentRevision: isComplete ? update.name : current.name,
      updateRevision: update.name,
      ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
    },
    checkAfter: waits.length > 0 ? Math.min(...waits) : undefined,
  }
}
