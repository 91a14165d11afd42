import { timingSafeEqual } from 'node:crypto'
import { secrets } from '@kubets/shared/api/resources.gen.ts'
import type { Secret } from '@kubets/shared/api/types/core-v1.ts'
import { bootstrapTokenType, tokenData, tokenTimeLeft } from '@kubets/shared/api/bootstrap-token.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Lookup } from './lookup.ts'

// cluster-bootstrap/token/api/types.go BootstrapTokenPattern, BootstrapGroupPattern, BootstrapDefaultGroup
const pattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/
const defaultGroup = 'system:bootstrappers'

/** A bootstrap token's two parts; undefined when the text is none. */
export function parseBootstrapToken(token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = pattern.exec(token) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/**
 * The user that a token stands for with which a machine joins: `system:bootstrap:<id>`, while a Secret of kube-system
 * holds it. Throws an Error that says what is wrong with the token, and repeats nothing of it but its id.
 */
// plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go AuthenticateToken
export async function checkBootstrapToken(
  token: { id: string; secret: string },
  lookup: Lookup,
  now: number,
): Promise<UserInfo> {
  const name = `bootstrap-token-${token.id}`
  const held = await lookup.get(secrets, name, 'kube-system')
  if (held === undefined) throw new Error(`no secret of name ${name} matches the bootstrap token`)
  const problem = problemOf(held, token, now)
  if (problem !== undefined) throw new Error(`bootstrap secret kube-system/${name} ${problem}`)
  return { name: `system:bootstrap:${token.id}`, groups: groupsOf(held) }
}

function problemOf(held: Secret, token: { id: string; secret: string }, now: number): string | undefined {
  if (held.metadata.deletionTimestamp !== undefined) return 'is deleted and awaiting removal'
  if (held.type !== bootstrapTokenType) return `has invalid type, expected ${bootstrapTokenType}`
  if (!equal(tokenData(held, 'token-secret'), token.secret)) return 'has another value for key token-secret'
  if (tokenData(held, 'token-id') !== token.id) return 'has invalid value for key token-id'
  if (tokenTimeLeft(held, now) === 0) return 'has expired'
  if (tokenData(held, 'usage-bootstrap-authentication') !== 'true') {
    return 'is not marked usage-bootstrap-authentication=true'
  }
  const bad = extraGroups(held).find((group) => !groupPattern.test(group))
  return bad === undefined ? undefined : `has the invalid group ${JSON.stringify(bad)} in key auth-extra-groups`
}

/** The default group and the Secret's own, in the order of their names. */
// cluster-bootstrap/util/secrets/secrets.go GetGroups
const groupsOf = (held: Secret): string[] => [...new Set([defaultGroup, ...extraGroups(held)])].sort()

const extraGroups = (held: Secret): string[] => {
  const groups = tokenData(held, 'auth-extra-groups')
  return groups === '' ? [] : groups.split(',')
}

const equal = (held: string, shown: string): boolean => {
  const [a, b] = [Buffer.from(held), Buffer.from(shown)]
  return a.length === b.length && timingSafeEqual(a, b)
}
