import type { Node, Taint } from '@kubets/shared/api/types/core-v1.ts'
import { getCondition } from '@kubets/shared/api/pod.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

export const notReadyKey = 'node.kubernetes.io/not-ready'
export const unreachableKey = 'node.kubernetes.io/unreachable'

// pkg/controller/nodelifecycle/node_lifecycle_controller.go nodeConditionToTaintKeyStatusMap
const taintByCondition: Record<string, Record<string, string>> = {
  Ready: { False: notReadyKey, Unknown: unreachableKey },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}
const unschedulableKey = 'node.kubernetes.io/unschedulable'

const ownNoSchedule: ReadonlySet<string> = new Set([
  unschedulableKey,
  ...Object.values(taintByCondition).flatMap((keys) => Object.values(keys)),
])
const ownNoExecute: ReadonlySet<string> = new Set([notReadyKey, unreachableKey])

const isReporting = (node: Node): boolean => getCondition(node.status?.conditions, 'Ready') !== undefined

/** What is known of a node; of one that has not reported yet that is nothing. */
export const readiness = (node: Node): string => getCondition(node.status?.conditions, 'Ready')?.status ?? 'Unknown'

/** Out of touch: not so a new node, which has its time to report first. */
export const isLost = (node: Node): boolean => isReporting(node) && readiness(node) === 'Unknown'

/** Keeps new Pods away: by condition and by cordon. */
// pkg/controller/nodelifecycle/node_lifecycle_controller.go doNoScheduleTaintingPass
export const noScheduleKeys = (node: Node): Set<string> => {
  const keys = new Set<string>()
  for (const condition of node.status?.conditions ?? []) {
    const key = taintByCondition[condition.type]?.[condition.status]
    if (key) keys.add(key)
  }
  if (node.spec.unschedulable) keys.add(unschedulableKey)
  return keys
}

const ownNoExecuteOf = (node: Node): string | undefined =>
  (node.spec.taints ?? []).find(({ key, effect }) => effect === 'NoExecute' && ownNoExecute.has(key))?.key

/** The taint that makes Pods leave, by readiness; undefined on a ready node. One that has not reported keeps what it has. */
// pkg/controller/nodelifecycle/node_lifecycle_controller.go monitorNodeHealth, processTaintBaseEviction
export const noExecuteKey = (node: Node): string | undefined =>
  isReporting(node) ? taintByCondition.Ready?.[readiness(node)] : ownNoExecuteOf(node)

export const hasNoExecute = (node: Node): boolean => ownNoExecuteOf(node) !== undefined

/** The node's taints with ours as given; undefined when they are so. Foreign taints stay, and so do times. */
export const withTaints = (
  node: Node,
  noSchedule: ReadonlySet<string>,
  noExecute: string | undefined,
  now: number,
): Taint[] | undefined => {
  const current = node.spec.taints ?? []
  const wanted = (taint: Taint): boolean => {
    if (taint.effect === 'NoSchedule' && ownNoSchedule.has(taint.key)) return noSchedule.has(taint.key)
    if (taint.effect === 'NoExecute' && ownNoExecute.has(taint.key)) return taint.key === noExecute
    return true
  }
  const kept = current.filter(wanted)
  const has = (key: string, effect: string): boolean =>
    kept.some((taint) => taint.key === key && taint.effect === effect)
  const timeAdded = formatTime(now)
  const added: Taint[] = [...noSchedule]
    .filter((key) => !has(key, 'NoSchedule'))
    .map((key) => ({ key, effect: 'NoSchedule', timeAdded }))
  if (noExecute && !has(noExecute, 'NoExecute')) added.push({ key: noExecute, effect: 'NoExecute', timeAdded })
  return added.length === 0 && kept.length === current.length ? undefined : [...kept, ...added]
}
