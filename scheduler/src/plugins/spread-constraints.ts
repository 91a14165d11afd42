import type { TopologySpreadConstraint } from '@kubets/shared/api/types/core-v1.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import { selectorOrNothing, type PodInfo } from '../cache/pod-info.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import { requiredNodes } from '@kubets/shared/api/node-selector.ts'

/** A spread constraint, ready to be counted by. */
export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly selector: Selector
  /** Whether the node's Pods and its topology count at all. */
  readonly counts: (node: NodeInfo) => boolean
}

export const hostnameKey = 'kubernetes.io/hostname'

/** What Pods with siblings but without constraints get: spread, but rather crowded than waiting. */
// pkg/scheduler/framework/plugins/podtopologyspread/plugin.go systemDefaultConstraints
const defaults = [
  { topologyKey: hostnameKey, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
]

/** The Pod's own constraints of one kind. */
export function ownConstraints(
  info: PodInfo,
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway',
): SpreadConstraint[] {
  const constraints = info.pod.spec.topologySpreadConstraints ?? []
  return constraints
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector: selectorOrNothing(withLabelKeys(constraint, info)),
      counts: inclusion(constraint, info),
    }))
}

/** The constraints of a Pod that has none of its own; none either where it has no siblings. */
export function defaultConstraints(info: PodInfo, snapshot: Snapshot): SpreadConstraint[] {
  const selector = snapshot.siblings(info)
  if (!selector) return []
  return defaults.map((constraint) => ({ ...constraint, minDomains: 1, selector, counts: inclusion({}, info) }))
}

/** How many Pods on the node the constraint counts. */
// pkg/scheduler/framework/plugins/podtopologyspread/common.go countPodsMatchSelector
export function countMatching(node: NodeInfo, selector: Selector, namespace: string): number {
  if (selector.empty) return 0
  let count = 0
  for (const pod of node.pods.values()) if (isCounted(pod, selector, namespace)) count++
  return count
}

/** Whether the Pod is one of those that the constraint of a Pod in this namespace counts. */
export function isCounted({ namespace, labels, pod }: PodInfo, selector: Selector, own: string): boolean {
  return !selector.empty && namespace === own && !pod.metadata.deletionTimestamp && selector.matches(labels)
}

/** The selector, narrowed to Pods with the same values of the named labels. */
function withLabelKeys({ labelSelector, matchLabelKeys }: TopologySpreadConstraint, { labels }: PodInfo) {
  const keys = (matchLabelKeys ?? []).filter((key) => labels[key] !== undefined)
  if (keys.length === 0) return labelSelector
  const own = keys.map((key) => ({ key, operator: 'In', values: [labels[key] ?? ''] }))
  return { ...labelSelector, matchExpressions: [...(labelSelector?.matchExpressions ?? []), ...own] }
}

// pkg/scheduler/framework/plugins/podtopologyspread/common.go matchNodeInclusionPolicies
function inclusion(policies: Partial<TopologySpreadConstraint>, { pod }: PodInfo): (node: NodeInfo) => boolean {
  const required = policies.nodeAffinityPolicy === 'Ignore' ? undefined : requiredNodes(pod)
  const honorTaints = policies.nodeTaintsPolicy === 'Honor'
  const tolerations = pod.spec.tolerations ?? []
  return (node) => {
    if (required && !required(node.labels, node.name)) return false
    if (!honorTaints) return true
    return untoleratedTaint(node.node?.spec.taints ?? [], tolerations, ['NoSchedule', 'NoExecute']) === undefined
  }
}
