import { getCondition, isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Reason } from './metrics.ts'

// How long a missing node is given to turn out to be a late cache; pkg/controller/podgc/gc_controller.go quarantineTime
const quarantineMs = 40_000

export interface PodsSeen {
  pods: readonly Pod[]
  nodes: ReadonlyMap<string, Node>
  /** When each missing node was first missed. */
  missing: ReadonlyMap<string, number>
  terminatedThreshold: number
}

export interface PodsPlan {
  /** Finished Pods above the threshold: evicted ones first, then the oldest. */
  finished: Pod[]
  /** On their way out and never placed: no kubelet will end them. */
  unplaced: Pod[]
  /** On their way out on a node declared out of service. */
  outOfService: Pod[]
  /** By missing node; whoever acts makes sure that the node is gone. */
  orphaned: Map<string, Pod[]>
  missing: Map<string, number>
}

const isOutOfService = (node: Node | undefined): boolean =>
  node !== undefined &&
  getCondition(node.status?.conditions, 'Ready')?.status !== 'True' &&
  (node.spec.taints ?? []).some((taint) => taint.key === 'node.kubernetes.io/out-of-service')

/** The Pods that nobody else will ever remove. */
// pkg/controller/podgc/gc_controller.go gc
export const plan = (seen: PodsSeen, now: number): PodsPlan => {
  const result: PodsPlan = { finished: [], unplaced: [], outOfService: [], orphaned: new Map(), missing: new Map() }
  for (const pod of seen.pods) {
    const nodeName = pod.spec?.nodeName
    const going = pod.metadata.deletionTimestamp !== undefined
    if (!nodeName) {
      if (going) result.unplaced.push(pod)
      continue
    }
    const node = seen.nodes.get(nodeName)
    if (node) {
      if (going && isOutOfService(node)) result.outOfService.push(pod)
      continue
    }
    const since = seen.missing.get(nodeName) ?? now
    result.missing.set(nodeName, since)
    if (now - since < quarantineMs) continue
    result.orphaned.set(nodeName, [...(result.orphaned.get(nodeName) ?? []), pod])
  }
  if (seen.terminatedThreshold > 0) {
    const finished = seen.pods.filter((pod) => isPodTerminal(pod))
    const excess = finished.length - seen.terminatedThreshold
    if (excess > 0) result.finished = finished.sort(byEvictionAndAge).slice(0, excess)
  }
  return result
}

/** What is written into the status of a Pod before it is removed: no kubelet will, and only a lost node is a disruption. */
// pkg/controller/podgc/gc_controller.go gcOrphaned, markFailedAndDeletePodWithCondition
export const endOf = (
  pod: Pod,
  reason: Reason,
): { phase?: 'Failed'; because?: { reason: string; message: string } } => {
  if (isPodTerminal(pod)) return {}
  if (reason !== 'orphaned') return { phase: 'Failed' }
  return { phase: 'Failed', because: { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' } }
}

// pkg/kubelet/eviction/helpers.go PodIsEvicted
const isEvicted = ({ status }: Pod): boolean => status?.phase === 'Failed' && status.reason === 'Evicted'

/** Evicted Pods go first: they take the place of those that tell how the work of others went. */
// pkg/controller/podgc/gc_controller.go byEvictionAndCreationTimestamp
const byEvictionAndAge = (a: Pod, b: Pod): number => {
  if (isEvicted(a) !== isEvicted(b)) return isEvicted(a) ? -1 : 1
  const timeA = a.metadata.creationTimestamp ?? ''
  const timeB = b.metadata.creationTimestamp ?? ''
  if (timeA !== timeB) return timeA < timeB ? -1 : 1
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}
