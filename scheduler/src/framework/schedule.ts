import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { Diagnosis } from './fit-error.ts'
import { isRejection, type NodeFilter, type ProfilePlugin, type Rejection } from './plugin.ts'

export interface ScheduleOptions {
  readonly plugins: readonly ProfilePlugin[]
  /** 0: decide by the size of the cluster. */
  readonly percentageOfNodesToScore: number
  /** The node to begin with; each cycle goes on where the last one ended. */
  readonly startIndex: number
  /** A number in [0, 1): which of equally good nodes. */
  readonly random: () => number
}

export interface Scheduled {
  readonly node: NodeInfo
  readonly feasible: number
  /** How many nodes were looked at. */
  readonly evaluated: number
}

/** Finds the best node for a Pod. Pure: reads the snapshot, changes nothing. */
// pkg/scheduler/schedule_one.go schedulePod
export function schedule(pod: PodInfo, snapshot: Snapshot, options: ScheduleOptions): Scheduled | Diagnosis {
  const found = feasibleNodes(pod, snapshot, options)
  if (!('nodes' in found)) return found
  const { nodes, evaluated } = found
  const [only] = nodes
  if (nodes.length === 1 && only) return { node: only, feasible: 1, evaluated }
  const scores = totalScores(pod, snapshot, nodes, options.plugins)
  return { node: best(nodes, scores, options.random), feasible: nodes.length, evaluated }
}

interface Feasible {
  readonly nodes: readonly NodeInfo[]
  readonly evaluated: number
}

// pkg/scheduler/schedule_one.go findNodesThatFitPod
function feasibleNodes(pod: PodInfo, snapshot: Snapshot, options: ScheduleOptions): Feasible | Diagnosis {
  const all = snapshot.nodes
  const filters: { name: string; filter: NodeFilter }[] = []
  for (const { plugin } of options.plugins) {
    const prepared = plugin.preFilter?.(pod, snapshot)
    if (isRejection(prepared)) {
      const rejections = new Map(all.map((node) => [node, prepared]))
      const preFilterMessage = prepared.reasons.join(', ')
      return diagnose(pod, options, {
        allNodes: all.length,
        rejections,
        preFilterMessage,
        plugins: new Set([plugin.name]),
      })
    }
    if (prepared) filters.push({ name: plugin.name, filter: prepared })
  }

  const enough = nodesToFind(all.length, options.percentageOfNodesToScore)
  const nodes: NodeInfo[] = []
  const rejections = new Map<NodeInfo, Rejection>()
  const plugins = new Set<string>()
  let evaluated = 0
  while (evaluated < all.length && nodes.length < enough) {
    const node = all[(options.startIndex + evaluated) % all.length]
    evaluated++
    if (!node) continue
    let rejection: Rejection | undefined
    for (const { name, filter } of filters) {
      rejection = filter(node)
      if (!rejection) continue
      rejections.set(node, rejection)
      plugins.add(name)
      break
    }
    if (!rejection) nodes.push(node)
  }
  if (nodes.length > 0) return { nodes, evaluated }
  return diagnose(pod, options, { allNodes: all.length, rejections, preFilterMessage: '', plugins })
}

function diagnose(
  pod: PodInfo,
  { plugins }: ScheduleOptions,
  diagnosis: Omit<Diagnosis, 'postFilterMessage'>,
): Diagnosis {
  const messages = plugins.flatMap(({ plugin }) => plugin.postFilter?.(pod, diagnosis.rejections) ?? [])
  return { ...diagnosis, postFilterMessage: messages.join(', ') }
}

/** How many feasible nodes are enough to choose from. */
// pkg/scheduler/schedule_one.go numFeasibleNodesToFind
export function nodesToFind(all: number, percentage: number): number {
  const fewest = 100
  if (all < fewest || percentage >= 100) return all
  const wanted = percentage > 0 ? percentage : Math.max(5, 50 - Math.floor(all / 125))
  return Math.max(fewest, Math.floor((all * wanted) / 100))
}

// pkg/scheduler/framework/runtime/framework.go RunScorePlugins
function totalScores(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  plugins: readonly ProfilePlugin[],
): number[] {
  const totals = new Array<number>(nodes.length).fill(0)
  const scores = new Array<number>(nodes.length)
  for (const { plugin, weight } of plugins) {
    const scorer = plugin.preScore?.(pod, snapshot, nodes)
    if (!scorer) continue
    nodes.forEach((node, i) => (scores[i] = scorer.score(node)))
    scorer.normalize?.(scores, nodes)
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0)
  }
  return totals
}

/** One of the nodes with the highest score, each with equal probability. */
// pkg/scheduler/schedule_one.go selectHost
function best(nodes: readonly NodeInfo[], scores: readonly number[], random: () => number): NodeInfo {
  let highest = -Infinity
  let equals = 0
  let chosen = nodes[0]
  nodes.forEach((node, i) => {
    const score = scores[i] ?? 0
    if (score > highest) {
      highest = score
      equals = 1
      chosen = node
    } else if (score === highest && random() * ++equals < 1) {
      chosen = node
    }
  })
  if (!chosen) throw new Error('there is no node to choose from')
  return chosen
}
