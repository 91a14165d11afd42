import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { nodes, pods, secrets, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type {
  BoundObjectReference,
  TokenRequest,
  TokenRequestSpec,
} from '@kubets/shared/api/types/authentication-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { badRequest, conflict, invalid, notFound } from '@kubets/shared/machinery/errors.ts'
import * as field from '@kubets/shared/machinery/fieldpath.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { Lookup } from '../auth/lookup.ts'
import type { Binding } from '../auth/service-account-token.ts'
import { mutate, validate } from '../registry/admit.ts'
import type { Answer } from './answer.ts'
import { bodyObject } from './body.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { valueAnswer } from './output.ts'

const minimumSeconds = 600
const maximumSeconds = 2 ** 32
const defaultSeconds = 3600
/** What the kubelet asks for; such tokens live long, and tell when they are used past this time. */
// pkg/serviceaccount/claims.go WarnOnlyBoundTokenExpirationPeriod, ExpirationExtensionSeconds
const warnOnlySeconds = 3607
const extendedSeconds = 365 * 24 * 3600

// pkg/registry/core/serviceaccount/storage/token.go TokenREST.Create
/** POST serviceaccounts/NAME/token */
export async function createToken(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  const { name, namespace } = context.info
  const request = (await bodyObject(context, 'authentication.k8s.io', 'v1', 'TokenRequest')) as TokenRequest
  if (request.metadata.name !== undefined && request.metadata.name !== name) {
    throw badRequest(
      `must match the service account name: metadata.name: ${request.metadata.name}, service account: ${name}`,
    )
  }
  request.metadata = { ...request.metadata, name, namespace }
  const account = await deps.lookup.get(serviceAccounts, name, namespace)
  if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, name)

  const scope = scopeOf(context, deps, kind)
  const admitted = { operation: 'CREATE' as const, name, subresource: 'token', object: request }
  request.spec.expirationSeconds ||= defaultSeconds
  // plugins see whether the audience was left open
  await mutate(scope, admitted)
  const { spec } = request
  // a webhook may have taken it away
  spec.expirationSeconds ||= defaultSeconds
  const audiences = spec.audiences?.length ? spec.audiences : [...deps.tokens.settings.audiences]
  spec.audiences = audiences
  checkSpec(spec)
  await validate(scope, admitted)

  const now = Math.floor(deps.clock.now() / 1000)
  const binding: Binding = {
    namespace,
    ...(await boundTo(spec.boundObjectRef, name, namespace, deps.lookup)),
    serviceaccount: { name, uid: account.metadata.uid ?? '' },
  }
  let lifetime = spec.expirationSeconds
  const ownAudience = audiences.every((audience) => deps.tokens.settings.audiences.includes(audience))
  const { extendExpiration } = deps.tokens.settings
  if (extendExpiration && lifetime === warnOnlySeconds && binding.pod !== undefined && ownAudience) {
    binding.warnafter = now + lifetime
    lifetime = extendedSeconds
  }
  const issued: TokenRequest = {
    ...request,
    metadata: { ...request.metadata, creationTimestamp: formatTime(now * 1000) },
    status: {
      token: deps.tokens.issue(binding, audiences, lifetime),
      expirationTimestamp: formatTime((now + spec.expirationSeconds) * 1000),
    },
  }
  return valueAnswer(context, issued, 201)
}

// pkg/apis/authentication/validation/validation.go ValidateTokenRequest
function checkSpec({ expirationSeconds }: TokenRequestSpec): void {
  const path = new field.FieldPath('spec', 'expirationSeconds')
  const text =
    expirationSeconds < minimumSeconds
      ? 'may not specify a duration less than 10 minutes'
      : expirationSeconds > maximumSeconds
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined
  if (text === undefined) return
  throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
    field.invalid(path, expirationSeconds, text),
  ])
}

const bindable: Readonly<Record<string, { claim: 'pod' | 'secret' | 'node'; ref: ResourceRef }>> = {
  Pod: { claim: 'pod', ref: pods },
  Secret: { claim: 'secret', ref: secrets },
  Node: { claim: 'node', ref: nodes },
}

/** The claims about what the token is to die with. Throws when that is not there, or is not what was meant. */
async function boundTo(
  reference: Partial<BoundObjectReference> | undefined,
  account: string,
  namespace: string,
  lookup: Lookup,
): Promise<Partial<Binding>> {
  if (!reference?.kind && !reference?.name) return {}
  const target = Object.hasOwn(bindable, reference.kind ?? '') ? bindable[reference.kind ?? ''] : undefined
  if (target === undefined || (reference.apiVersion ?? 'v1') !== 'v1') {
    throw badRequest(`cannot bind token for serviceaccount "${account}" to object of type ${reference.kind ?? ''}`)
  }
  const name = reference.name ?? ''
  const groupResource = { group: '', plural: target.ref.plural }
  const object = await lookup.get<KubeObject>(target.ref, name, target.ref.namespaced ? namespace : undefined)
  if (object === undefined) throw notFound(groupResource, name)
  const uid = object.metadata.uid ?? ''
  if (reference.uid && reference.uid !== uid) {
    const text = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw conflict(groupResource, name, text)
  }
  const result: Partial<Binding> = { [target.claim]: { name, uid } }
  if (target.claim !== 'pod') return result
  const { spec } = object as Pod
  if (spec.serviceAccountName !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    )
  }
  const node = spec.nodeName === undefined ? undefined : await lookup.get(nodes, spec.nodeName)
  if (node !== undefined) result.node = { name: node.metadata.name ?? '', uid: node.metadata.uid ?? '' }
  return result
}
