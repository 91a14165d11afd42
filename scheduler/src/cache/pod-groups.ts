import { nothing, type Requirement, type Selector } from '@kubets/shared/machinery/selector.ts'
import type { NodeInfo } from './node-info.ts'
import type { AffinityTerm, PodInfo } from './pod-info.ts'

/** How many there are in each topology of a kind: "a" → 3. */
export interface TopologyTally {
  readonly counts: ReadonlyMap<string, number>
  readonly total: number
}

/** Pods on nodes that are alike in what somebody asks for: looking at one of them answers for all. */
export interface PodGroup {
  /** One of them. */
  readonly pod: PodInfo
  readonly nodes: ReadonlyMap<NodeInfo, number>
  /** How many are where, by the nodes' label. */
  tally(topologyKey: string): TopologyTally
}

/** Topology keys for which a group keeps its numbers; one more and it forgets them. */
const maxTallies = 8

class Group implements PodGroup {
  readonly pod: PodInfo
  readonly nodes = new Map<NodeInfo, number>()
  readonly #tallies = new Map<string, { counts: Map<string, number>; total: number }>()

  constructor(pod: PodInfo) {
    this.pod = pod
  }

  shift(node: NodeInfo, amount: 1 | -1): void {
    addTo(this.nodes, node, amount)
    for (const [key, tally] of this.#tallies) {
      const value = node.labels[key]
      if (value === undefined) continue
      addTo(tally.counts, value, amount)
      tally.total += amount
    }
  }

  tally(topologyKey: string): TopologyTally {
    const known = this.#tallies.get(topologyKey)
    if (known) return known
    if (this.#tallies.size >= maxTallies) this.#tallies.clear()
    const tally = { counts: new Map<string, number>(), total: 0 }
    for (const [node, count] of this.nodes) {
      const value = node.labels[topologyKey]
      if (value === undefined) continue
      addTo(tally.counts, value, count)
      tally.total += count
    }
    this.#tallies.set(topologyKey, tally)
    return tally
  }

  forgetTallies(): void {
    this.#tallies.clear()
  }
}

function addTo<K>(counts: Map<K, number>, key: K, amount: number): void {
  const count = (counts.get(key) ?? 0) + amount
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/**
 * Counts Pods on nodes by what they have in common, so that who looks for some of them need not look at every Pod. The
 * Pods of a workload are one group or few, and groups are found by a label that they must have.
 */
export class PodGroups {
  readonly #keyOf: (pod: PodInfo) => string
  readonly #labelsOf: (pod: PodInfo) => readonly string[]
  readonly #groups = new Map<string, Group>()
  readonly #byLabel = new Map<string, Set<Group>>()

  /**
   * @param keyOf what Pods of a group have in common; '' for Pods that are not counted
   * @param labelsOf the {@link labelText}s to find a group by
   */
  constructor(keyOf: (pod: PodInfo) => string, labelsOf: (pod: PodInfo) => readonly string[]) {
    this.#keyOf = keyOf
    this.#labelsOf = labelsOf
  }

  /** The Pod in the node's place `before` is `after` now; undefined: there was or is none. */
  replace(node: NodeInfo, before: PodInfo | undefined, after: PodInfo | undefined): void {
    const from = before ? this.#keyOf(before) : ''
    const to = after ? this.#keyOf(after) : ''
    if (from === to) return
    if (from !== '') this.#shift(from, node)
    if (after && to !== '') this.#group(to, after).shift(node, 1)
  }

  /** The labels of a node with Pods have changed. */
  forgetTallies(): void {
    for (const group of this.#groups.values()) group.forgetTallies()
  }

  all(): Iterable<PodGroup> {
    return this.#groups.values()
  }

  /** The groups that are found by this label. */
  with(label: string): Iterable<PodGroup> & { readonly size: number } {
    return this.#byLabel.get(label) ?? nobody
  }

  #group(key: string, pod: PodInfo): Group {
    let group = this.#groups.get(key)
    if (group) return group
    this.#groups.set(key, (group = new Group(pod)))
    for (const label of this.#labelsOf(pod)) {
      const groups = this.#byLabel.get(label)
      if (groups) groups.add(group)
      else this.#byLabel.set(label, new Set([group]))
    }
    return group
  }

  #shift(key: string, node: NodeInfo): void {
    const group = this.#groups.get(key)
    group?.shift(node, -1)
    if (!group || group.nodes.size > 0) return
    this.#groups.delete(key)
    for (const label of this.#labelsOf(group.pod)) {
      const groups = this.#byLabel.get(label)
      groups?.delete(group)
      if (groups?.size === 0) this.#byLabel.delete(label)
    }
  }
}

const nobody: ReadonlySet<PodGroup> = new Set()

const labelText = (key: string, value: string): string => `${key}=${value}`

const labelTexts = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([key, value]) => labelText(key, value))

/** The label that everything has that meets the requirement; undefined: several will do, or none is needed. */
function neededLabel({ key, operator, values }: Requirement): string | undefined {
  const [value, more] = values
  const one = operator === '=' || operator === '==' || operator === 'in'
  return one && value !== undefined && more === undefined ? labelText(key, value) : undefined
}

/** Pods by namespace and labels, those that are being deleted apart from those that stay. */
export const groupsByLabels = (): PodGroups =>
  new PodGroups(
    ({ labelsKey, pod }) => (pod.metadata.deletionTimestamp === undefined ? labelsKey : `${labelsKey} going`),
    ({ labels }) => labelTexts(labels),
  )

/** All groups by labels that the selector matches, and maybe others. */
export function groupsLike(groups: PodGroups, selector: Selector): Iterable<PodGroup> {
  if (selector === nothing) return nobody
  let fewest: ReturnType<PodGroups['with']> | undefined
  for (const requirement of selector.requirements) {
    const label = neededLabel(requirement)
    if (label === undefined) continue
    const found = groups.with(label)
    if (!fewest || found.size < fewest.size) fewest = found
  }
  return fewest ?? groups.all()
}

/** Stands for the terms whose selector needs no certain label. */
const anyLabel = ''

const termsOf = ({ requiredAffinity, requiredAntiAffinity, preferredAffinity }: PodInfo): AffinityTerm[] => [
  ...requiredAffinity,
  ...requiredAntiAffinity,
  ...preferredAffinity,
]

/** Pods with affinity or anti-affinity by their terms, to be found by the labels of whom the terms mean. */
export const groupsByTerms = (): PodGroups =>
  new PodGroups(
    ({ termsKey }) => termsKey,
    (info) => [
      ...new Set(
        termsOf(info).map(({ selector }) => {
          for (const requirement of selector.requirements) {
            const label = neededLabel(requirement)
            if (label !== undefined) return label
          }
          return anyLabel
        }),
      ),
    ],
  )

/** All groups by terms of which one means a Pod with these labels, and maybe others. */
export function groupsMeaning(groups: PodGroups, labels: Readonly<Record<string, string>>): Iterable<PodGroup> {
  const found = new Set(groups.with(anyLabel))
  for (const label of labelTexts(labels)) for (const group of groups.with(label)) found.add(group)
  return found
}
