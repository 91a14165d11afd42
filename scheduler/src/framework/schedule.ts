import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import { Filters, prepareFilters } from './filters.ts'
import { noNodes, type Diagnosis } from './fit-error.ts'
import { unresolvable, type FailedAttempt, type NodeRejection, type ProfilePlugin } from './plugin.ts'
import type { Profile } from './profile.ts'

export interface ScheduleOptions {
  readonly profile: Profile
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
  if (snapshot.nodes.length === 0) return noNodes
  const found = feasibleNodes(pod, snapshot, options)
  if (!('nodes' in found)) return found
  const { nodes, evaluated } = found
  const [only] = nodes
  if (nodes.length === 1 && only) return { node: only, feasible: 1, evaluated }
  const scores = totalScores(pod, snapshot, nodes, options.profile.score)
  return { node: best(nodes, scores, options.random), feasible: nodes.length, evaluated }
}

interface Feasible {
  readonly nodes: readonly NodeInfo[]
  readonly evaluated: number
}

// pkg/scheduler/schedule_one.go findNodesThatFitPod
function feasibleNodes(pod: PodInfo, snapshot: Snapshot, options: ScheduleOptions): Feasible | Diagnosis {
  const all = snapshot.nodes
  const filters = prepareFilters(pod, snapshot, options.profile.filter)
  if (!(filters instanceof Filters)) {
    const { plugin, rejection } = filters
    const rejections = all.map((node) => ({ node, rejection }))
    const preFilterMessage = rejection.reasons.join(', ')
    const attempt = { snapshot, rejections, filters: undefined }
    return diagnose(pod, options, attempt, { preFilterMessage, plugins: new Set([plugin]) })
  }

  // the place that others were made to leave for it is most likely the only one
  const promised = snapshot.node(snapshot.nominationOf(pod))
  if (promised && !filters.refusal(promised)) return { nodes: [promised], evaluated: 0 }

  const { only } = filters
  const candidates = only ? all.filter(({ name }) => only.has(name)) : all
  const { profile, percentageOfNodesToScore } = options
  const enough = nodesToFind(candidates.length, profile.percentageOfNodesToScore ?? percentageOfNodesToScore)
  const nodes: NodeInfo[] = []
  const rejections: NodeRejection[] = []
  const plugins = new Set(filters.restricting)
  let evaluated = 0
  while (evaluated < candidates.length && nodes.length < enough) {
    const node = candidates[(options.startIndex + evaluated) % candidates.length]
    evaluated++
    if (!node) continue
    const refusal = filters.refusal(node)
    if (refusal) {
      rejections.push(refusal)
      plugins.add(refusal.plugin)
    } else {
      nodes.push(node)
    }
  }
  if (nodes.length > 0) return { nodes, evaluated }
  if (only) {
    const left = unresolvable(`node(s) didn't satisfy plugin(s) [${filters.restricting.join(' ')}]`)
    for (const node of all) if (!only.has(node.name)) rejections.push({ node, rejection: left })
  }
  return diagnose(pod, options, { snapshot, rejections, filters }, { preFilterMessage: '', plugins })
}

/** Asks what could be done for the Pod, until one plugin knows. */
// pkg/scheduler/framework/runtime/framework.go RunPostFilterPlugins
function diagnose(
  pod: PodInfo,
  { profile }: ScheduleOptions,
  attempt: FailedAttempt,
  found: Pick<Diagnosis, 'preFilterMessage' | 'plugins'>,
): Diagnosis {
  const { snapshot, rejections } = attempt
  const common = { ...found, allNodes: snapshot.nodes.length, rejections }
  const messages: string[] = []
  let nominated: string | undefined
  for (const plugin of profile.postFilter) {
    const result = plugin.postFilter?.(pod, attempt)
    if (!result) continue
    const { message, victims = [] } = result
    nominated = result.nominated ?? nominated
    if (message === '') return { ...common, nominated, victims, postFilterMessage: '' }
    messages.push(message)
  }
  return { ...common, nominated, victims: [], postFilterMessage: messages.join(', ') }
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
