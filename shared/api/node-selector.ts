import type { NodeSelectorRequirement, NodeSelectorTerm, Pod } from './types/core-v1.ts'

type Labels = Readonly<Record<string, string>>

/** Decides about a node by its labels and its name. */
export type NodeMatcher = (labels: Labels, name: string) => boolean

/** A term matches when all its requirements do; an empty one matches nothing. */
// component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go nodeSelectorTerm
export function termMatcher(term: NodeSelectorTerm): NodeMatcher {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length + fields.length === 0) return () => false
  return (labels, name) =>
    expressions.every((requirement) => holds(requirement, labels[requirement.key])) &&
    fields.every((requirement) => requirement.key === 'metadata.name' && holds(requirement, name))
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      const [bound = ''] = values
      if (!isInteger(value) || !isInteger(bound)) return false
      return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
    default:
      return false
  }
}

const isInteger = (text: string | undefined): text is string => text !== undefined && /^-?\d+$/.test(text)

/** What a Pod requires of its node by nodeSelector and required node affinity; undefined: nothing. */
// component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go GetRequiredNodeAffinity
export function requiredNodes({ spec }: Pod): NodeMatcher | undefined {
  const selector = Object.entries(spec.nodeSelector ?? {})
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (selector.length === 0 && !required) return undefined
  const terms = required?.nodeSelectorTerms.map(termMatcher)
  return (labels, name) =>
    selector.every(([key, value]) => labels[key] === value) && (!terms || terms.some((term) => term(labels, name)))
}
