import type { Node, Taint, Toleration } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { tolerates, untoleratedTaint } from '@kubets/shared/machinery/taints.ts'
import { normalizeScores } from '../framework/normalize.ts'
import { unresolvable, type Plugin } from '../framework/plugin.ts'

const untolerated = unresolvable('node(s) had untolerated taint(s)')

/** Whether a taint of the node keeps the Pod away. */
function keepsAway(node: Node | undefined, tolerations: readonly Toleration[]): boolean {
  return untoleratedTaint(node?.spec.taints, tolerations, ['NoSchedule', 'NoExecute']) !== undefined
}

// pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  preFilter({ pod }) {
    const tolerations = pod.spec.tolerations ?? []
    return ({ node }) => (keepsAway(node, tolerations) ? untolerated : undefined)
  },
  preScore({ pod }, _snapshot, nodes) {
    const soft = (taint: Taint): boolean => taint.effect === 'PreferNoSchedule'
    if (!nodes.some(({ node }) => node?.spec.taints?.some(soft))) return undefined
    const tolerations = (pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
    return {
      score: ({ node }) =>
        (node?.spec.taints ?? []).filter((taint) => soft(taint) && !tolerations.some((t) => tolerates(t, taint)))
          .length,
      normalize: (scores) => normalizeScores(scores, true),
    }
  },
  queueingHint({ pod }, event) {
    if (event.kind === 'NodeUpdate' && deepEqual(event.old.spec.taints, event.node.spec.taints)) return false
    if (event.kind !== 'NodeAdd' && event.kind !== 'NodeUpdate') return false
    return !keepsAway(event.node, pod.spec.tolerations ?? [])
  },
}
