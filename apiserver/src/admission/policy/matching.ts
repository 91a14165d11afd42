import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { namespaces } from '@kubets/shared/api/resources.gen.ts'
import type { MatchResources, NamedRuleWithOperations } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import { labelSelectorFromObject, type Selector } from '@kubets/shared/machinery/selector.ts'
import { type Attributes, isNamespace, matchesObject, matchesRule, ownNamespace } from '../webhook/matches.ts'
import type { Selection } from '../webhook/select.ts'
import { equivalentsOf } from '../webhook/versions.ts'

const selectors = new WeakMap<object, Selector>()

function selectorOf(from: object | undefined): Selector {
  const key = from ?? everything
  let selector = selectors.get(key)
  if (selector === undefined) selectors.set(key, (selector = labelSelectorFromObject(key)))
  return selector
}

const everything = {}

/** The kind as which a request is meant; undefined when it is not. Throws when its namespace does not exist. */
// apiserver/pkg/admission/plugin/policy/matching/matching.go Matcher.Matches
export async function matchKind(
  match: MatchResources,
  kind: Kind,
  attributes: Attributes,
  name: string,
  selection: Selection,
): Promise<Kind | undefined> {
  // cheap questions first: all must hold
  if (!matchesObject(selectorOf(match.objectSelector), attributes)) return undefined
  const rules = match.resourceRules ?? []
  const { excludeResourceRules: excluded = [], matchPolicy } = match
  if (byRules(excluded, matchPolicy, kind, attributes, name, selection) !== undefined) return undefined
  const found = rules.length === 0 ? kind : byRules(rules, matchPolicy, kind, attributes, name, selection)
  if (found === undefined) return undefined
  const selector = selectorOf(match.namespaceSelector)
  if (selector.empty || (attributes.namespace === '' && !isNamespace(attributes))) return found
  const namespace = ownNamespace(attributes) ?? (await selection.lookup.get(namespaces, attributes.namespace))
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, attributes.namespace)
  return selector.matches(namespace.metadata.labels) ? found : undefined
}

// apiserver/pkg/admission/plugin/policy/matching/matching.go matchesResourceRules
function byRules(
  rules: readonly NamedRuleWithOperations[],
  matchPolicy: string | undefined,
  kind: Kind,
  attributes: Attributes,
  name: string,
  { served }: Selection,
): Kind | undefined {
  const matches = (rule: NamedRuleWithOperations, as: Attributes): boolean =>
    (!rule.resourceNames?.length || rule.resourceNames.includes(name)) && matchesRule(rule, as)
  if (rules.some((rule) => matches(rule, attributes))) return kind
  if (matchPolicy !== 'Equivalent' || rules.length === 0) return undefined
  const others = equivalentsOf(kind, served)
  for (const rule of rules) {
    const found = others.find(({ group, version, plural }) => matches(rule, { ...attributes, group, version, plural }))
    if (found !== undefined) return found
  }
  return undefined
}
