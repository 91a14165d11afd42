import { termMatcher } from '@kubets/shared/api/node-selector.ts'
import type { Node, NodeSelector } from '@kubets/shared/api/types/core-v1.ts'
import type { CounterSet, Device, ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'

/** A device with where it is from. */
export interface Candidate {
  readonly device: Device
  readonly slice: ResourceSlice
  readonly pool: Pool
  /** Driver, pool and name. */
  readonly key: string
}

/** All pools, by where they are. */
export interface Pools {
  /** Those that one node alone reaches. */
  readonly local: ReadonlyMap<string, readonly Pool[]>
  readonly wide: readonly Pool[]
}

/** The devices that a driver manages together, of the newest generation. */
export interface Pool {
  /** Driver and name. */
  readonly id: string
  readonly candidates: readonly Candidate[]
  readonly counterSets: readonly CounterSet[]
  /** Not all of its slices are there. */
  readonly isIncomplete: boolean
  /** What its slices say cannot be. */
  readonly isInvalid: boolean
}

export const deviceKey = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`

/** All slices by pool, whatever the node. Slices of older generations are of no account. */
// dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go GatherPools
export function poolsOf(slices: readonly ResourceSlice[]): Pools {
  const byPool = new Map<string, ResourceSlice[]>()
  for (const slice of slices) {
    const { driver, pool } = slice.spec
    const id = `${driver}/${pool.name}`
    const known = byPool.get(id)
    const newest = known?.[0]?.spec.pool.generation ?? -1
    if (!known || pool.generation > newest) byPool.set(id, [slice])
    else if (pool.generation === newest) known.push(slice)
  }
  const byName = (a: ResourceSlice, b: ResourceSlice): number =>
    (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
  const local = new Map<string, Pool[]>()
  const wide: Pool[] = []
  for (const [id, members] of [...byPool].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const pool = poolOf(id, members.toSorted(byName))
    const home = members[0]?.spec.nodeName
    if (home === undefined || members.some(({ spec }) => spec.nodeName !== home)) wide.push(pool)
    else local.set(home, [...(local.get(home) ?? []), pool])
  }
  return { local, wide }
}

function poolOf(id: string, slices: readonly ResourceSlice[]): Pool {
  const candidates: Candidate[] = []
  const counterSets = slices.flatMap(({ spec }) => spec.sharedCounters ?? [])
  const isIncomplete = slices.some(({ spec }) => spec.pool.resourceSliceCount !== slices.length)
  const pool: Pool = { id, candidates, counterSets, isIncomplete, isInvalid: isContradictory(slices, counterSets) }
  for (const slice of slices) {
    const { driver, devices = [] } = slice.spec
    for (const device of devices) {
      candidates.push({ device, slice, pool, key: deviceKey(driver, slice.spec.pool.name, device.name) })
    }
  }
  return pool
}

/** Two things have one name, or a device takes of what is not there. */
// dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go poolIsInvalid
function isContradictory(slices: readonly ResourceSlice[], counterSets: readonly CounterSet[]): boolean {
  const devices = slices.flatMap(({ spec }) => spec.devices ?? [])
  const sets = new Map(counterSets.map(({ name, counters = {} }) => [name, counters]))
  if (new Set(devices.map(({ name }) => name)).size < devices.length || sets.size < counterSets.length) return true
  return devices.some(({ consumesCounters = [] }) =>
    consumesCounters.some(({ counterSet, counters = {} }) =>
      Object.keys(counters).some((name) => !Object.hasOwn(sets.get(counterSet) ?? {}, name)),
    ),
  )
}

/** Where something is: on one node, on all, or on those with certain labels. */
interface Place {
  readonly nodeName?: string
  readonly allNodes?: boolean
  readonly nodeSelector?: NodeSelector
}

/** The pools as the node reaches them: those with nothing for it are left out. */
export function poolsFor({ local, wide }: Pools, node: Node): Pool[] {
  const reachable = wide.flatMap((pool) => {
    const candidates = pool.candidates.filter((candidate) => isReachable(candidate, node))
    return candidates.length === 0 ? [] : { ...pool, candidates }
  })
  return [...(local.get(node.metadata.name ?? '') ?? []), ...reachable]
}

function isReachable({ device, slice: { spec } }: Candidate, node: Node): boolean {
  return isAt(spec.perDeviceNodeSelection ? device : spec, node)
}

// dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go NodeMatches
function isAt({ nodeName, allNodes, nodeSelector }: Place, node: Node): boolean {
  if (nodeName) return nodeName === node.metadata.name
  if (allNodes) return true
  return nodeSelector !== undefined && selectorMatches(nodeSelector, node)
}

/** Whether the selector takes the node; terms that cannot be read take none. */
// component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go NodeSelector.Match
export function selectorMatches({ nodeSelectorTerms }: NodeSelector, { metadata }: Node): boolean {
  return nodeSelectorTerms.some((term) => termMatcher(term)(metadata.labels ?? {}, metadata.name ?? ''))
}
