// Which CPUs to take so that NUMA nodes have a like share: pure. cpu_assignment.go takeByTopologyNUMADistributed
import type { CpuSet } from './cpuset.ts'
import { notEnough, sortedNodes, takeByTopology } from './take.ts'
import { nodesOf, type Topology } from './topology.ts'

/** How CPUs are shared out: as many of each of these nodes, and so many groups more of each of some of them. */
interface Share {
  nodes: readonly number[]
  /** Those that give what does not come out even, in turn. */
  more: readonly number[]
  /** How unlike the nodes are in what they have left. */
  balance: number
}

/**
 * Takes so many of the free CPUs: of one NUMA node if it has enough, else of as few as can give a like share, in groups
 * (of a core's CPUs, say) of which none is parted; of those, the ones after which all nodes have most nearly as much left.
 * What cannot be shared out so is packed.
 * @throws Error when there are not enough
 */
export function takeDistributed(topology: Topology, free: CpuSet, count: number, group: number): CpuSet {
  if (count % group !== 0) return takeByTopology(topology, free, count)
  if (count < 1) return new Set()
  if (count > free.size) throw notEnough(count, free.size)
  const nodes = sortedNodes(topology, free)
  const { least, most } = nodesNeeded(topology, nodes.length, count, group)
  for (let many = least; many <= most; many++) {
    const best = bestShare(topology, free, nodes, many, count, group)
    if (best) return takeShare(topology, free, best, count, group)
  }
  return takeByTopology(topology, free, count)
}

// rangeNUMANodesNeededToSatisfy
function nodesNeeded(topology: Topology, available: number, count: number, group: number) {
  const groupsOfNode = Math.ceil(Math.ceil(topology.size / group) / nodesOf(topology, topology.keys()).length)
  const groups = Math.ceil(count / group)
  return { least: Math.ceil(groups / groupsOfNode), most: Math.min(groups, available) }
}

const evenly = (count: number, nodes: number, group: number): number => Math.floor(count / nodes / group) * group

const freeIn = (topology: Topology, free: CpuSet, node: number): CpuSet =>
  new Set([...free].filter((cpu) => topology.get(cpu)?.numa === node))

function bestShare(
  topology: Topology,
  free: CpuSet,
  all: readonly number[],
  many: number,
  count: number,
  group: number,
): Share | undefined {
  const sizes = new Map(all.map((node) => [node, freeIn(topology, free, node).size]))
  const size = (node: number): number => sizes.get(node) ?? 0
  const each = evenly(count, many, group)
  let best: Share | undefined
  for (const nodes of combinations(all, many)) {
    if (best?.balance === 0) break
    const groups = nodes.reduce((sum, node) => sum + Math.floor(size(node) / group), 0)
    if (groups * group < count || nodes.some((node) => size(node) < each)) continue
    const left = new Map(all.map((node) => [node, size(node) - (nodes.includes(node) ? each : 0)]))
    const share = bestRemainder(nodes, left, count - each * many, group)
    if (share && share.balance < (best?.balance ?? Infinity)) best = share
  }
  return best
}

/** Who gives what is left to give; undefined when nobody can. The more give of it, the better. */
function bestRemainder(
  nodes: readonly number[],
  left: ReadonlyMap<number, number>,
  remainder: number,
  group: number,
): Share | undefined {
  if (remainder === 0) return { nodes, more: [], balance: deviation([...left.values()]) }
  const able = nodes.filter((node) => (left.get(node) ?? 0) >= group)
  let best: Share | undefined
  for (let many = able.length; many >= 1; many--) {
    for (const more of combinations(able, many)) {
      const after = new Map(left)
      const turns = remainder / group
      const given = inTurn(more, after, turns, group, () => undefined)
      if (given < turns) continue
      const balance = deviation([...after.values()])
      if (balance < (best?.balance ?? Infinity)) best = { nodes, more, balance }
    }
  }
  return best
}

/** Lets nodes give a group each, in turn, as long as they have one; how many were given. */
function inTurn(
  nodes: readonly number[],
  left: Map<number, number>,
  groups: number,
  group: number,
  give: (node: number) => void,
): number {
  let given = 0
  while (given < groups) {
    const able = nodes.filter((node) => (left.get(node) ?? 0) >= group).slice(0, groups - given)
    if (able.length === 0) break
    for (const node of able) {
      left.set(node, (left.get(node) ?? 0) - group)
      give(node)
    }
    given += able.length
  }
  return given
}

function takeShare(topology: Topology, free: CpuSet, { nodes, more }: Share, count: number, group: number): CpuSet {
  const each = evenly(count, nodes.length, group)
  const taken = new Set<number>()
  const take = (node: number, many: number): void => {
    const there = freeIn(topology, free, node).difference(taken)
    for (const cpu of takeByTopology(topology, there, many)) taken.add(cpu)
  }
  for (const node of nodes) take(node, each)
  const left = new Map(more.map((node) => [node, freeIn(topology, free, node).difference(taken).size]))
  inTurn(more, left, (count - each * nodes.length) / group, group, (node) => take(node, group))
  return taken
}

// rounded, so that what is as good as another does not take its place
function deviation(values: readonly number[]): number {
  const round = (value: number): number => Math.round(value * 1000) / 1000
  const mean = round(values.reduce((sum, one) => sum + one, 0) / values.length)
  return round(Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length))
}

/** All choices of so many, in their order. */
function* combinations(all: readonly number[], many: number, from = 0): Generator<number[]> {
  if (many === 0) yield []
  for (let i = from; many > 0 && i <= all.length - many; i++) {
    for (const rest of combinations(all, many - 1, i + 1)) yield [all[i] ?? 0, ...rest]
  }
}
