import { randomUUID } from 'node:crypto'
import { nodes, pods, secrets, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Lookup } from './lookup.ts'
import { credentialIdKey, groupServiceAccounts } from './user.ts'

interface NameAndUid {
  name: string
  uid: string
}

/** What a token says besides times and audiences. */
export interface Binding {
  namespace: string
  serviceaccount: NameAndUid
  pod?: NameAndUid
  secret?: NameAndUid
  node?: NameAndUid
  /** Seconds since the epoch after which use of the token is worth a warning. */
  warnafter?: number
}

export interface TokenClaims {
  iss: string
  sub: string
  aud: string[]
  exp: number
  nbf: number
  iat: number
  jti: string
  'kubernetes.io': Binding
}

export const userNameOf = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`

// pkg/serviceaccount/claims.go Claims
/** Claims for a new token; `now` and the result's times are in seconds. */
export function newClaims(
  issuer: string,
  audiences: string[],
  seconds: number,
  binding: Binding,
  now: number,
): TokenClaims {
  return {
    aud: audiences,
    exp: now + seconds,
    iat: now,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': binding,
    nbf: now,
    sub: userNameOf(binding.namespace, binding.serviceaccount.name),
  }
}

/** Checks everything about claims that needs no look at other objects. Throws an Error that says what is wrong. */
export function checkClaims(
  claims: Record<string, unknown>,
  issuer: string,
  audiences: readonly string[],
  now: number,
): { claims: TokenClaims; audiences: string[] } {
  const token = claims as unknown as Partial<TokenClaims>
  const binding = token['kubernetes.io']
  if (token.iss !== issuer) throw new Error('the token is from another issuer')
  if (typeof token.exp !== 'number' || token.exp <= now) throw new Error('service account token has expired')
  if (typeof token.nbf === 'number' && token.nbf > now) throw new Error('service account token is not valid yet')
  if (!binding?.namespace || !binding.serviceaccount?.name || !binding.serviceaccount.uid) {
    throw new Error('the token names no service account')
  }
  if (token.sub !== userNameOf(binding.namespace, binding.serviceaccount.name)) {
    throw new Error("sub claim doesn't match service account name or namespace")
  }
  const own = [token.aud ?? []].flat()
  const common = own.filter((audience) => audiences.includes(audience))
  if (common.length === 0) {
    throw new Error(
      `token audiences ${JSON.stringify(own)} is invalid for the target audiences ${JSON.stringify(audiences)}`,
    )
  }
  return { claims: token as TokenClaims, audiences: common }
}

// pkg/serviceaccount/claims.go validator.Validate
/** Checks that all the token is bound to still exists. `now` in seconds. Throws an Error that says what is wrong. */
export async function checkBinding(binding: Binding, lookup: Lookup, now: number): Promise<void> {
  const { namespace, serviceaccount, pod, secret, node } = binding
  const account = await lookup.get(serviceAccounts, serviceaccount.name, namespace)
  if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts' }, serviceaccount.name)
  if (isLongGone(account, now)) throw new Error(`service account ${namespace}/${serviceaccount.name} has been deleted`)
  if (account.metadata.uid !== serviceaccount.uid) {
    throw new Error(`service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`)
  }
  const check = async (ref: ResourceRef, wanted: NameAndUid | undefined, what: string, ns?: string): Promise<void> => {
    if (wanted === undefined) return
    const found = await lookup.get(ref, wanted.name, ns)
    if (found === undefined || isLongGone(found, now)) throw new Error('service account token has been invalidated')
    const { uid = '' } = found.metadata
    if (uid !== wanted.uid) {
      throw new Error(`${what} UID (${uid}) does not match service account ${what} ref claim (${wanted.uid})`)
    }
  }
  await check(secrets, secret, 'secret', namespace)
  await check(pods, pod, 'pod', namespace)
  // a token bound to a Pod stays good when the Pod's node has gone
  if (pod === undefined) await check(nodes, node, 'node')
}

/** Sixty seconds after the end of its grace period an object counts as gone. */
function isLongGone({ metadata: { deletionTimestamp } }: KubeObject, now: number): boolean {
  return deletionTimestamp !== undefined && parseTime(deletionTimestamp) / 1000 + 60 < now
}

// pkg/serviceaccount/util.go ServiceAccountInfo.UserInfo
/** The user that a checked token stands for. */
export function userFromClaims(claims: TokenClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io']
  const extra: Record<string, string[]> = {}
  if (claims.jti) extra[credentialIdKey] = [`JTI=${claims.jti}`]
  if (pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name]
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
  }
  if (node !== undefined) {
    extra['authentication.kubernetes.io/node-name'] = [node.name]
    extra['authentication.kubernetes.io/node-uid'] = [node.uid]
  }
  return {
    name: userNameOf(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: [groupServiceAccounts, `${groupServiceAccounts}:${namespace}`],
    extra,
  }
}
