import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { normalizeScores } from '../framework/normalize.ts'
import { unresolvable, type NodeFilter, type Plugin } from '../framework/plugin.ts'
import { requiredNodes, termMatcher } from '@kubets/shared/api/node-selector.ts'

const mismatch = unresolvable("node(s) didn't match Pod's node affinity/selector")
const conflict = unresolvable('pod affinity terms conflict')

/** The nodes that the required terms name; undefined when a term names none, so that any node may match. */
// pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go PreFilter
function namedNodes({ spec }: Pod): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const names = new Set<string>()
  for (const { matchFields = [] } of terms) {
    const [first, ...others] = matchFields
      .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
      .map(({ values = [] }) => values)
    if (!first) return undefined
    for (const name of first) if (others.every((values) => values.includes(name))) names.add(name)
  }
  return terms.length > 0 ? names : undefined
}

// pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  preFilter({ pod }) {
    const matches = requiredNodes(pod)
    if (!matches) return undefined
    const filter: NodeFilter = (node) => (matches(node.labels, node.name) ? undefined : mismatch)
    const only = namedNodes(pod)
    if (only?.size === 0) return conflict
    return only ? Object.assign(filter, { only }) : filter
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
