import { isPodReady, isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { DaemonSet, DaemonSetStatus } from '@kubets/shared/api/types/apps-v1.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { scaledValue } from '@kubets/shared/machinery/intstr.ts'
import { availableIn } from '../pods/availability.ts'
import { nonZero } from '../status.ts'
import { revisionHashLabel } from '../history/revisions.ts'
import { isUpdated, placementFor, targetNode, type Placement } from './placement.ts'

/** What a reconcile sees of a set. */
export interface DaemonsSeen {
  readonly set: DaemonSet
  readonly nodes: readonly Node[]
  /** The Pods the set controls, dying ones included. */
  readonly pods: readonly Pod[]
  /** Of the current revision. */
  readonly hash: string
  /** Milliseconds until a failed Pod of the node may be replaced; 0: now. */
  readonly failedWait: (node: string) => number
}

/** What is to be written, and when to look again although nothing happens. */
export interface DaemonPlan {
  /** The nodes that get a Pod. */
  readonly create: string[]
  readonly delete: Pod[]
  /** Pods that ended, which a daemon must not; each is deleted and told of. */
  readonly ended: { readonly pod: Pod; readonly node: string }[]
  readonly checkAfter: number | undefined
}

// pkg/controller/daemon/daemon_controller.go BurstReplicas
const burst = 250

/** The set's Pods by the node each is on or meant for. */
// pkg/controller/daemon/daemon_controller.go getNodesToDaemonPods
export const byNode = (pods: readonly Pod[]): Map<string, Pod[]> => {
  const result = new Map<string, Pod[]>()
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined && isPodTerminal(pod)) continue
    const node = targetNode(pod)
    if (node === undefined) continue
    const there = result.get(node)
    if (there) there.push(pod)
    else result.set(node, [pod])
  }
  return result
}

/** Pods that have a node first, then the oldest. */
// pkg/controller/daemon/daemon_controller.go podByCreationTimestampAndPhase
const oldestFirst = (pods: readonly Pod[]): Pod[] =>
  pods.toSorted((a, b) => {
    if (Boolean(a.spec.nodeName) !== Boolean(b.spec.nodeName)) return a.spec.nodeName ? -1 : 1
    const [timeA, timeB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
    if (timeA !== timeB) return timeA < timeB ? -1 : 1
    return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
  })

const isGoing = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined
const nameOf = ({ metadata }: Node): string => metadata.name ?? ''

/** First a Pod on every node that should have one and none elsewhere; when that is so, one step of the rollout. */
// pkg/controller/daemon/daemon_controller.go updateDaemonSet
export const plan = (seen: DaemonsSeen, now: number): DaemonPlan => {
  const placement = placementFor(seen.set)
  const there = byNode(seen.pods)
  const managed = manage(seen, placement, there, now)
  if (managed.create.length + managed.delete.length > 0) return managed
  if (seen.set.spec.updateStrategy?.type !== 'RollingUpdate') return managed
  return { ...managed, ...roll(seen, placement, there, now) }
}

// pkg/controller/daemon/daemon_controller.go manage
const manage = (
  seen: DaemonsSeen,
  placement: (node: Node) => Placement,
  there: ReadonlyMap<string, readonly Pod[]>,
  now: number,
): DaemonPlan => {
  const create: string[] = []
  const remove: Pod[] = []
  const ended: { pod: Pod; node: string }[] = []
  let checkAfter: number | undefined
  for (const node of seen.nodes) {
    const { run, stay } = placement(node)
    const pods = there.get(nameOf(node))
    if (run && pods === undefined) create.push(nameOf(node))
    else if (stay) {
      const alive: Pod[] = []
      for (const pod of pods ?? []) {
        if (isGoing(pod)) continue
        if (!isPodTerminal(pod)) {
          alive.push(pod)
          continue
        }
        const wait = pod.status?.phase === 'Failed' ? seen.failedWait(nameOf(node)) : 0
        if (wait > 0) checkAfter = Math.min(checkAfter ?? wait, wait)
        else {
          remove.push(pod)
          ended.push({ pod, node: nameOf(node) })
        }
      }
      // a rollout that surges does not wait until the last Pod is gone
      if (run && alive.length === 0 && maxSurge(seen.set, 1) > 0) create.push(nameOf(node))
      remove.push(...excess(seen, oldestFirst(alive), now))
    } else remove.push(...(pods ?? []).filter((pod) => !isGoing(pod)))
  }
  const known = new Set(seen.nodes.map(nameOf))
  for (const [node, pods] of there)
    if (!known.has(node)) remove.push(...pods.filter((pod) => !pod.spec.nodeName && !isGoing(pod)))
  return { create: create.slice(0, burst), delete: remove.slice(0, burst), ended, checkAfter }
}

/** Of a node's Pods, oldest first, those that are too many: all but one, or while a rollout surges, but two. */
// pkg/controller/daemon/daemon_controller.go podsShouldBeOnNode
const excess = ({ set, hash }: DaemonsSeen, pods: readonly Pod[], now: number): Pod[] => {
  if (pods.length <= 1) return []
  if (maxSurge(set, 1) === 0) return pods.slice(1)
  const isNew = ({ metadata }: Pod): boolean => metadata.labels?.[revisionHashLabel] === hash
  const newest = pods.find(isNew)
  const old = pods.find((pod) => !isNew(pod))
  const result = pods.filter((pod) => pod !== newest && pod !== old)
  if (newest && old && (!isPodReady(old) || isAvailable(set, newest, now))) result.push(old)
  return result
}

const isAvailable = (set: DaemonSet, pod: Pod, now: number): boolean =>
  availableIn(pod, set.spec.minReadySeconds ?? 0, now) === 0

// pkg/controller/daemon/util/daemonset_util.go SurgeCount
const maxSurge = ({ spec }: DaemonSet, desired: number): number => {
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxSurge ?? 0, desired, true) : 0
}

// pkg/controller/daemon/util/daemonset_util.go UnavailableCount
const maxUnavailable = ({ spec }: DaemonSet, desired: number): number =>
  scaledValue(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 0, desired, true)

/** The old and the new Pod of a node; undefined when there are several of a sort, which `manage` mends first. */
// pkg/controller/daemon/update.go findUpdatedPodsOnNode
const oldAndNew = ({ set, hash }: DaemonsSeen, pods: readonly Pod[]): { old?: Pod; new?: Pod } | undefined => {
  const alive = pods.filter((pod) => !isGoing(pod))
  const updated = alive.filter((pod) => isUpdated(set, hash, pod))
  const outdated = alive.filter((pod) => !isUpdated(set, hash, pod))
  if (updated.length > 1 || outdated.length > 1) return undefined
  return { ...(outdated[0] && { old: outdated[0] }), ...(updated[0] && { new: updated[0] }) }
}

// pkg/controller/daemon/update.go rollingUpdate, updatedDesiredNodeCounts
const roll = (
  seen: DaemonsSeen,
  placement: (node: Node) => Placement,
  there: ReadonlyMap<string, readonly Pod[]>,
  now: number,
): Pick<DaemonPlan, 'create' | 'delete'> => {
  const wanted = seen.nodes.filter((node) => placement(node).run).map(nameOf)
  const nodes = [...new Set([...there.keys(), ...wanted])]
  const surge = maxSurge(seen.set, wanted.length)
  const unavailable = maxUnavailable(seen.set, wanted.length)
  if (surge > 0) return rollBySurge(seen, nodes, there, surge, now)
  return { create: [], delete: rollByDeletion(seen, nodes, there, Math.max(1, unavailable), now) }
}

/** Old Pods to delete: those that serve nobody, and as many others as may be unavailable. */
const rollByDeletion = (
  seen: DaemonsSeen,
  nodes: readonly string[],
  there: ReadonlyMap<string, readonly Pod[]>,
  mostUnavailable: number,
  now: number,
): Pod[] => {
  let unavailable = 0
  const broken: Pod[] = []
  const candidates: Pod[] = []
  for (const node of nodes) {
    const found = oldAndNew(seen, there.get(node) ?? [])
    if (!found || Boolean(found.old) === Boolean(found.new)) unavailable++
    else if (found.new) {
      if (!isAvailable(seen.set, found.new, now)) unavailable++
    } else if (found.old) {
      if (isAvailable(seen.set, found.old, now)) candidates.push(found.old)
      else broken.push(found.old)
    }
  }
  const free = Math.max(0, mostUnavailable - unavailable)
  return [...broken, ...candidates.slice(0, free)].slice(0, burst)
}

/** Nodes that get a new Pod beside the old one, and old Pods whose successor is there. */
const rollBySurge = (
  seen: DaemonsSeen,
  nodes: readonly string[],
  there: ReadonlyMap<string, readonly Pod[]>,
  mostSurge: number,
  now: number,
): Pick<DaemonPlan, 'create' | 'delete'> => {
  let surging = 0
  const broken: string[] = []
  const candidates: string[] = []
  const remove: Pod[] = []
  for (const node of nodes) {
    const found = oldAndNew(seen, there.get(node) ?? [])
    if (!found) surging++
    else if (!found.old) continue
    else if (found.new) {
      if (isAvailable(seen.set, found.new, now)) remove.push(found.old)
      else surging++
    } else if (isAvailable(seen.set, found.old, now)) candidates.push(node)
    else broken.push(node)
  }
  const free = Math.max(0, mostSurge - surging)
  return { create: [...broken, ...candidates.slice(0, free)].slice(0, burst), delete: remove.slice(0, burst) }
}

/** The status for what is there; `checkAfter` is when a ready Pod becomes available by time alone. */
// pkg/controller/daemon/daemon_controller.go updateDaemonSetStatus
export const planStatus = (
  { set, nodes, pods, hash }: Pick<DaemonsSeen, 'set' | 'nodes' | 'pods' | 'hash'>,
  { observedGeneration, collisionCount }: { observedGeneration: number; collisionCount: number },
  now: number,
): { status: DaemonSetStatus; checkAfter: number | undefined } => {
  const placement = placementFor(set)
  const there = byNode(pods)
  let desired = 0
  let current = 0
  let misscheduled = 0
  let ready = 0
  let available = 0
  let updated = 0
  let checkAfter: number | undefined
  for (const node of nodes) {
    const pod = oldestFirst(there.get(nameOf(node)) ?? [])[0]
    if (!placement(node).run) {
      if (pod) misscheduled++
      continue
    }
    desired++
    if (!pod) continue
    current++
    if (isUpdated(set, hash, pod)) updated++
    const wait = availableIn(pod, set.spec.minReadySeconds ?? 0, now)
    if (wait === undefined) continue
    ready++
    if (wait === 0) available++
    else checkAfter = Math.min(checkAfter ?? wait, wait)
  }
  return {
    status: {
      currentNumberScheduled: current,
      numberMisscheduled: misscheduled,
      desiredNumberScheduled: desired,
      numberReady: ready,
      ...nonZero({
        observedGeneration,
        updatedNumberScheduled: updated,
        numberAvailable: available,
        numberUnavailable: desired - available,
        collisionCount,
      }),
      ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
    },
    checkAfter,
  }
}
