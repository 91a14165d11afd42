import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'

// staging endpointslice/topologycache/topologycache.go overloadThreshold
const overload = 0.2

/** Whether the Service asks for endpoints to be shared out among zones; that goes before trafficDistribution. */
// staging endpointslice/utils.go hintsEnabled
export const asksForHints = ({ metadata }: Service): boolean => {
  const { annotations = {} } = metadata
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode']
  return mode === 'Auto' || mode === 'auto'
}

/** The slices of one family of addresses: what is written of them anyway, and what could stay as it is. */
export interface Shared {
  readonly written: readonly (readonly Endpoint[])[]
  readonly unchanged: readonly EndpointSlice[]
}

export interface SharedOut {
  /** In the order of `written`. */
  readonly written: readonly Endpoint[][]
  /** Slices that have to be written too. */
  readonly touched: readonly { readonly slice: EndpointSlice; readonly endpoints: Endpoint[] }[]
  /** Why no endpoint has a hint. */
  readonly problem?: string
}

interface Allocation {
  readonly minimum: number
  readonly maximum: number
  readonly desired: number
}

const endpointsOf = ({ endpoints }: EndpointSlice): readonly Endpoint[] => endpoints ?? []
const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready === true
const bare = ({ hints: _, ...rest }: Endpoint): Endpoint => rest
const hinted = (endpoint: Endpoint, zone: string): Endpoint => ({ ...endpoint, hints: { forZones: [{ name: zone }] } })

/** All without hints; slices that have some are written. */
// staging endpointslice/topologycache/utils.go RemoveHintsFromSlices
export const withoutHints = ({ written, unchanged }: Shared, problem?: string): SharedOut => ({
  written: written.map((endpoints) => endpoints.map(bare)),
  touched: unchanged
    .filter((slice) => endpointsOf(slice).some(({ hints }) => hints !== undefined))
    .map((slice) => ({ slice, endpoints: endpointsOf(slice).map(bare) })),
  ...(problem === undefined ? {} : { problem }),
})

/**
 * Gives every ready endpoint the zone whose traffic it is to take: its own, but for as many as other zones lack by their
 * share of CPU. Slices whose hints are still good stay as they are.
 * @param shares of CPU by zone; undefined: they are not known
 */
// staging endpointslice/topologycache/topologycache.go AddHints
export const shareOut = (slices: Shared, shares: ReadonlyMap<string, number> | undefined): SharedOut => {
  const all = [...slices.written.flat(), ...slices.unchanged.flatMap(endpointsOf)]
  const allocations = allocate(all.filter(isReady).length, shares)
  if (typeof allocations === 'string') return withoutHints(slices, allocations)

  const counts = new Map<string, number>()
  const stale: EndpointSlice[] = []
  for (const slice of slices.unchanged) {
    const hints = goodHints(slice, counts, allocations)
    if (!hints) stale.push(slice)
    else for (const [zone, count] of hints) add(counts, zone, count)
  }
  const lists = [...slices.written, ...stale.map(endpointsOf)].map((endpoints) => endpoints.map(bare))
  const ready = lists.flat().filter(isReady)
  if (ready.some(({ zone }) => !zone)) {
    return withoutHints(slices, 'One or more endpoints do not have a zone specified')
  }
  for (const { zone = '' } of ready) add(counts, zone, 1)
  const moves = movesBetween(allocations, counts)
  const own = ({ zone = '' }: Endpoint): string => takeMove(moves, zone) ?? zone
  const shared = lists.map((endpoints) => endpoints.map((one) => (isReady(one) ? hinted(one, own(one)) : one)))
  if (counts.size === 0) return withoutHints(slices, 'No hints allocated for zones')
  const written = shared.slice(0, slices.written.length)
  const touched = stale.map((slice, i) => ({ slice, endpoints: shared[written.length + i] ?? [] }))
  return { written, touched }
}

const add = (counts: Map<string, number>, zone: string, count: number): void =>
  void counts.set(zone, (counts.get(zone) ?? 0) + count)

/** How many endpoints each zone is to have; text: why that cannot be said. */
// staging endpointslice/topologycache/topologycache.go getAllocations
const allocate = (
  endpoints: number,
  shares: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, Allocation> | string => {
  if (!shares) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  const figures = `(${endpoints} endpoints, ${shares.size} zones)`
  if (shares.size > endpoints) return `Insufficient number of endpoints ${figures}`
  const wanted = [...shares].map(([zone, share]) => {
    const desired = share * endpoints
    const minimum = Math.ceil(desired / (1 + overload))
    return { zone, minimum, desired: Math.max(desired, minimum) }
  })
  const spare = wanted.reduce((left, { minimum }) => left - minimum, endpoints)
  if (spare < 0) {
    const text = 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold'
    return `${text} ${figures}`
  }
  return new Map(wanted.map(({ zone, minimum, desired }) => [zone, { minimum, desired, maximum: minimum + spare }]))
}

/** How many endpoints of the slice are for each zone; undefined when these hints cannot stay. */
// staging endpointslice/topologycache/utils.go getHintsByZone
const goodHints = (
  slice: EndpointSlice,
  before: ReadonlyMap<string, number>,
  allocations: ReadonlyMap<string, Allocation>,
): ReadonlyMap<string, number> | undefined => {
  const counts = new Map<string, number>()
  for (const endpoint of endpointsOf(slice).filter(isReady)) {
    const zones = endpoint.hints?.forZones ?? []
    if (zones.length === 0 || zones.some(({ name }) => !allocations.has(name))) return undefined
    for (const { name } of zones) add(counts, name, 1)
  }
  for (const [zone, count] of counts)
    if (count + (before.get(zone) ?? 0) > (allocations.get(zone)?.maximum ?? 0)) return undefined
  return counts
}

interface Moves {
  readonly giving: Map<string, number>
  readonly receiving: Map<string, number>
}

/** How many endpoints zones give to others that lack some. */
// staging endpointslice/topologycache/utils.go getGivingAndReceivingZones
const movesBetween = (allocations: ReadonlyMap<string, Allocation>, counts: ReadonlyMap<string, number>): Moves => {
  const over = new Map<string, number>()
  const under = new Map<string, number>()
  for (const [zone, { desired }] of allocations) {
    const surplus = (counts.get(zone) ?? 0) - desired
    if (surplus > 0) over.set(zone, surplus)
    else if (surplus < 0) under.set(zone, -surplus)
  }
  const moves: Moves = { giving: new Map(), receiving: new Map() }
  for (;;) {
    const [from, gives] = most(over)
    const [to, takes] = most(under)
    if (gives < 0.5 || takes < 0.5 || (gives < 1 && takes < 1)) return moves
    add(moves.giving, from, 1)
    add(moves.receiving, to, 1)
    over.set(from, gives - 1)
    under.set(to, takes - 1)
  }
}

const most = (zones: ReadonlyMap<string, number>): readonly [string, number] =>
  [...zones].reduce<readonly [string, number]>((best, one) => (one[1] > best[1] ? one : best), ['', 0])

/** The zone that an endpoint of this zone goes to, when there is one to give and one that lacks it. */
const takeMove = ({ giving, receiving }: Moves, zone: string): string | undefined => {
  if ((giving.get(zone) ?? 0) === 0) return undefined
  const to = [...receiving].find(([, count]) => count > 0)?.[0]
  if (to === undefined) return undefined
  add(giving, zone, -1)
  add(receiving, to, -1)
  return to
}
