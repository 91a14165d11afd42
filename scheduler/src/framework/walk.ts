import type { NodeInfo } from '../cache/node-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import type { Filters, Refusal } from './filters.ts'

/** The places of the nodes that can pass in the list of all, in order; undefined: any may. */
export function placesWithin(snapshot: Snapshot, { within }: Filters): readonly number[] | undefined {
  if (!within) return undefined
  const { places } = snapshot.topologies(within.key)
  const [first = [], ...others] = within.values.map((value) => places.get(value) ?? [])
  return others.length === 0 ? first : [first, ...others].flat().sort((a, b) => a - b)
}

interface Walk {
  readonly candidates: readonly NodeInfo[]
  readonly startIndex: number
  /** How many nodes to find. */
  readonly enough: number
  readonly filters: Filters
  /** Keeps what is against nodes where others were found too. */
  readonly explains: boolean
}

interface Found {
  readonly nodes: readonly NodeInfo[]
  /** How many nodes were looked at, those that were passed over among them. */
  readonly evaluated: number
  /** Where no node was found, or with `explains`: what is against each that was asked about. */
  readonly refusals: readonly Refusal[]
}

/**
 * Goes round the nodes from the start until enough of them will do.
 * @param places of the nodes to ask about; the others would be refused. undefined: all
 */
// pkg/scheduler/schedule_one.go findNodesThatPassFilters
export function walk({ candidates, startIndex, enough, filters, explains }: Walk, places?: readonly number[]): Found {
  const count = candidates.length
  const start = count === 0 ? 0 : startIndex % count
  const steps = places?.length ?? count
  const begin = places ? Math.max(0, firstFrom(places, start)) : start
  const nodes: NodeInfo[] = []
  const refusals: Refusal[] = []
  for (let step = 0; step < steps; step++) {
    const at = (begin + step) % steps
    const place = places ? (places[at] ?? 0) : at
    const node = candidates[place]
    if (!node) continue
    const refusal = filters.refusal(node)
    if (refusal) {
      if (explains || nodes.length === 0) refusals.push(refusal)
      continue
    }
    if (!explains) refusals.length = 0
    nodes.push(node)
    if (nodes.length >= enough) return { nodes, refusals, evaluated: ((place - start + count) % count) + 1 }
  }
  return { nodes, refusals, evaluated: count }
}

const firstFrom = (places: readonly number[], start: number): number => places.findIndex((place) => place >= start)
