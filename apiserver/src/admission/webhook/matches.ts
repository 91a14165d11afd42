import type { RuleWithOperations } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Selector } from '@kubets/shared/machinery/selector.ts'
import type { AdmissionRequest, Operation } from '../../registry/types.ts'

/** What rules and selectors are matched with. */
export interface Attributes {
  operation: Operation
  group: string
  version: string
  plural: string
  subresource: string
  /** '' for what is in none; for a namespace itself its own name. */
  namespace: string
  object?: KubeObject
  old?: KubeObject
}

const configurations = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

// apiserver/pkg/admission/plugin/webhook/predicates/rules/rules.go IsExemptAdmissionConfigurationResource
/** Webhooks are not asked about what configures them: a broken one could never be mended. */
export const isExempt = (group: string, plural: string): boolean =>
  group === 'admissionregistration.k8s.io' && configurations.has(plural)

// apiserver/pkg/admission/plugin/webhook/predicates/rules/rules.go Matcher.Matches
export function matchesRule(rule: RuleWithOperations, attributes: Attributes): boolean {
  const has = (list: readonly string[] | undefined, value: string): boolean =>
    list?.some((one) => one === '*' || one === value) ?? false
  return (
    matchesScope(rule.scope ?? '*', attributes) &&
    has(rule.operations, attributes.operation) &&
    has(rule.apiGroups, attributes.group) &&
    has(rule.apiVersions, attributes.version) &&
    (rule.resources?.some((text) => matchesResource(text, attributes)) ?? false)
  )
}

function matchesScope(scope: string, attributes: Attributes): boolean {
  if (scope === '*') return true
  // a namespace is cluster-scoped, though requests about one carry its name as their namespace
  const inNamespace = attributes.namespace !== '' && !isNamespace(attributes)
  return scope === (inNamespace ? 'Namespaced' : 'Cluster')
}

/** The namespace a request is about: of a namespace its own name, '' for what is in none. */
export const namespaceOf = ({ kind, name, namespace = '', object }: AdmissionRequest): string =>
  kind.group === '' && kind.plural === 'namespaces' ? name || (object?.metadata.name ?? '') : namespace

export const isNamespace = ({ group, plural }: Attributes): boolean => group === '' && plural === 'namespaces'

function matchesResource(text: string, { plural, subresource }: Attributes): boolean {
  const slash = text.indexOf('/')
  const wanted = slash < 0 ? text : text.slice(0, slash)
  const wantedSubresource = slash < 0 ? '' : text.slice(slash + 1)
  return (wanted === '*' || wanted === plural) && (wantedSubresource === '*' || wantedSubresource === subresource)
}

// apiserver/pkg/admission/plugin/webhook/predicates/object/matcher.go MatchObjectSelector
/** Either state of the object is enough; what has no labels by its kind is matched by "everything" alone. */
export function matchesObject(selector: Selector, { object, old }: Attributes): boolean {
  return (
    selector.empty || [object, old].some((one) => one?.metadata !== undefined && selector.matches(one.metadata.labels))
  )
}

// apiserver/pkg/admission/plugin/webhook/predicates/namespace/matcher.go GetNamespaceLabels
/** The labels of a namespace that is being written: those it will have. Else its name must be looked up. */
export function ownNamespace(attributes: Attributes): KubeObject | undefined {
  const writes = attributes.operation === 'CREATE' || attributes.operation === 'UPDATE'
  return isNamespace(attributes) && attributes.subresource === '' && writes ? attributes.object : undefined
}
