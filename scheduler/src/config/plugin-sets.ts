import { points, type Point } from './schema.ts'
import type { PluginRef, PluginSet, PluginSets } from './types.ts'

const nothing: PluginSet = { enabled: [], disabled: [] }

/** What is enabled where nothing is said, with the scores' weights. */
// pkg/scheduler/apis/config/v1/default_plugins.go getDefaultPlugins
const defaults: readonly PluginRef[] = [
  { name: 'SchedulingGates' },
  { name: 'PrioritySort' },
  { name: 'NodeUnschedulable' },
  { name: 'NodeName' },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts' },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'VolumeRestrictions' },
  { name: 'NodeVolumeLimits' },
  { name: 'VolumeBinding' },
  { name: 'VolumeZone' },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  // before preemption: a claim that nobody uses is given up rather than a Pod
  { name: 'DynamicResources', weight: 2 },
  { name: 'DefaultPreemption' },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder' },
]

type GivenSets = { readonly [P in Point | 'multiPoint']?: Partial<PluginSet> }

/** What a profile says, on top of what is enabled anyway. */
// pkg/scheduler/apis/config/v1/default_plugins.go mergePlugins
export function pluginSets(given: GivenSets = {}): PluginSets {
  const sets = points.map((point) => [point, { ...nothing, ...given[point] }] as const)
  return { ...(Object.fromEntries(sets) as Record<Point, PluginSet>), multiPoint: overDefaults(given.multiPoint) }
}

/** Plugins named again keep their place among the defaults; others come after them. */
// pkg/scheduler/apis/config/v1/default_plugins.go mergePluginSet
function overDefaults({ enabled = [], disabled = [] }: Partial<PluginSet> = {}): PluginSet {
  const off = new Set(disabled.map(({ name }) => name))
  const replaced = new Set<PluginRef>()
  const kept = off.has('*') ? [] : defaults.filter(({ name }) => !off.has(name))
  const merged = kept.map((plugin) => {
    const again = enabled.findLast(({ name }) => name === plugin.name)
    if (again) replaced.add(again)
    return again ?? plugin
  })
  return { enabled: [...merged, ...enabled.filter((plugin) => !replaced.has(plugin))], disabled }
}

/** Go's names of the points, as errors tell them. */
const goName = (point: Point): string => `${point[0]?.toUpperCase()}${point.slice(1)}Plugin`

/**
 * The plugins of one point in the order of their calls: those of the point itself that multiPoint has too, then
 * multiPoint's others, then the point's others.
 * @param has whether the plugin of this name has a part at the point; undefined when there is none of this name
 * @throws Error with upstream's words
 */
// pkg/scheduler/framework/runtime/framework.go expandMultiPointPlugins
export function pluginsAt(sets: PluginSets, point: Point, has: (name: string) => boolean | undefined): PluginRef[] {
  const { enabled, disabled } = sets[point]
  const own = new Map<string, PluginRef>()
  for (const plugin of enabled) {
    const { name } = plugin
    const part = has(name)
    if (part === undefined) throw new Error(`${goName(point)} ${JSON.stringify(name)} does not exist`)
    if (!part) throw new Error(`plugin ${JSON.stringify(name)} does not extend ${goName(point)} plugin`)
    if (own.has(name))
      throw new Error(`plugin ${JSON.stringify(name)} already registered as ${JSON.stringify(goName(point))}`)
    own.set(name, plugin)
  }
  const off = new Set(disabled.map(({ name }) => name))
  if (off.has('*')) return [...own.values()]
  const overriding = new Set<string>()
  const many = new Map<string, PluginRef>()
  for (const plugin of sets.multiPoint.enabled) {
    const { name } = plugin
    const part = has(name)
    if (part === undefined) throw new Error(`plugin ${JSON.stringify(name)} does not exist`)
    if (!part || off.has(name)) continue
    if (own.has(name)) overriding.add(name)
    else if (many.has(name))
      throw new Error(`plugin ${JSON.stringify(name)} already registered as ${JSON.stringify(goName(point))}`)
    else many.set(name, plugin)
  }
  const all = [...own.values()]
  return [
    ...all.filter(({ name }) => overriding.has(name)),
    ...many.values(),
    ...all.filter(({ name }) => !overriding.has(name)),
  ]
}
