import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'

/** A key that signs tokens or checks their signatures. */
export interface TokenKey {
  key: KeyObject
  id: string
  algorithm: 'RS256' | 'ES256'
}

/** Reads a PEM public or private key as a verification key. Throws on other key types than RSA and P-256. */
export function verificationKey(pem: string): TokenKey {
  return tokenKey(createPublicKey(pem))
}

/** Reads a PEM private key. Throws on other key types than RSA and P-256. */
export function signingKey(pem: string): TokenKey {
  const key = createPrivateKey(pem)
  return { ...tokenKey(createPublicKey(key)), key }
}

function tokenKey(key: KeyObject): TokenKey {
  const type = key.asymmetricKeyType
  if (type !== 'rsa' && !(type === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')) {
    throw new Error(`service account keys must be RSA or ECDSA P-256, not ${type ?? 'unknown'}`)
  }
  return { key, id: keyId(key), algorithm: type === 'rsa' ? 'RS256' : 'ES256' }
}

// pkg/serviceaccount/jwt.go keyIDFromPublicKey
function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}

/** The key as a member of a JSON Web Key Set. */
export function publicJwk(key: TokenKey): JsonWebKey & { use: string; kid: string; alg: string } {
  return { use: 'sig', kid: key.id, alg: key.algorithm, ...key.key.export({ format: 'jwk' }) }
}

/** A signed compact JWT. */
export function signToken(key: TokenKey, claims: object): string {
  const head = encode({ alg: key.algorithm, kid: key.id })
  const signed = `${head}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: key.key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/** The claims of a token signed by one of the keys; undefined when it is no such token. Times are not looked at. */
export function verifyToken(keys: readonly TokenKey[], token: string): Record<string, unknown> | undefined {
  const [head, body, signature, ...rest] = token.split('.')
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) return undefined
  const header = decode(head)
  if (header === undefined) return undefined
  for (const candidate of keys) {
    if (header.alg !== candidate.algorithm || (header.kid !== undefined && header.kid !== candidate.id)) continue
    const key = { key: candidate.key, dsaEncoding: 'ieee-p1363' as const }
    if (verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return decode(body)
  }
  return undefined
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
