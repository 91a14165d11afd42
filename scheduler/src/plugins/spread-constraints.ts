import type { TopologySpreadConstraint } from '@kubets/shared/api/types/core-v1.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import { untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import type { NodeInfo } from '../cache/node-info.ts'
import type { PodGroup } from '../cache/pod-groups.ts'
import { selectorOrNothing, type PodInfo } from '../cache/pod-info.ts'
import type { PluginArgs } from '../config/args.ts'
import type { Snapshot } from '../cache/snapshot.ts'
import { requiredNodes } from '@kubets/shared/api/node-selector.ts'

/** A spread constraint, ready to be counted by. */
export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly selector: Selector
  /** Whether the node's Pods and its topology count at all; undefined: every node's do. */
  readonly counts: ((node: NodeInfo) => boolean) | undefined
}

export const hostnameKey = 'kubernetes.io/hostname'

type SpreadArgs = PluginArgs['PodTopologySpread']
type Action = 'DoNotSchedule' | 'ScheduleAnyway'

/** What Pods with siblings but without constraints get: spread, but rather crowded than waiting. */
// pkg/scheduler/framework/plugins/podtopologyspread/plugin.go systemDefaultConstraints
const systemDefaults: SpreadArgs['defaultConstraints'] = [
  { topologyKey: hostnameKey, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
]

/** The constraints of one kind: the Pod's own, or, where it has none at all but has siblings, the profile's. */
// pkg/scheduler/framework/plugins/podtopologyspread/common.go buildDefaultConstraints
export function constraintsOf(info: PodInfo, action: Action, args: SpreadArgs, snapshot: Snapshot): SpreadConstraint[] {
  const own = info.pod.spec.topologySpreadConstraints ?? []
  if (own.length > 0)
    return prepare(info, own, action, (constraint) => selectorOrNothing(withLabelKeys(constraint, info)))
  const defaults = args.defaultingType === 'System' ? systemDefaults : args.defaultConstraints
  if (!defaults.some(({ whenUnsatisfiable }) => whenUnsatisfiable === action)) return []
  const siblings = snapshot.siblings(info)
  return siblings ? prepare(info, defaults, action, () => siblings) : []
}

/** The Pod's own constraints that filter. */
export const ownConstraints = (info: PodInfo): SpreadConstraint[] =>
  prepare(info, info.pod.spec.topologySpreadConstraints ?? [], 'DoNotSchedule', (constraint) =>
    selectorOrNothing(withLabelKeys(constraint, info)),
  )

function prepare(
  info: PodInfo,
  constraints: readonly TopologySpreadConstraint[],
  action: Action,
  selector: (constraint: TopologySpreadConstraint) => Selector,
): SpreadConstraint[] {
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector: selector(constraint),
      counts: inclusion(constraint, info),
    }))
}

/** The Pods on nodes that the constraint of a Pod in this namespace counts. */
// pkg/scheduler/framework/plugins/podtopologyspread/common.go countPodsMatchSelector
export function countedPods({ selector }: SpreadConstraint, namespace: string, snapshot: Snapshot): PodGroup[] {
  if (selector.empty) return []
  return [...snapshot.podsLike(selector)].filter(({ pod }) => isCounted(pod, selector, namespace))
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
function inclusion(
  policies: Partial<TopologySpreadConstraint>,
  { pod }: PodInfo,
): ((node: NodeInfo) => boolean) | undefined {
  const required = policies.nodeAffinityPolicy === 'Ignore' ? undefined : requiredNodes(pod)
  const honorTaints = policies.nodeTaintsPolicy === 'Honor'
  const tolerations = pod.spec.tolerations ?? []
  if (!required && !honorTaints) return undefined
  return (node) => {
    if (required && !required(node.labels, node.name)) return false
    if (!honorTaints) return true
    return untoleratedTaint(node.node?.spec.taints ?? [], tolerations, ['NoSchedule', 'NoExecute']) === undefined
  }
}
