import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { defaultArgs } from '../config/args.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import {
  maxNodeScore,
  rejected,
  unresolvable,
  type NodeScorer,
  type Plugin,
  type Rejection,
} from '../framework/plugin.ts'
import {
  constraintsOf,
  countMatching,
  hostnameKey,
  isCounted,
  ownConstraints,
  type SpreadConstraint,
} from './spread-constraints.ts'
import { TopologyCounts } from './topology-counts.ts'

const unlabelled = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")
const skewed = rejected("node(s) didn't match pod topology spread constraints")

const inAllTopologies = (node: NodeInfo, constraints: readonly SpreadConstraint[]): boolean =>
  constraints.every(({ topologyKey }) => node.labels[topologyKey] !== undefined)

// pkg/scheduler/framework/plugins/podtopologyspread/filtering.go
function filterBy(pod: PodInfo, snapshot: Snapshot, constraints: readonly SpreadConstraint[]) {
  const prepared = constraints.map((constraint) => {
    const matching = new TopologyCounts()
    for (const node of snapshot.nodes) {
      if (!inAllTopologies(node, constraints) || !constraint.counts(node)) continue
      matching.add(node, constraint.topologyKey, countMatching(node, constraint.selector, pod.namespace))
    }
    const self = constraint.selector.matches(pod.labels) ? 1 : 0
    return { ...constraint, matching, fewest: fewestOf(constraint, matching), self }
  })
  const filter = (node: NodeInfo): Rejection | undefined => {
    for (const { topologyKey, maxSkew, matching, fewest, self } of prepared) {
      if (node.labels[topologyKey] === undefined) return unlabelled
      if (matching.of(node, topologyKey) + self - fewest > maxSkew) return skewed
    }
    return undefined
  }
  return Object.assign(filter, {
    shift(other: PodInfo, node: NodeInfo, sign: 1 | -1) {
      if (!inAllTopologies(node, constraints)) return
      for (const constraint of prepared) {
        if (!isCounted(other, constraint.selector, pod.namespace) || !constraint.counts(node)) continue
        constraint.matching.add(node, constraint.topologyKey, sign)
        constraint.fewest = fewestOf(constraint, constraint.matching)
      }
    },
  })
}

/** The number in the topology that has fewest; none in one that is yet to come. */
function fewestOf({ topologyKey, minDomains }: SpreadConstraint, matching: TopologyCounts): number {
  const domains = matching.values(topologyKey)
  if (!domains || domains.size < minDomains) return 0
  let fewest = Infinity
  for (const count of domains.values()) fewest = Math.min(fewest, count)
  return fewest
}

// pkg/scheduler/framework/plugins/podtopologyspread/scoring.go
function scoreBy(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  constraints: readonly SpreadConstraint[],
  requireAll: boolean,
): NodeScorer {
  const ignored = new Set(requireAll ? nodes.filter((node) => !inAllTopologies(node, constraints)) : [])
  const counts = new TopologyCounts()
  for (const node of nodes) {
    if (ignored.has(node)) continue
    for (const { topologyKey } of constraints) if (topologyKey !== hostnameKey) counts.add(node, topologyKey, 0)
  }
  // one count a constraint: two may share a key and differ in what they select
  const prepared = constraints.map((constraint) => {
    const { topologyKey } = constraint
    const domains = topologyKey === hostnameKey ? nodes.length - ignored.size : (counts.values(topologyKey)?.size ?? 0)
    return { ...constraint, weight: Math.log(domains + 2), matching: new TopologyCounts() }
  })
  const shared = prepared.filter(({ topologyKey }) => topologyKey !== hostnameKey && counts.values(topologyKey))
  if (shared.length > 0) {
    for (const node of snapshot.nodes) {
      if (requireAll && !inAllTopologies(node, constraints)) continue
      for (const constraint of shared) {
        if (node.labels[constraint.topologyKey] === undefined || !constraint.counts(node)) continue
        constraint.matching.add(node, constraint.topologyKey, countMatching(node, constraint.selector, pod.namespace))
      }
    }
  }
  return {
    score(node) {
      if (ignored.has(node)) return 0
      let score = 0
      for (const { topologyKey, selector, maxSkew, weight, matching } of prepared) {
        if (node.labels[topologyKey] === undefined) continue
        const count =
          topologyKey === hostnameKey ? countMatching(node, selector, pod.namespace) : matching.of(node, topologyKey)
        score += count * weight + (maxSkew - 1)
      }
      return Math.round(score)
    },
    normalize(scores) {
      const counted = scores.filter((_, i) => !ignored.has(nodes[i] as NodeInfo))
      const highest = Math.max(0, ...counted)
      const lowest = Math.min(...counted)
      nodes.forEach((node, i) => {
        if (ignored.has(node)) scores[i] = 0
        else if (highest === 0) scores[i] = maxNodeScore
        else scores[i] = Math.trunc((maxNodeScore * (highest + lowest - (scores[i] ?? 0))) / highest)
      })
    },
  }
}

/** Keeps the numbers of matching Pods in all topologies of a kind close together. */
export const podTopologySpread = (args = defaultArgs.PodTopologySpread): Plugin => ({
  name: 'PodTopologySpread',
  preFilter(pod, snapshot) {
    const constraints = constraintsOf(pod, 'DoNotSchedule', args, snapshot)
    return constraints.length === 0 ? undefined : filterBy(pod, snapshot, constraints)
  },
  preScore(pod, snapshot, nodes) {
    const constraints = constraintsOf(pod, 'ScheduleAnyway', args, snapshot)
    const hasOwn = (pod.pod.spec.topologySpreadConstraints ?? []).length > 0
    const requireAll = hasOwn || args.defaultingType === 'List'
    return constraints.length === 0 ? undefined : scoreBy(pod, snapshot, nodes, constraints, requireAll)
  },
  queueingHint(pod, event) {
    const constraints = ownConstraints(pod)
    const matches = (other: PodInfo): boolean =>
      // what the profile asks for is spread by siblings, which may be anybody
      constraints.length === 0 ||
      (other.namespace === pod.namespace && constraints.some(({ selector }) => selector.matches(other.labels)))
    switch (event.kind) {
      case 'NodeAdd':
      case 'NodeDelete':
        return true
      case 'NodeUpdate':
        return !deepEqual(event.old.metadata.labels, event.node.metadata.labels)
      case 'AssignedPodAdd':
      case 'AssignedPodDelete':
        return matches(event.pod)
      case 'AssignedPodUpdate':
        return matches(event.old) !== matches(event.pod)
      default:
        return false
    }
  },
})
