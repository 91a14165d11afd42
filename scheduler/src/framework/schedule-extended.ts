import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { Extender } from './extender.ts'
import { Filters, prepareFilters } from './filters.ts'
import { noNodes, type Diagnosis } from './fit-error.ts'
import { rejected, unresolvable, type PostFilterResult, type Rejection } from './plugin.ts'
import {
  best,
  diagnosisOf,
  postFilterStatus,
  search,
  totalScores,
  tracePostFilter,
  type ScheduleOptions,
  type Scheduled,
  type Search,
} from './schedule.ts'
import { untraced } from './trace.ts'

/** Who turned a Pod away when extenders did: any change may help it. */
// pkg/scheduler/framework/interface.go ExtenderName
const extenderName = 'Extender'

export interface ExtendedOptions extends ScheduleOptions {
  /** Those that are interested in the Pod. */
  readonly extenders: readonly Extender[]
  readonly signal: AbortSignal
}

/**
 * Finds the best node for a Pod that extenders have a say in. While they are asked the cluster changes: what is found
 * is of the nodes that are there at the end.
 * @throws what an extender failed with that cannot be done without
 */
// pkg/scheduler/schedule_one.go schedulePod
export async function scheduleExtended(
  pod: PodInfo,
  snapshot: Snapshot,
  options: ExtendedOptions,
): Promise<Scheduled | Diagnosis> {
  if (snapshot.nodes.length === 0) return noNodes
  let found = search(pod, snapshot, options, { explains: true })
  let nodes = await passExtenders(pod, found, options)
  if (nodes.length === 0 && found.isPromised) {
    found = search(pod, snapshot, options, { explains: true, trustsPromise: false })
    nodes = await passExtenders(pod, found, options)
  }
  if (nodes.length === 0) return diagnose(pod, found, options)
  const { evaluated } = found
  const [only] = nodes
  if (nodes.length === 1 && only) return { node: only, feasible: 1, evaluated }
  const extra = await extenderScores(pod, nodes, options)
  const left = nodes.filter((node) => snapshot.node(node.name) === node)
  if (left.length === 0) throw new Error('the nodes went while extenders were asked about them')
  const scores = totalScores(pod, snapshot, left, options)
  left.forEach(({ name }, i) => (scores[i] = (scores[i] ?? 0) + (extra.get(name) ?? 0)))
  return { node: best(left, scores, options.random), feasible: left.length, evaluated }
}

/** Asks one after another, each about what those before it left; keeps in `found` why nodes will not do. */
// pkg/scheduler/schedule_one.go findNodesThatPassExtenders
async function passExtenders(
  pod: PodInfo,
  found: Search,
  { extenders, signal }: ExtendedOptions,
): Promise<readonly NodeInfo[]> {
  const rejections = new Map<string, Rejection>()
  let { nodes } = found
  for (const extender of extenders) {
    if (nodes.length === 0) break
    try {
      const verdict = await extender.filter(pod, nodes, signal)
      for (const [name, reason] of verdict.failed) rejections.set(name, rejected(reason))
      for (const [name, reason] of verdict.unresolvable) rejections.set(name, unresolvable(reason))
      nodes = verdict.nodes
    } catch (error) {
      if (signal.aborted || !extender.ignorable) throw error
    }
  }
  if (nodes.length !== found.nodes.length) found.plugins.add(extenderName)
  for (const [name, rejection] of rejections) {
    const node = found.snapshot.node(name)
    if (node) found.rejections.push({ node, rejection })
  }
  return nodes.filter((node) => found.snapshot.node(node.name) === node)
}

/** The sum of what they give to each node; who fails gives nothing. */
// pkg/scheduler/schedule_one.go prioritizeNodes
async function extenderScores(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  { extenders, signal }: ExtendedOptions,
): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>()
  const given = await Promise.allSettled(extenders.map((extender) => extender.prioritize(pod, nodes, signal)))
  signal.throwIfAborted()
  for (const result of given) {
    if (result.status === 'rejected') continue
    for (const [name, score] of result.value) sums.set(name, (sums.get(name) ?? 0) + score)
  }
  return sums
}

async function diagnose(pod: PodInfo, found: Search, options: ExtendedOptions): Promise<Diagnosis> {
  const { extenders, profile, signal, trace = untraced } = options
  const { snapshot } = found
  // what the filters counted may be of Pods that have gone since
  const filters = found.filters && prepareFilters(pod, snapshot, profile.filter)
  const rejections = found.rejections.filter(({ node }) => snapshot.node(node.name) === node)
  const attempt = { ...found, rejections, filters: filters instanceof Filters ? filters : undefined }
  const results: (PostFilterResult | undefined)[] = []
  const since = trace.now()
  for (const plugin of profile.postFilter) {
    const asked = trace.isSampled ? trace.now() : 0
    const answer = plugin.postFilterWith?.(pod, attempt, extenders, signal)
    const result = answer ? await answer : plugin.postFilter?.(pod, attempt)
    if (trace.isSampled) trace.plugin(plugin.name, 'PostFilter', postFilterStatus(result), asked)
    results.push(result)
    if (result?.message === '') break
  }
  tracePostFilter(trace, results, since)
  return diagnosisOf(attempt, results)
}
