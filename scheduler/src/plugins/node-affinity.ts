import type { NodeAffinity, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { defaultArgs } from '../config/args.ts'
import { normalizeScores } from '../framework/normalize.ts'
import { unresolvable, type NodeFilter, type Plugin } from '../framework/plugin.ts'
import { requiredNodes, termMatcher, type NodeMatcher } from '@kubets/shared/api/node-selector.ts'

const mismatch = unresolvable("node(s) didn't match Pod's node affinity/selector")
const enforced = unresolvable("node(s) didn't match scheduler-enforced node affinity")
const conflict = unresolvable('pod affinity terms conflict')

/** What the profile requires of every Pod's node. */
function addedNodes(affinity: NodeAffinity | undefined): NodeMatcher | undefined {
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.map(termMatcher)
  return terms && ((labels, name) => terms.some((term) => term(labels, name)))
}

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
export const nodeAffinity = (args = defaultArgs.NodeAffinity): Plugin => ({
  name: 'NodeAffinity',
  preFilter({ pod }) {
    const matches = requiredNodes(pod)
    const added = addedNodes(args.addedAffinity)
    if (!matches && !added) return undefined
    const filter: NodeFilter = ({ labels, name }) => {
      if (added && !added(labels, name)) return enforced
      return !matches || matches(labels, name) ? undefined : mismatch
    }
    const only = namedNodes(pod)
    if (only?.size === 0) return conflict
    return only ? Object.assign(filter, { only }) : filter
  },
  preScore({ pod }) {
    const preferred = [args.addedAffinity, pod.spec.affinity?.nodeAffinity].flatMap(
      (affinity) => affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    )
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
    if (addedNodes(args.addedAffinity)?.(labels, name) === false) return false
    return requiredNodes(pod)?.(labels, name) ?? true
  },
})
