import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import { Filters, prepareFilters } from './filters.ts'
import { noNodes, type Diagnosis } from './fit-error.ts'
import {
  unresolvable,
  type FailedAttempt,
  type NodeRejection,
  type NodeScorer,
  type PostFilterResult,
} from './plugin.ts'
import type { Profile } from './profile.ts'
import { untraced, type Status, type Trace } from './trace.ts'
import { placesWithin, walk } from './walk.ts'

export interface ScheduleOptions {
  readonly profile: Profile
  /** 0: decide by the size of the cluster. */
  readonly percentageOfNodesToScore: number
  /** The node to begin with; each cycle goes on where the last one ended. */
  readonly startIndex: number
  /** A number in [0, 1): which of equally good nodes. */
  readonly random: () => number
  readonly trace?: Trace
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
  const scores = totalScores(pod, snapshot, nodes, options)
  return { node: best(nodes, scores, options.random), feasible: nodes.length, evaluated }
}

/** What a look at the nodes found. */
export interface Search extends FailedAttempt {
  /** Where the Pod can be. */
  readonly nodes: readonly NodeInfo[]
  readonly evaluated: number
  /** The node was promised to the Pod: no others were looked at. */
  readonly isPromised: boolean
  /** One for each other node where none was found. */
  readonly rejections: NodeRejection[]
  /** When no node was looked at: what preFilter said. */
  readonly preFilterMessage: string
  /** The plugins that turned nodes away. */
  readonly plugins: Set<string>
}

interface SearchOptions {
  /** false: the node that the Pod waits for is no better than others. */
  readonly trustsPromise?: boolean
  /** Somebody else may turn down all nodes that are found: it matters why the others will not do. */
  readonly explains?: boolean
}

/** Looks for nodes until there are enough. */
// pkg/scheduler/schedule_one.go findNodesThatFitPod
export function search(
  pod: PodInfo,
  snapshot: Snapshot,
  options: ScheduleOptions,
  { trustsPromise = true, explains = false }: SearchOptions = {},
): Search {
  const all = snapshot.nodes
  const { profile, percentageOfNodesToScore, trace = untraced } = options
  const filters = prepareFilters(pod, snapshot, profile.filter, trace)
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
  const asked = trace.now()
  if (promised && !filters.refusal(promised)) {
    trace.point('Filter', 'Success', asked)
    return { ...found, nodes: [promised], isPromised: true, filters, plugins }
  }

  const { only } = filters
  const candidates = only ? all.filter(({ name }) => only.has(name)) : all
  const enough = nodesToFind(candidates.length, profile.percentageOfNodesToScore ?? percentageOfNodesToScore)
  const since = trace.now()
  const look = { candidates, startIndex: options.startIndex, enough, filters, explains }
  const places = only || explains ? undefined : placesWithin(snapshot, filters)
  let { nodes, evaluated, refusals } = walk(look, places)
  // now it matters what is against the nodes that were passed over
  if (places && nodes.length === 0) ({ nodes, evaluated, refusals } = walk(look))
  for (const refusal of refusals) {
    rejections.push(refusal)
    plugins.add(refusal.plugin)
  }
  trace.point('Filter', 'Success', since)
  if (nodes.length === 0 && only) {
    const left = unresolvable(`node(s) didn't satisfy plugin(s) [${filters.restricting.join(' ')}]`)
    for (const node of all) if (!only.has(node.name)) rejections.push({ node, rejection: left })
  }
  return { ...found, nodes, evaluated, filters, plugins }
}

/** Asks what could be done for the Pod, until one plugin knows. */
// pkg/scheduler/framework/runtime/framework.go RunPostFilterPlugins
function diagnose(pod: PodInfo, { profile, trace = untraced }: ScheduleOptions, found: Search): Diagnosis {
  const results: (PostFilterResult | undefined)[] = []
  const since = trace.now()
  for (const plugin of profile.postFilter) {
    const asked = trace.isSampled ? trace.now() : 0
    const result = plugin.postFilter?.(pod, found)
    if (trace.isSampled) trace.plugin(plugin.name, 'PostFilter', postFilterStatus(result), asked)
    results.push(result)
    if (result?.message === '') break
  }
  tracePostFilter(trace, results, since)
  return diagnosisOf(found, results)
}

/** How a plugin's look for a way out ended. */
export const postFilterStatus = (result: PostFilterResult | undefined): Status =>
  result?.message === '' ? 'Success' : 'Unschedulable'

/** Tells how looking for a way out ended. */
export function tracePostFilter(trace: Trace, results: readonly (PostFilterResult | undefined)[], since: number): void {
  if (results.length === 0) return
  trace.point('PostFilter', postFilterStatus(results.at(-1)), since)
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

interface PreparedScorer {
  readonly plugin: string
  readonly weight: number
  readonly scorer: NodeScorer
}

// pkg/scheduler/framework/runtime/framework.go RunPreScorePlugins
function prepareScorers(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  { profile, trace = untraced }: ScheduleOptions,
): PreparedScorer[] {
  const prepared: PreparedScorer[] = []
  const started = trace.now()
  for (const { plugin, weight } of profile.score) {
    const since = trace.isSampled ? trace.now() : 0
    const scorer = plugin.preScore?.(pod, snapshot, nodes)
    if (trace.isSampled) trace.plugin(plugin.name, 'PreScore', scorer ? 'Success' : 'Skip', since)
    if (!scorer) continue
    trace.evaluations(plugin.name, 'PreScore').times++
    prepared.push({ plugin: plugin.name, weight, scorer })
  }
  trace.point('PreScore', 'Success', started)
  return prepared
}

// pkg/scheduler/framework/runtime/framework.go RunScorePlugins
export function totalScores(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  options: ScheduleOptions,
): number[] {
  const { trace = untraced } = options
  const totals = new Array<number>(nodes.length).fill(0)
  const scores = new Array<number>(nodes.length)
  const prepared = prepareScorers(pod, snapshot, nodes, options)
  const started = trace.now()
  for (const { plugin, weight, scorer } of prepared) {
    trace.evaluations(plugin, 'Score').times += nodes.length
    nodes.forEach((node, i) => {
      const since = trace.isSampled ? trace.now() : 0
      scores[i] = scorer.score(node)
      if (trace.isSampled) trace.plugin(plugin, 'Score', 'Success', since)
    })
    const since = trace.isSampled ? trace.now() : 0
    scorer.normalize?.(scores, nodes)
    if (trace.isSampled && scorer.normalize) trace.plugin(plugin, 'ScoreExtensionNormalize', 'Success', since)
    for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + weight * (scores[i] ?? 0)
  }
  trace.point('Score', 'Success', started)
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
