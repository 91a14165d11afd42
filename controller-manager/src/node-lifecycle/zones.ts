import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { readiness } from './taints.ts'

/** How fast nodes may be emptied. */
export interface EvictionRates {
  /** Milliseconds between two nodes of a zone. */
  intervalMs: number
  /** The same in a large zone where many are lost; Infinity for never. */
  slowIntervalMs: number
  /** The share of lost nodes that are many. */
  unhealthyShare: number
  /** More nodes make a zone large; in a smaller one where many are lost nothing is evicted. */
  largeZone: number
}

/** Failure domain of a node. */
export const zoneOf = (node: Node): string => {
  const labels = node.metadata.labels ?? {}
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}

// pkg/controller/nodelifecycle/node_lifecycle_controller.go labelNodeDisruptionExclusion
const isExcluded = ({ metadata }: Node): boolean =>
  Object.hasOwn(metadata.labels ?? {}, 'node.kubernetes.io/exclude-disruption')

/** How fast a zone's nodes may be emptied. */
export type Pace = { intervalMs: number } | 'stopped'

/**
 * The pace of each zone. Where most nodes of a zone are lost, the fault is rather ours or the network's: it slows down
 * or stops. Undefined when every node everywhere is lost: nothing is evicted then, and what was begun is taken back. Nodes
 * that a label excludes are not counted.
 */
// pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState, handleDisruption
export const zonePaces = (nodes: readonly Node[], rates: EvictionRates): Map<string, Pace> | undefined => {
  const { intervalMs, slowIntervalMs, unhealthyShare, largeZone } = rates
  const slow: Pace = slowIntervalMs === Infinity ? 'stopped' : { intervalMs: slowIntervalMs }
  const zones = new Map<string, { ready: number; lost: number }>()
  const counted = nodes.filter((node) => !isExcluded(node))
  for (const node of counted) {
    const zone = zones.get(zoneOf(node)) ?? { ready: 0, lost: 0 }
    zones.set(zoneOf(node), zone)
    if (readiness(node) === 'True') zone.ready++
    else zone.lost++
  }
  if (counted.length > 0 && [...zones.values()].every(({ ready }) => ready === 0)) return undefined
  const paces = new Map<string, Pace>(nodes.map((node) => [zoneOf(node), { intervalMs }]))
  for (const [name, { ready, lost }] of zones) {
    const partial = ready > 0 && lost > 2 && lost / (ready + lost) >= unhealthyShare
    if (!partial) paces.set(name, { intervalMs })
    else paces.set(name, ready + lost > largeZone ? slow : 'stopped')
  }
  return paces
}
