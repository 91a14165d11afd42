import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { ParamKind, ParamRef } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { Lookup } from '../../auth/lookup.ts'
import type { ServedKinds } from '../../registry/served-kinds.ts'

/**
 * The objects by which a policy is to be evaluated, each in turn: [undefined] where it takes none, [] where there are none and
 * none are needed. Throws an Error in upstream's words.
 */
// apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go CollectParams
export async function collectParams(
  paramKind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string,
  { lookup, served }: { lookup: Lookup; served: ServedKinds },
): Promise<readonly (KubeObject | undefined)[]> {
  if (!paramKind || !ref) return [undefined]
  const { apiVersion = '', kind: name = '' } = paramKind
  const kind = served.findByGVK(apiVersion, name)
  if (kind === undefined) {
    throw new Error(`paramKind kind \`&ParamKind{APIVersion:${apiVersion},Kind:${name},}\` not known`)
  }
  if (ref.namespace && !kind.namespaced) {
    throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  const where = kind.namespaced ? ref.namespace || namespace : undefined
  if (where === '') {
    throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
  }
  const params = await find(kind, ref, where, lookup)
  if (params.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return params
}

async function find(kind: Kind, ref: ParamRef, namespace: string | undefined, lookup: Lookup): Promise<KubeObject[]> {
  if (ref.name) {
    const found = await lookup.get(kind, ref.name, namespace)
    return found === undefined ? [] : [found]
  }
  const selector = labelSelectorFromObject(ref.selector)
  return lookup.list(kind, namespace).filter(({ metadata }) => selector.matches(metadata.labels))
}
