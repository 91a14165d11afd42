import type { PodDisruptionBudget } from '@kubets/shared/api/types/policy-v1.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Filters } from '../framework/filters.ts'
import { unresolvable, type Rejection } from '../framework/plugin.ts'
import { splitByBudgets } from './budgets.ts'
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
 * protects before others, the more important before the less.
 */
// pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode
export function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  filters: Filters,
  budgets: readonly PodDisruptionBudget[],
  now: number,
): Candidate | Rejection {
  const potential = [...node.pods.values()].filter(({ priority }) => priority < pod.priority)
  if (potential.length === 0) return noVictims
  const tried = node.clone()
  const gone = new Set<PodInfo>()
  const remove = (other: PodInfo): void => {
    tried.removePod(other.uid)
    filters.shift(other, tried, -1)
    gone.add(other)
  }
  const putBack = (other: PodInfo): void => {
    tried.addPod(other)
    filters.shift(other, tried, 1)
    gone.delete(other)
  }
  try {
    for (const other of potential) remove(other)
    const refusal = filters.refusal(tried)
    if (refusal) return refusal.rejection
    const mustGo = (other: PodInfo): boolean => {
      putBack(other)
      if (!filters.refusal(tried)) return false
      remove(other)
      return true
    }
    const { violating, others } = splitByBudgets(potential.toSorted(byImportance(now)), budgets)
    const violations = violating.filter(mustGo)
    const victims = [...violations, ...others.filter(mustGo)].toSorted(byImportance(now))
    return { node, victims, violations: violations.length }
  } finally {
    // the filters serve other nodes too
    for (const other of gone) filters.shift(other, tried, 1)
  }
}
