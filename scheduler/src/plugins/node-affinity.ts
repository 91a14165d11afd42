import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { normalizeScores } from '../framework/normalize.ts'
import { unresolvable, type Plugin } from '../framework/plugin.ts'
import { requiredNodes, termMatcher } from '@kubets/shared/api/node-selector.ts'

const mismatch = unresolvable("node(s) didn't match Pod's node affinity/selector")

// pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  preFilter({ pod }) {
    const matches = requiredNodes(pod)
    return matches && ((node) => (matches(node.labels, node.name) ? undefined : mismatch))
  },
  preScore({ pod }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return undefined
    const terms = preferred.map(({ weight, preference }) => ({ weight, matches: termMatcher(preference) }))
    return {
      score: (node) =>
        terms.reduce((sum, { weight, matches }) => sum + (matches(node.labels, node.name) ? weight : 0), 0),
      normalize: (scores) => normalizeScores(scores, false),
    }
  },
  queueingHint({ pod }, event) {
    if (event.kind !== 'NodeAdd' && event.kind !== 'NodeUpdate') return false
    const { labels = {}, name = '' } = event.node.metadata
    if (event.kind === 'NodeUpdate' && deepEqual(event.old.metadata.labels, labels)) return false
    return requiredNodes(pod)?.(labels, name) ?? true
  },
}
