import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { defaultArgs } from '../config/args.ts'
import { extremes } from '../framework/normalize.ts'
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
  countedPods,
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

/** Whether all nodes lie in a topology of each constraint's kind, so that none has to be looked at for it. */
const allInAllTopologies = (snapshot: Snapshot, constraints: readonly SpreadConstraint[]): boolean =>
  constraints.every(({ topologyKey }) => snapshot.topologies(topologyKey).total === snapshot.nodes.length)

/** The numbers that a filter goes by. */
class Matching {
  readonly constraint: SpreadConstraint
  /** Whether the Pod counts itself. */
  readonly self: number
  readonly #counts = new TopologyCounts()
  /** The topologies that count, those too that have no matching Pod. */
  readonly #domains: { readonly size: number; keys(): Iterable<string> }
  #fewest: number

  /** @param isIn whether the node lies in topologies of all the constraints; undefined: all nodes do */
  constructor(
    pod: PodInfo,
    snapshot: Snapshot,
    constraint: SpreadConstraint,
    isIn: ((node: NodeInfo) => boolean) | undefined,
  ) {
    const { topologyKey, counts, selector } = constraint
    this.constraint = constraint
    this.self = selector.matches(pod.labels) ? 1 : 0
    const groups = countedPods(constraint, pod.namespace, snapshot)
    if (!isIn && !counts) {
      this.#domains = snapshot.topologies(topologyKey).places
      for (const group of groups) this.#counts.addAll(topologyKey, group.tally(topologyKey))
    } else {
      const domains = new Set<string>()
      for (const node of snapshot.nodes) {
        if (isIn?.(node) === false || counts?.(node) === false) continue
        domains.add(node.labels[topologyKey] ?? '')
        for (const { nodes } of groups) this.#counts.add(node, topologyKey, nodes.get(node) ?? 0)
      }
      this.#domains = domains
    }
    this.#fewest = this.#findFewest()
  }

  /** How many more there would be with the Pod on the node than in the topology that has fewest. */
  skew(node: NodeInfo): number {
    return this.#counts.of(node, this.constraint.topologyKey) + this.self - this.#fewest
  }

  add(node: NodeInfo, sign: 1 | -1): void {
    const { topologyKey, minDomains } = this.constraint
    const before = this.#counts.of(node, topologyKey)
    this.#counts.add(node, topologyKey, sign)
    if (this.#domains.size < minDomains) return
    if (sign < 0) this.#fewest = Math.min(this.#fewest, before - 1)
    // only what was fewest can leave another to be it
    else if (before === this.#fewest) this.#fewest = this.#findFewest()
  }

  /** The number in the topology that has fewest; none in one that is yet to come. */
  #findFewest(): number {
    const { topologyKey, minDomains } = this.constraint
    if (this.#domains.size < minDomains) return 0
    let fewest = Infinity
    for (const domain of this.#domains.keys()) fewest = Math.min(fewest, this.#counts.at(topologyKey, domain))
    return fewest
  }
}

// pkg/scheduler/framework/plugins/podtopologyspread/filtering.go
function filterBy(pod: PodInfo, snapshot: Snapshot, constraints: readonly SpreadConstraint[]) {
  const all = allInAllTopologies(snapshot, constraints)
  const isIn = (node: NodeInfo): boolean => inAllTopologies(node, constraints)
  const prepared = constraints.map((constraint) => new Matching(pod, snapshot, constraint, all ? undefined : isIn))
  const filter = (node: NodeInfo): Rejection | undefined => {
    for (const matching of prepared) {
      const { topologyKey, maxSkew } = matching.constraint
      if (node.labels[topologyKey] === undefined) return unlabelled
      if (matching.skew(node) > maxSkew) return skewed
    }
    return undefined
  }
  return Object.assign(filter, {
    shift(other: PodInfo, node: NodeInfo, sign: 1 | -1) {
      if (!all && !isIn(node)) return
      for (const matching of prepared) {
        const { selector, counts } = matching.constraint
        if (!isCounted(other, selector, pod.namespace) || counts?.(node) === false) continue
        matching.add(node, sign)
      }
    },
  })
}

// pkg/scheduler/framework/plugins/podtopologyspread/scoring.go
function scoreBy(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  constraints: readonly SpreadConstraint[],
  requireAll: boolean,
): NodeScorer {
  const all = allInAllTopologies(snapshot, constraints)
  const isIn = (node: NodeInfo): boolean => all || !requireAll || inAllTopologies(node, constraints)
  const ignored = new Set(nodes.filter((node) => !isIn(node)))
  // one count a constraint: two may share a key and differ in what they select
  const prepared = constraints.map((constraint) => {
    const { topologyKey, counts } = constraint
    const groups = countedPods(constraint, pod.namespace, snapshot)
    const matching = new TopologyCounts()
    // of a node of its own each count is at hand
    if (topologyKey === hostnameKey) {
      return { ...constraint, weight: Math.log(nodes.length - ignored.size + 2), matching, groups }
    }
    const domains = new Set<string>()
    for (const node of nodes) {
      const value = node.labels[topologyKey]
      if (value !== undefined && !ignored.has(node)) domains.add(value)
    }
    for (const group of domains.size > 0 ? groups : []) {
      if (!counts && (all || !requireAll)) {
        matching.addAll(topologyKey, group.tally(topologyKey))
        continue
      }
      for (const [node, count] of group.nodes) {
        if (isIn(node) && counts?.(node) !== false) matching.add(node, topologyKey, count)
      }
    }
    return { ...constraint, weight: Math.log(domains.size + 2), matching, groups }
  })
  return {
    score(node) {
      if (ignored.has(node)) return 0
      let score = 0
      for (const { topologyKey, maxSkew, weight, matching, groups } of prepared) {
        if (node.labels[topologyKey] === undefined) continue
        let count = 0
        if (topologyKey !== hostnameKey) count = matching.of(node, topologyKey)
        else for (const { nodes: counts } of groups) count += counts.get(node) ?? 0
        score += count * weight + (maxSkew - 1)
      }
      return Math.round(score)
    },
    normalize(scores) {
      const counted = ignored.size === 0 ? scores : scores.filter((_, i) => !ignored.has(nodes[i] as NodeInfo))
      const { lowest, highest } = extremes(counted)
      nodes.forEach((node, i) => {
        if (ignored.has(node)) scores[i] = 0
        else if (highest <= 0) scores[i] = maxNodeScore
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
