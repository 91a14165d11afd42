import { secrets, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Lookup } from './lookup.ts'
import { userNameOf } from './service-account-token.ts'
import { groupServiceAccounts } from './user.ts'

/** Writes down that the Secret's token was used. */
export type WriteDownUse = (secret: Secret) => Promise<void>

/** The issuer of tokens that lie in Secrets and end with them. */
// pkg/serviceaccount/legacy.go LegacyIssuer
export const legacyIssuer = 'kubernetes/serviceaccount'

const prefix = 'kubernetes.io/serviceaccount/'
const invalidSince = 'kubernetes.io/legacy-token-invalid-since'

/** The user that a token of a Secret stands for, while the Secret holds it. Throws an Error that says what is wrong. */
// pkg/serviceaccount/legacy.go legacyValidator.Validate
export async function checkLegacyToken(
  claims: Record<string, unknown>,
  token: string,
  lookup: Lookup,
  writeDownUse: WriteDownUse,
): Promise<UserInfo> {
  const claim = (name: string, called: string): string => {
    const value = claims[name]
    if (typeof value !== 'string' || value === '') throw new Error(`${called} claim is missing`)
    return value
  }
  const sub = claim('sub', 'sub')
  const namespace = claim(`${prefix}namespace`, 'namespace')
  const secretName = claim(`${prefix}secret.name`, 'secretName')
  const name = claim(`${prefix}service-account.name`, 'serviceAccountName')
  const uid = claim(`${prefix}service-account.uid`, 'serviceAccountUID')
  if (sub !== userNameOf(namespace, name)) throw new Error('sub claim is invalid')

  const secret = await lookup.get(secrets, secretName, namespace)
  if (!secret || secret.metadata.deletionTimestamp) throw new Error('service account token has been invalidated')
  if (Buffer.from(secret.data?.['token'] ?? '', 'base64').toString() !== token) {
    throw new Error("service account token does not match server's copy")
  }
  if (secret.metadata.labels?.[invalidSince]) {
    // whoever marked it sees that it is missed
    await writeDownUse(secret)
    throw new Error('the token in secret has been marked as invalid. Use tokens from the TokenRequest API')
  }
  const account = await lookup.get(serviceAccounts, name, namespace)
  if (!account) throw new Error(`serviceaccounts "${name}" not found`)
  if (account.metadata.deletionTimestamp) throw new Error(`service account ${namespace}/${name} has been deleted`)
  if (account.metadata.uid !== uid) {
    throw new Error(`service account UID (${account.metadata.uid ?? ''}) does not match claim (${uid})`)
  }
  await writeDownUse(secret)
  const groups = [groupServiceAccounts, `${groupServiceAccounts}:${namespace}`]
  return { name: userNameOf(namespace, name), uid, groups, extra: {} }
}
