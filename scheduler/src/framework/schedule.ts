import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import { Filters, prepareFilters } from './filters.ts'
import { noNodes, type Diagnosis } from './fit-error.ts'
import {
  unresolvable,
  type FailedAttempt,
  type NodeRejection,
  type PostFilterResult,
  type ProfilePlugin,
} from './plugin.ts'
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
  const found = search(pod, snapshot, options)
  const { nodes, evaluated } = found
  if (nodes.length === 0) return diagnose(pod, options, found)
  const [only] = nodes
  if (nodes.length === 1 && only) return { node: only, feasible: 1, evaluated }
  const scores = totalScores(pod, snapshot, nodes, options.profile.score)
  return { node: best(nodes, scores, options.random), feasible: nodes.length, evaluated }
}

/** What a look at the nodes found. */
export interface Search extends FailedAttempt {
  /** Where the Pod can be. */
  readonly nodes: readonly NodeInfo[]
  readonly evaluated: number
  /** The node was promised to the Pod: no others were looked at. */
  readonly isPromised: boolean
  readonly rejections: NodeRejection[]
  /** When no node was looked at: what preFilter said. */
  readonly preFilterMessage: string
  /** The plugins that turned nodes away. */
  readonly plugins: Set<string>
}

/**
 * Looks for nodes until there are enough.
 * @param trustsPromise false: the node that the Pod waits for is no better than others
 */
// pkg/scheduler/schedule_one.go findNodesThatFitPod
export function search(
  pod: PodInfo,
  snapshot: Snapshot,
  options: ScheduleOptions,
  trustsPromise: boolean = true,
): Search {
  const all = snapshot.nodes
  const filters = prepareFilters(pod, snapshot, options.profile.filter)
  const rejections: NodeRejection[] = []
  const found = { snapshot, rejections, evaluated: 0, isPromised: false, preFilterMessage: '' }
  if (!(filters instanceof Filters)) {
    const { plugin, rejection } = filters
    for (const node of all) rejections.push({ node, rejection })
    const preFilterMessage = rejection.reasons.join(', ')
    return { ...found, nodes: [], filters: undefined, preFilterMessage, plugins: new Set([plugin]) }
  }

  // the place that others were made to leave for it is most likely the only one
  const promised = trustsPromise ? snapshot.node(snapshot.nominationOf(pod)) : undefined
  const plugins = new Set(filters.restricting)
  if (promised && !filters.refusal(promised)) {
    return { ...found, nodes: [promised], isPromised: true, filters, plugins }
  }

  const { only } = filters
  const candidates = only ? all.filter(({ name }) => only.has(name)) : all
  const { profile, percentageOfNodesToScore } = options
  const enough = nodesToFind(candidates.length, profile.percentageOfNodesToScore ?? percentageOfNodesToScore)
  const nodes: NodeInfo[] = []
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
  if (nodes.length === 0 && only) {
    const left = unresolvable(`node(s) didn't satisfy plugin(s) [${filters.restricting.join(' ')}]`)
    for (const node of all) if (!only.has(node.name)) rejections.push({ node, rejection: left })
  }
  return { ...found, nodes, evaluated, filters, plugins }
}

/** Asks what could be done for the Pod, until one plugin knows. */
// pkg/scheduler/framework/runtime/framework.go RunPostFilterPlugins
function diagnose(pod: PodInfo, { profile }: ScheduleOptions, found: Search): Diagnosis {
  const results: (PostFilterResult | undefined)[] = []
  for (const plugin of profile.postFilter) {
    const result = plugin.postFilter?.(pod, found)
    results.push(result)
    if (result?.message === '') break
  }
  return diagnosisOf(found, results)
}

/** What is told of an attempt that failed, after what postFilter said. */
export function diagnosisOf(found: Search, results: readonly (PostFilterResult | undefined)[]): Diagnosis {
  const { snapshot, rejections, preFilterMessage, plugins } = found
  const common = { allNodes: snapshot.nodes.length, rejections, preFilterMessage, plugins }
  const messages: string[] = []
  let nominated: string | undefined
  for (const result of results) {
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
export function totalScores(
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
export function best(nodes: readonly NodeInfo[], scores: readonly number[], random: () => number): NodeInfo {
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
