import type { MatchResources, ParamKind, ParamRef } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { namespaces } from '@kubets/shared/api/resources.gen.ts'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import { isNamespace } from '../webhook/matches.ts'
import { attributesOf, type Selection } from '../webhook/select.ts'
import { collectParams } from './params.ts'
import { matchKind } from './matching.ts'

interface Policy extends KubeObject {
  spec: { paramKind?: ParamKind; matchConstraints?: MatchResources; failurePolicy?: string }
}

interface Binding extends KubeObject {
  spec: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources }
}

/** A policy that is to be evaluated, with one of its parameters. */
export interface Invocation<P, B> {
  readonly policy: P
  readonly binding: B
  readonly kind: Kind
  readonly params: KubeObject | undefined
}

/** A policy, or a binding, that cannot be used as it is. */
export interface ConfigurationProblem<P, B> {
  readonly policy: P
  readonly binding?: B
  readonly problem: string
}

const nameOf = ({ metadata }: KubeObject): string => metadata.name ?? ''
const byName = (a: KubeObject, b: KubeObject): number => (nameOf(a) < nameOf(b) ? -1 : 1)

/** What is to be evaluated for a request, by the names of policies and bindings. */
// apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go Dispatch
export async function invocationsFor<P extends Policy, B extends Binding>(
  request: AdmissionRequest,
  policies: readonly P[],
  bindings: readonly B[],
  selection: Selection,
): Promise<{ invocations: Invocation<P, B>[]; problems: ConfigurationProblem<P, B>[] }> {
  const invocations: Invocation<P, B>[] = []
  const problems: ConfigurationProblem<P, B>[] = []
  const attributes = attributesOf(request)
  const name = request.name || (request.object?.metadata?.name ?? '')
  for (const policy of policies.toSorted(byName)) {
    const own = bindings.filter(({ spec }) => spec.policyName === nameOf(policy)).sort(byName)
    if (own.length === 0) continue
    try {
      const kind = await matchKind(policy.spec.matchConstraints ?? {}, request.kind, attributes, name, selection)
      if (kind === undefined) continue
      for (const binding of own) {
        try {
          const match = binding.spec.matchResources
          if (match && (await matchKind(match, request.kind, attributes, name, selection)) === undefined) continue
          const { paramRef } = binding.spec
          const where = isNamespace(attributes) ? '' : attributes.namespace
          for (const params of await collectParams(policy.spec.paramKind, paramRef, where, selection)) {
            invocations.push({ policy, binding, kind, params })
          }
        } catch (error) {
          problems.push({ policy, binding, problem: `failed to configure binding: ${textOf(error)}` })
        }
      }
    } catch (error) {
      problems.push({ policy, problem: `failed to configure policy: ${textOf(error)}` })
    }
  }
  return { invocations, problems: problems.filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore') }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The namespace that expressions see; undefined for what is in none, and for a namespace itself. Rejects with a 404. */
export async function namespaceFor(request: AdmissionRequest, { lookup }: Selection): Promise<Namespace | undefined> {
  const attributes = attributesOf(request)
  if (attributes.namespace === '' || isNamespace(attributes)) return undefined
  const namespace = await lookup.get(namespaces, attributes.namespace)
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, attributes.namespace)
  return namespace
}
