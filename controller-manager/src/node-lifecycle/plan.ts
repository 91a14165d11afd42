import type { Node, NodeCondition, Taint } from '@kubets/shared/api/types/core-v1.ts'
import { conditionsOfSilent, observe } from './health.ts'
import type { Graces, Health } from './health.ts'
import { hasNoExecute, isLost, noExecuteKey, noScheduleKeys, readiness, withTaints } from './taints.ts'
import { zoneOf, zonePaces } from './zones.ts'
import type { EvictionRates } from './zones.ts'

/** What is remembered between two passes. */
export interface Memory {
  health: ReadonlyMap<string, Health>
  /** When a node of the zone was last given a NoExecute taint. */
  lastEviction: ReadonlyMap<string, number>
  /** True when all nodes were lost in the last pass. */
  allLost: boolean
}

export const noMemory: Memory = { health: new Map(), lastEviction: new Map(), allLost: false }

export interface NodesSeen extends Graces {
  nodes: readonly Node[]
  /** The renew time of a node's lease. */
  renewTime: (node: string) => string | undefined
  memory: Memory
  eviction: EvictionRates
}

/** What to write for one node; the status goes first. */
export interface NodeChange {
  node: Node
  conditions?: NodeCondition[]
  taints?: Taint[]
  /** Ready until this pass: what is told of it. */
  event?: string
}

export interface NodesPlan {
  changes: NodeChange[]
  /** Nodes out of touch: no Pod of theirs may count as ready. */
  lost: string[]
  memory: Memory
}

// pkg/controller/util/node/controller_utils.go RecordNodeStatusChange
const unready = ({ metadata }: Node): string => `Node ${metadata.name} status is now: NodeNotReady`

/** One look at all nodes. */
// pkg/controller/nodelifecycle/node_lifecycle_controller.go monitorNodeHealth
export const plan = (seen: NodesSeen, now: number): NodesPlan => {
  const { nodes, memory } = seen
  const health = new Map<string, Health>()
  const silent = new Map<string, NodeCondition[]>()
  const fallen = new Set<string>()
  const after = nodes.map((node) => {
    const name = node.metadata.name ?? ''
    const observed = observe(node, seen.renewTime(name), memory.health.get(name), now)
    health.set(name, observed)
    const conditions = conditionsOfSilent(node, observed, seen, now)
    if (!conditions) return node
    silent.set(name, conditions)
    if (readiness(node) === 'True') fallen.add(name)
    return { ...node, status: { ...node.status, conditions } }
  })

  const paces = zonePaces(after, seen.eviction)
  // After a time without any node, all of them get a full grace period to come back one by one.
  if (paces && memory.allLost) for (const [name, each] of health) health.set(name, { ...each, at: now })

  const lastEviction = new Map(memory.lastEviction)
  const mayEvict = (node: Node): boolean => {
    const zone = zoneOf(node)
    const pace = paces?.get(zone)
    if (pace === undefined || pace === 'stopped') return false
    if (now - (lastEviction.get(zone) ?? -Infinity) < pace.intervalMs) return false
    lastEviction.set(zone, now)
    return true
  }
  const evictionTaint = (node: Node): string | undefined => {
    const key = noExecuteKey(node)
    if (key === undefined || !paces) return undefined
    return hasNoExecute(node) || mayEvict(node) ? key : undefined
  }

  const changes: NodeChange[] = []
  for (const node of after) {
    const conditions = silent.get(node.metadata.name ?? '')
    const taints = withTaints(node, noScheduleKeys(node), evictionTaint(node), now)
    if (conditions || taints)
      changes.push({
        node,
        ...(conditions ? { conditions } : {}),
        ...(taints ? { taints } : {}),
        ...(fallen.has(node.metadata.name ?? '') ? { event: unready(node) } : {}),
      })
  }
  return {
    changes,
    lost: after.filter(isLost).map((node) => node.metadata.name ?? ''),
    memory: { health, lastEviction, allLost: !paces && nodes.length > 0 },
  }
}

/** True when a change of the node is one that a pass should look at without waiting. */
export const isRelevantChange = (old: Node, node: Node): boolean => {
  const keys = (each: Node): string =>
    [...noScheduleKeys(each), ...(each.spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)].sort().join()
  return readiness(old) !== readiness(node) || keys(old) !== keys(node)
}
