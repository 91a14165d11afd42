import { createHash } from 'node:crypto'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { signToken, verifyToken, type TokenKey } from '@kubets/shared/process/jwt.ts'
import type { UserInfo } from '../registry/types.ts'
import { checkBootstrapToken, parseBootstrapToken } from './bootstrap-token.ts'
import { checkLegacyToken, legacyIssuer, type WriteDownUse } from './legacy-token.ts'
import type { Lookup } from './lookup.ts'
import { checkBinding, checkClaims, newClaims, userFromClaims, type Binding } from './service-account-token.ts'

export interface TokenSettings {
  issuer: string
  /** Audiences this server accepts and gives when none is asked for. */
  audiences: readonly string[]
  signingKey: TokenKey
  verificationKeys: readonly TokenKey[]
  /** Tokens that the kubelet asks for live a year, and tell when they are used past the time asked for. */
  extendExpiration: boolean
  /** Users by tokens that were given in a file. */
  staticTokens: ReadonlyMap<string, UserInfo>
  /** Machines join with tokens of Secrets in kube-system. */
  bootstrapTokens: boolean
}

export interface VerifiedToken {
  user: UserInfo
  /** The asked audiences that the token is for. */
  audiences: string[]
}

export interface Tokens {
  readonly settings: TokenSettings
  issue(binding: Binding, audiences: readonly string[], seconds: number): string
  /** Throws an Error that says why the token is not good; undefined when it is none that is known here. */
  verify(token: string, audiences?: readonly string[]): Promise<VerifiedToken | undefined>
}

// the lifetime of upstream's authentication cache: --authentication-token-cache-ttl
const cacheMilliseconds = 10_000
const cacheSize = 4096

/** Service account tokens, made and checked with a short memory of the good ones, those of the token file, and bootstrap tokens. */
export function createTokens(
  settings: TokenSettings,
  lookup: Lookup,
  clock: Clock,
  writeDownUse: WriteDownUse,
): Tokens {
  const cache = new Map<string, { until: number; result: VerifiedToken }>()
  const seconds = (): number => Math.floor(clock.now() / 1000)

  /** For tokens that do not say for whom they are. */
  const forEveryAudience = (user: UserInfo, audiences: readonly string[]): VerifiedToken | undefined => {
    const common = audiences.filter((audience) => settings.audiences.includes(audience))
    return common.length === 0 ? undefined : { user, audiences: common }
  }

  const check = async (token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined> => {
    const joining = settings.bootstrapTokens ? parseBootstrapToken(token) : undefined
    if (joining !== undefined) {
      return forEveryAudience(await checkBootstrapToken(joining, lookup, clock.now()), audiences)
    }
    const claims = verifyToken(settings.verificationKeys, token)
    if (claims === undefined) return undefined
    if (claims['iss'] === legacyIssuer) {
      return forEveryAudience(await checkLegacyToken(claims, token, lookup, writeDownUse), audiences)
    }
    const checked = checkClaims(claims, settings.issuer, audiences, seconds())
    await checkBinding(checked.claims['kubernetes.io'], lookup, seconds())
    return { user: userFromClaims(checked.claims), audiences: checked.audiences }
  }

  return {
    settings,
    issue: (binding, audiences, lifetime) =>
      signToken(settings.signingKey, newClaims(settings.issuer, [...audiences], lifetime, binding, seconds())),
    async verify(token, audiences = settings.audiences) {
      const user = settings.staticTokens.get(token)
      if (user !== undefined) return forEveryAudience(user, audiences)
      // a digest, so that the memory holds no credentials
      const key = createHash('sha256').update(token).update(audiences.join('\n')).digest('base64')
      const known = cache.get(key)
      if (known !== undefined && known.until > clock.elapsed()) return known.result
      cache.delete(key)
      const result = await check(token, audiences)
      if (result === undefined) return undefined
      const oldest = cache.size >= cacheSize ? cache.keys().next().value : undefined
      if (oldest !== undefined) cache.delete(oldest)
      cache.set(key, { until: clock.elapsed() + cacheMilliseconds, result })
      return result
    },
  }
}
