import type { NodeInfo } from '../cache/node-info.ts'
import type { PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import { isRejection, unresolvable, type NodeFilter, type Plugin, type Rejection, type Topologies } from './plugin.ts'
import { statusOf, untraced, type Evaluations, type Trace } from './trace.ts'

/** A plugin's word against a Pod. */
interface PluginRejection {
  readonly plugin: string
  readonly rejection: Rejection
}

/** A plugin's word against a node. */
export interface Refusal extends PluginRejection {
  readonly node: NodeInfo
}

interface PreparedFilter {
  readonly plugin: string
  readonly filter: NodeFilter
  readonly evaluations: Evaluations
}

/** The filters of one attempt, prepared for its Pod. */
export class Filters {
  /** The nodes that come into question, by name; undefined: all. */
  readonly only: ReadonlySet<string> | undefined
  /** The plugins that said so. */
  readonly restricting: readonly string[]
  /** All nodes that can pass lie in these topologies; undefined: they can be anywhere. */
  readonly within: Topologies | undefined
  readonly #pod: PodInfo
  readonly #snapshot: Snapshot
  readonly #filters: readonly PreparedFilter[]
  readonly #trace: Trace

  constructor(pod: PodInfo, snapshot: Snapshot, filters: readonly PreparedFilter[], trace: Trace) {
    this.#trace = trace
    this.#pod = pod
    this.#snapshot = snapshot
    this.#filters = filters
    const sets = filters.flatMap(({ filter }) => filter.only ?? [])
    const [first, ...others] = sets
    this.only = first && new Set([...first].filter((name) => others.every((set) => set.has(name))))
    this.within = filters.find(({ filter }) => filter.within)?.filter.within
    this.restricting = filters.flatMap(({ plugin, filter }) => (filter.only ? plugin : [])).toSorted()
  }

  /**
   * Why the node will not do; undefined: it will. It must do with and without the Pods that wait for a place there and
   * are not less important: they may come or not, and affinity may need them or keep away from them.
   */
  // pkg/scheduler/framework/runtime/framework.go RunFilterPluginsWithNominatedPods
  refusal(node: NodeInfo): Refusal | undefined {
    for (const other of this.#snapshot.nominated(node.name)) {
      if (this.#isExpected(other)) return this.#refusalCrowded(node) ?? this.#run(node)
    }
    return this.#run(node)
  }

  /** The node as it would be with them; in the end it is as it was. */
  #refusalCrowded(node: NodeInfo): Refusal | undefined {
    const expected = [...this.#snapshot.nominated(node.name)].filter(
      (other) => this.#isExpected(other) && !node.pods.has(other.uid),
    )
    for (const other of expected) {
      node.addPod(other)
      this.shift(other, node, 1)
    }
    try {
      return this.#run(node)
    } finally {
      for (const other of expected) {
        node.removePod(other.uid)
        this.shift(other, node, -1)
      }
    }
  }

  #isExpected(other: PodInfo): boolean {
    return other.priority >= this.#pod.priority && other.uid !== this.#pod.uid
  }

  /** Counts another Pod as on the node, or as gone from it; the NodeInfo itself is the caller's to change. */
  shift(other: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    for (const { filter } of this.#filters) filter.shift?.(other, node, sign)
  }

  #run(node: NodeInfo): Refusal | undefined {
    const trace = this.#trace
    const { isSampled } = trace
    for (const { plugin, filter, evaluations } of this.#filters) {
      evaluations.times++
      const since = isSampled ? trace.now() : 0
      const rejection = askFilter(plugin, filter, node)
      if (isSampled) trace.plugin(plugin, 'Filter', statusOf(rejection), since)
      if (rejection) return { node, plugin, rejection }
    }
    return undefined
  }
}

/** Asks every plugin about the Pod itself. Returns the filters, or the word of the plugin that lets no node pass. */
// pkg/scheduler/framework/runtime/framework.go RunPreFilterPlugins
export function prepareFilters(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  trace: Trace = untraced,
): Filters | PluginRejection {
  const since = trace.now()
  const prepared = runPreFilters(pod, snapshot, plugins, trace)
  const filters = 'rejection' in prepared ? prepared : combine(pod, snapshot, prepared, trace)
  trace.point('PreFilter', statusOf(filters instanceof Filters ? undefined : filters.rejection), since)
  return filters
}

function runPreFilters(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  trace: Trace,
): PreparedFilter[] | PluginRejection {
  const prepared: PreparedFilter[] = []
  for (const plugin of plugins) {
    const { name } = plugin
    const since = trace.isSampled ? trace.now() : 0
    const filter = askPreFilter(plugin, pod, snapshot)
    const rejection = isRejection(filter) ? filter : undefined
    if (trace.isSampled) trace.plugin(name, 'PreFilter', filter ? statusOf(rejection) : 'Skip', since)
    if (!filter) continue
    trace.evaluations(name, 'PreFilter').times++
    if (isRejection(filter)) return { plugin: name, rejection: filter }
    prepared.push({ plugin: name, filter, evaluations: trace.evaluations(name, 'Filter') })
  }
  return prepared
}

function combine(
  pod: PodInfo,
  snapshot: Snapshot,
  prepared: readonly PreparedFilter[],
  trace: Trace,
): Filters | PluginRejection {
  const filters = new Filters(pod, snapshot, prepared, trace)
  if (filters.only?.size !== 0) return filters
  const [plugin = '', ...more] = filters.restricting
  const which = more.length === 0 ? `plugin ${plugin}` : `plugin(s) [${filters.restricting.join(' ')}] simultaneously`
  return { plugin, rejection: unresolvable(`node(s) didn't satisfy ${which}`) }
}

/** An error says whose it is. */
function askPreFilter(plugin: Plugin, pod: PodInfo, snapshot: Snapshot): NodeFilter | Rejection | undefined {
  try {
    return plugin.preFilter?.(pod, snapshot)
  } catch (error) {
    throw new Error(`running PreFilter plugin "${plugin.name}": ${(error as Error).message}`, { cause: error })
  }
}

// pkg/scheduler/framework/runtime/framework.go RunFilterPlugins
function askFilter(plugin: string, filter: NodeFilter, node: NodeInfo): Rejection | undefined {
  try {
    return filter(node)
  } catch (error) {
    throw new Error(`running "${plugin}" filter plugin: ${(error as Error).message}`, { cause: error })
  }
}
