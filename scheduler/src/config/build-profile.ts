import { isRejection, type Plugin } from '../framework/plugin.ts'
import type { Profile } from '../framework/profile.ts'
import type { Registry } from '../plugins/registry.ts'
import { pluginsAt } from './plugin-sets.ts'
import type { Point } from './schema.ts'
import type { ProfileConfig } from './types.ts'

/**
 * The profiles by the name of the scheduler that Pods ask for.
 * @throws Error with upstream's words when one cannot be made
 */
// pkg/scheduler/profile/profile.go NewMap
export function buildProfiles(configs: readonly ProfileConfig[], registry: Registry): Map<string, Profile> {
  const profiles = new Map<string, Profile>()
  for (const config of configs) {
    try {
      profiles.set(config.schedulerName, buildProfile(config, registry))
    } catch (error) {
      const which = `creating profile for scheduler name ${config.schedulerName}`
      throw new Error(`initializing profiles: ${which}: ${(error as Error).message}`, { cause: error })
    }
  }
  return profiles
}

/**
 * Makes the plugins of a profile and puts each where it is enabled.
 * @throws Error with upstream's words when that is not possible
 */
// pkg/scheduler/framework/runtime/framework.go NewFramework
function buildProfile(config: ProfileConfig, registry: Registry): Profile {
  const { schedulerName, percentageOfNodesToScore, plugins: sets, args } = config
  const made = new Map<string, Plugin>()
  const plugin = (name: string): Plugin => {
    const known = made.get(name) ?? registry[name]?.make(args)
    if (!known) throw new Error(`plugin ${JSON.stringify(name)} does not exist`)
    made.set(name, known)
    return known
  }
  const at = (point: Point) =>
    pluginsAt(sets, point, (name) =>
      Object.hasOwn(registry, name) ? registry[name]?.points.includes(point) : undefined,
    )
  const named = (point: Point): string[] => at(point).map(({ name }) => name)
  const list = (point: Point): Plugin[] => named(point).map(plugin)

  const [preFilter, filter] = [named('preFilter'), named('filter')]
  const score = at('score')
  const [queueSort, ...moreSorts] = list('queueSort')
  const quoted = JSON.stringify(schedulerName)
  if (!queueSort) throw new Error(`no queue sort plugin is enabled for profile with scheduler name ${quoted}`)
  if (moreSorts.length > 0) {
    const all = `${moreSorts.length + 1}`
    throw new Error(`only one queue sort plugin required for profile with scheduler name ${quoted}, but got ${all}`)
  }
  const bind = list('bind')
  if (bind.length === 0) throw new Error(`at least one bind plugin is needed for profile with scheduler name ${quoted}`)
  // what a plugin does at these is part of another point, but what is said of them is checked all the same
  const permit = list('permit')
  for (const point of ['postBind', 'preScore'] as const) list(point)
  const weights = new Map([...sets.multiPoint.enabled, ...sets.score.enabled].map(({ name, weight }) => [name, weight]))
  return {
    schedulerName,
    percentageOfNodesToScore,
    preEnqueue: list('preEnqueue'),
    queueSort,
    filter: [
      ...filter.map(plugin),
      // looks at the Pod alone, nodes are not asked about
      ...preFilter.filter((name) => !filter.includes(name)).map((name) => onlyPreFilter(plugin(name))),
    ],
    postFilter: list('postFilter'),
    // zero is not a weight: who does not want a score disables it
    score: score.map(({ name }) => ({ plugin: plugin(name), weight: weights.get(name) || 1 })),
    reserve: list('reserve'),
    permit,
    preBind: list('preBind'),
    bind,
    plugins: made,
  }
}

function onlyPreFilter(plugin: Plugin): Plugin {
  return {
    ...plugin,
    preFilter(pod, snapshot) {
      const prepared = plugin.preFilter?.(pod, snapshot)
      return isRejection(prepared) ? prepared : undefined
    },
  }
}
