import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { readiness } from './taints.ts'

// pkg/controller/nodelifecycle: --unhealthy-zone-threshold, --large-cluster-size-threshold, --secondary-node-eviction-rate
const unhealthyShare = 0.55
const largeZone = 50
const slowdown = 10

/** Failure domain of a node. */
export const zoneOf = (node: Node): string => {
  const labels = node.metadata.labels ?? {}
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}

/** How fast a zone's nodes may be emptied. */
export type Pace = { intervalMs: number } | 'stopped'

/**
 * The pace of each zone. Where most nodes of a zone are lost, the fault is rather ours or the network's: it slows down
 * or stops. Undefined when every node everywhere is lost: nothing is evicted then, and what was begun is taken back.
 */
// pkg/controller/nodelifecycle/node_lifecycle_controller.go ComputeZoneState, handleDisruption
export const zonePaces = (nodes: readonly Node[], intervalMs: number): Map<string, Pace> | undefined => {
  const zones = new Map<string, { ready: number; lost: number }>()
  for (const node of nodes) {
    const zone = zones.get(zoneOf(node)) ?? { ready: 0, lost: 0 }
    zones.set(zoneOf(node), zone)
    if (readiness(node) === 'True') zone.ready++
    else zone.lost++
  }
  if ([...zones.values()].every(({ ready }) => ready === 0)) return undefined
  const paces = new Map<string, Pace>()
  for (const [name, { ready, lost }] of zones) {
    const partial = ready > 0 && lost > 2 && lost / (ready + lost) >= unhealthyShare
    if (!partial) paces.set(name, { intervalMs })
    else paces.set(name, ready + lost > largeZone ? { intervalMs: intervalMs * slowdown } : 'stopped')
  }
  return paces
}
