import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { nothing } from '@kubets/shared/machinery/selector.ts'
import { defaultArgs } from '../config/args.ts'
import { extremes } from '../framework/normalize.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodGroup } from '../cache/pod-groups.ts'
import { termMatches, type AffinityTerm, type PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import {
  maxNodeScore,
  rejected,
  unresolvable,
  type NodeFilter,
  type Plugin,
  type Rejection,
} from '../framework/plugin.ts'
import { TopologyCounts } from './topology-counts.ts'

const affinityMissed = unresolvable("node(s) didn't match pod affinity rules")
const antiAffinityMissed = rejected("node(s) didn't match pod anti-affinity rules")
const othersAntiAffinityMissed = rejected("node(s) didn't satisfy existing pods anti-affinity rules")

type NamespaceLabels = Snapshot['namespaceLabels']

/** Whether the other Pod is what every term means. */
const matchesAll = (terms: readonly AffinityTerm[], other: PodInfo, labels: NamespaceLabels): boolean =>
  terms.length > 0 && terms.every((term) => termMatches(term, other, labels))

// pkg/scheduler/framework/plugins/interpodaffinity/filtering.go
function preFilter(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const labels: NamespaceLabels = (namespace) => snapshot.namespaceLabels(namespace)
  const { requiredAffinity, requiredAntiAffinity } = pod
  const others = new TopologyCounts()
  const affinity = new TopologyCounts()
  const antiAffinity = new TopologyCounts()
  const countTheirs = (other: PodInfo, node: NodeInfo, sign: 1 | -1): void => {
    for (const term of other.requiredAntiAffinity) {
      if (termMatches(term, pod, labels)) others.add(node, term.topologyKey, sign)
    }
  }
  const countOurs = (other: PodInfo, node: NodeInfo, sign: 1 | -1): void => {
    if (matchesAll(requiredAffinity, other, labels)) {
      for (const term of requiredAffinity) affinity.add(node, term.topologyKey, sign)
    }
    for (const term of requiredAntiAffinity) {
      if (termMatches(term, other, labels)) antiAffinity.add(node, term.topologyKey, sign)
    }
  }
  for (const group of snapshot.podsMeaning(pod)) {
    for (const term of group.pod.requiredAntiAffinity) {
      if (termMatches(term, pod, labels)) others.addAll(term.topologyKey, group.tally(term.topologyKey))
    }
  }
  for (const group of snapshot.podsLike(requiredAffinity[0]?.selector ?? nothing)) {
    if (!matchesAll(requiredAffinity, group.pod, labels)) continue
    for (const { topologyKey } of requiredAffinity) affinity.addAll(topologyKey, group.tally(topologyKey))
  }
  for (const term of requiredAntiAffinity) {
    for (const group of snapshot.podsLike(term.selector)) {
      if (termMatches(term, group.pod, labels)) antiAffinity.addAll(term.topologyKey, group.tally(term.topologyKey))
    }
  }
  if (others.empty && requiredAffinity.length + requiredAntiAffinity.length === 0) return undefined

  const wantsItself = matchesAll(requiredAffinity, pod, labels)
  const filter = (node: NodeInfo): Rejection | undefined => {
    if (requiredAffinity.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return affinityMissed
    const joined = requiredAffinity.every(({ topologyKey }) => affinity.of(node, topologyKey) > 0)
    // the first of a group that wants to be together has nobody to join
    if (!joined && !(wantsItself && affinity.total === 0)) return affinityMissed
    if (requiredAntiAffinity.some(({ topologyKey }) => antiAffinity.of(node, topologyKey) > 0))
      return antiAffinityMissed
    return others.someAt(node) ? othersAntiAffinityMissed : undefined
  }
  const [first] = requiredAffinity
  return Object.assign(filter, {
    ...(first && affinity.total > 0
      ? { within: { key: first.topologyKey, values: affinity.someIn(first.topologyKey) } }
      : {}),
    shift(other: PodInfo, node: NodeInfo, sign: 1 | -1) {
      countTheirs(other, node, sign)
      countOurs(other, node, sign)
    },
  })
}

// pkg/scheduler/framework/plugins/interpodaffinity/scoring.go
function topologyScores(
  pod: PodInfo,
  snapshot: Snapshot,
  hardPodAffinityWeight: number,
): { scores: TopologyCounts; keys: Set<string> } {
  const labels: NamespaceLabels = (namespace) => snapshot.namespaceLabels(namespace)
  const scores = new TopologyCounts()
  const keys = new Set<string>()
  const add = (group: PodGroup, term: AffinityTerm, target: PodInfo, weight: number): void => {
    if (!termMatches(term, target, labels)) return
    keys.add(term.topologyKey)
    scores.addAll(term.topologyKey, group.tally(term.topologyKey), weight)
  }
  for (const term of pod.preferredAffinity) {
    for (const group of snapshot.podsLike(term.selector)) add(group, term, group.pod, term.weight)
  }
  for (const group of snapshot.podsMeaning(pod)) {
    // what another Pod requires of its neighbours speaks for this one too
    if (hardPodAffinityWeight > 0) {
      for (const term of group.pod.requiredAffinity) add(group, term, pod, hardPodAffinityWeight)
    }
    for (const term of group.pod.preferredAffinity) add(group, term, pod, term.weight)
  }
  return { scores, keys }
}

export const interPodAffinity = (args = defaultArgs.InterPodAffinity): Plugin => ({
  name: 'InterPodAffinity',
  preFilter,
  preScore(pod, snapshot) {
    if (args.ignorePreferredTermsOfExistingPods && pod.preferredAffinity.length === 0) return undefined
    const { scores, keys } = topologyScores(pod, snapshot, args.hardPodAffinityWeight)
    if (scores.empty) return undefined
    const list = [...keys]
    return {
      score: (node) => list.reduce((sum, key) => sum + scores.of(node, key), 0),
      normalize(all) {
        const { lowest, highest } = extremes(all)
        const range = highest - lowest
        for (let i = 0; i < all.length; i++) {
          all[i] = range > 0 ? Math.trunc((maxNodeScore * ((all[i] ?? 0) - lowest)) / range) : 0
        }
      },
    }
  },
  queueingHint(_pod, event) {
    switch (event.kind) {
      case 'NodeAdd':
      case 'AssignedPodAdd':
      case 'AssignedPodDelete':
      case 'NamespaceUpdate':
        return true
      case 'AssignedPodUpdate':
        return !deepEqual(event.old.labels, event.pod.labels)
      case 'NodeUpdate':
        return !deepEqual(event.old.metadata.labels, event.node.metadata.labels)
      default:
        return false
    }
  },
})
