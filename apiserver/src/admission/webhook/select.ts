import { namespaces } from '@kubets/shared/api/resources.gen.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import type { Lookup } from '../../auth/lookup.ts'
import type { ServedKinds } from '../../registry/served-kinds.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import type { Hook } from './hooks.ts'
import { isNamespace, matchesObject, matchesRule, namespaceOf, ownNamespace, type Attributes } from './matches.ts'
import { equivalentsOf } from './versions.ts'

/** A request as rules see it. */
export function attributesOf(request: AdmissionRequest): Attributes {
  const { kind, operation, subresource, object, old } = request
  const { group, version, plural } = kind
  return {
    operation,
    group,
    version,
    plural,
    subresource,
    namespace: namespaceOf(request),
    ...(object ? { object } : {}),
    ...(old ? { old } : {}),
  }
}

export interface Selection {
  lookup: Lookup
  served: ServedKinds
}

/**
 * The kind in whose shape a hook is to be asked about the request; undefined when it is not to be asked. Rejects with a
 * 404 when the hook selects by a namespace that does not exist.
 */
// apiserver/pkg/admission/plugin/webhook/generic/webhook.go Webhook.ShouldCallHook
export async function selectKind(
  { webhook, namespaceSelector, objectSelector }: Hook,
  kind: Kind,
  attributes: Attributes,
  { lookup, served }: Selection,
): Promise<Kind | undefined> {
  const rules = webhook.rules ?? []
  let found = rules.some((rule) => matchesRule(rule, attributes)) ? kind : undefined
  if (found === undefined && webhook.matchPolicy === 'Equivalent') {
    const others = equivalentsOf(kind, served)
    // earlier rules count before later ones
    for (const rule of rules) found ??= others.find((other) => matchesRule(rule, { ...attributes, ...other }))
  }
  if (found === undefined || !matchesObject(objectSelector, attributes)) return undefined
  if (namespaceSelector.empty || (attributes.namespace === '' && !isNamespace(attributes))) return found
  const namespace = ownNamespace(attributes) ?? (await lookup.get(namespaces, attributes.namespace))
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, attributes.namespace)
  return namespaceSelector.matches(namespace.metadata.labels) ? found : undefined
}
