import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Filters } from '../framework/filters.ts'
import { unresolvable, type Rejection } from '../framework/plugin.ts'
import { splitByBudgets, type Budget } from './budgets.ts'
import { byImportance } from './importance.ts'

/** Who would have to leave a node. */
export interface Candidate {
  readonly node: NodeInfo
  /** The most important first. */
  readonly victims: readonly PodInfo[]
  /** How many of them a budget protects. */
  readonly violations: number
}

const noVictims = unresolvable('No preemption victims found for incoming pod')

/**
 * The fewest and least important Pods that must leave the node for this one; why not, when it would not fit even
 * without all that are less important. First all of these go; then each comes back that still fits, those that a budget
 * protects before others, the more important before the less. In the end node and filters are as they were.
 */
// pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode
export function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  filters: Filters,
  budgets: readonly Budget[],
  now: number,
): Candidate | Rejection {
  const potential = [...node.pods.values()].filter(({ priority }) => priority < pod.priority)
  if (potential.length === 0) return noVictims
  // the node itself is tried, and not a copy: nothing else looks at it meanwhile, and there may be hundreds of them
  const gone = new Set<PodInfo>()
  const remove = (other: PodInfo): void => {
    node.removePod(other.uid)
    filters.shift(other, node, -1)
    gone.add(other)
  }
  const putBack = (other: PodInfo): void => {
    node.addPod(other)
    filters.shift(other, node, 1)
    gone.delete(other)
  }
  try {
    for (const other of potential) remove(other)
    const refusal = filters.refusal(node)
    if (refusal) return refusal.rejection
    const mustGo = (other: PodInfo): boolean => {
      putBack(other)
      if (!filters.refusal(node)) return false
      remove(other)
      return true
    }
    const order = byImportance(now)
    const { violating, others } = splitByBudgets(potential.toSorted(order), budgets)
    const violations = violating.filter(mustGo)
    const victims = [...violations, ...others.filter(mustGo)]
    return { node, victims: violations.length > 0 ? victims.toSorted(order) : victims, violations: violations.length }
  } finally {
    for (const other of [...gone]) putBack(other)
  }
}
