import type { Node, NodeCondition } from '@kubets/shared/api/types/core-v1.ts'
import { getCondition } from '@kubets/shared/api/pod.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'

/** What is remembered of a node between two looks at it. */
export interface Health {
  /** What the last heartbeat looked like. */
  heartbeat: string
  /** When it was noticed, by our own clock: nodes' clocks are not trusted. */
  at: number
}

export interface Graces {
  nodeMonitorGraceMs: number
  nodeStartupGraceMs: number
}

const watched = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The node's health after this look; a changed heartbeat, by status or by lease, renews it. */
export const observe = (node: Node, renewTime: string | undefined, before: Health | undefined, now: number): Health => {
  const ready = getCondition(node.status?.conditions, 'Ready')
  const heartbeat = `${ready?.lastHeartbeatTime ?? ''} ${renewTime ?? ''}`
  return before?.heartbeat === heartbeat ? before : { heartbeat, at: now }
}

/** The node's conditions once it has been silent too long; undefined while it has not, or shows it already. */
// pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth
export const conditionsOfSilent = (
  node: Node,
  health: Health,
  graces: Graces,
  now: number,
): NodeCondition[] | undefined => {
  const conditions = node.status?.conditions ?? []
  const grace = getCondition(conditions, 'Ready') ? graces.nodeMonitorGraceMs : graces.nodeStartupGraceMs
  if (now <= health.at + grace) return undefined
  const time = formatTime(now)
  let changed = false
  const next = conditions.map((condition) => {
    if (!watched.includes(condition.type) || condition.status === 'Unknown') return condition
    changed = true
    return {
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: time,
    }
  })
  for (const type of watched) {
    if (getCondition(conditions, type)) continue
    changed = true
    next.push({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp ?? time,
      lastTransitionTime: time,
    })
  }
  return changed ? next : undefined
}
