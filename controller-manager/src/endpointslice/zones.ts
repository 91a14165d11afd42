import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import { parseQuantity } from '@kubets/shared/machinery/quantity.ts'

export const zoneLabel = 'topology.kubernetes.io/zone'
const controlPlane = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

interface Part {
  readonly zone: string
  readonly milliCPU: number
}

/** What a node adds to its zone; undefined for one that does not count: it is not ready, or of the control plane. */
// staging endpointslice/topologycache/topologycache.go SetNodes
export const partOf = ({ metadata, status }: Node): Part | undefined => {
  const labels = metadata.labels ?? {}
  if (controlPlane.some((label) => Object.hasOwn(labels, label))) return undefined
  if (status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True') return undefined
  return { zone: labels[zoneLabel] ?? '', milliCPU: parseQuantity(status.allocatable?.['cpu'] ?? '0').milliValue() }
}

/**
 * The share of all CPU that each zone has, by name and in its order; undefined when there are no two zones, or one node
 * that counts does not tell its zone or CPU.
 */
// staging endpointslice/topologycache/topologycache.go SetNodes
export const cpuShares = (nodes: readonly Node[]): ReadonlyMap<string, number> | undefined => {
  const byZone = new Map<string, number>()
  let total = 0
  for (const node of nodes) {
    const part = partOf(node)
    if (!part) continue
    const { zone, milliCPU } = part
    if (zone === '' || milliCPU === 0) return undefined
    byZone.set(zone, (byZone.get(zone) ?? 0) + milliCPU)
    total += milliCPU
  }
  if (byZone.size < 2) return undefined
  const shares = [...byZone].map(([zone, milliCPU]): [string, number] => [zone, milliCPU / total])
  return new Map(shares.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
