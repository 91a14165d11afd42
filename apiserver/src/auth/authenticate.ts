import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { unauthorized } from '@kubets/shared/machinery/errors.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { UserInfo } from '../registry/types.ts'
import { userFromHeaders, type RequestHeaderSettings } from './request-header.ts'
import type { Tokens } from './tokens.ts'
import { anonymous, authenticated } from './user.ts'
import { userFromCertificate } from './x509.ts'

/** What a request shows of its sender. */
export interface Credentials {
  socket: Pick<TLSSocket, 'authorized' | 'authorizationError' | 'getPeerCertificate'>
  /** Names and values of the headers, as Node lists them. */
  rawHeaders: readonly string[]
  authorization: string | undefined
  /** A token sent as a WebSocket subprotocol. */
  webSocketToken: string | undefined
  path: string
}

export type Authenticate = (credentials: Credentials) => Promise<UserInfo>

interface CertificateResult {
  user?: UserInfo
  /** Set when the certificate is that of a proxy: its common name. */
  proxy?: string
  problem?: string
  /** Milliseconds since the epoch. */
  notAfter: number
}

export interface AuthenticateSettings {
  /** PEM: the authorities of client certificates. */
  clientCa: string
  /** Absent: headers are not looked at. */
  requestHeader?: (RequestHeaderSettings & { clientCa: string }) | undefined
}

/**
 * A proxy's headers, client certificate, then bearer token, then nobody. Credentials that are shown but not good are a
 * 401, and nobody may ask for the given paths only.
 */
// pkg/kubeapiserver/authenticator/config.go Config.New
export function createAuthenticate(
  settings: AuthenticateSettings,
  tokens: Tokens,
  clock: Clock,
  log: Logger,
): Authenticate {
  const certificates = new WeakMap<object, CertificateResult>()
  const { requestHeader } = settings
  const authorities = {
    client: fingerprints(settings.clientCa),
    proxy: fingerprints(requestHeader?.clientCa ?? ''),
  }

  const byCertificate = (socket: Credentials['socket']): CertificateResult => {
    let result = certificates.get(socket)
    if (result === undefined) certificates.set(socket, (result = checkCertificate(socket, authorities)))
    return result.notAfter <= clock.now()
      ? { problem: 'the certificate has expired', notAfter: result.notAfter }
      : result
  }

  return async ({ socket, rawHeaders, authorization, webSocketToken, path }) => {
    const certificate = byCertificate(socket)
    let { problem } = certificate
    if (certificate.proxy !== undefined && requestHeader !== undefined) {
      try {
        const user = userFromHeaders(requestHeader, certificate.proxy, rawHeaders)
        if (user !== undefined) return authenticated(user)
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
    }
    if (certificate.user !== undefined) return authenticated(certificate.user)
    const token = bearerToken(authorization) ?? webSocketToken
    if (token !== undefined) {
      try {
        const verified = await tokens.verify(token)
        if (verified !== undefined) return authenticated(verified.user)
        problem = 'the bearer token is unknown'
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
    }
    if (problem === undefined && anonymousMay(path)) return anonymous
    if (problem !== undefined) log.info({ problem, path }, 'unable to authenticate the request')
    throw unauthorized()
  }
}

// the conditions of AuthenticationConfiguration.anonymous, as hardened clusters set them
const anonymousMay = (path: string): boolean => /^\/(healthz|livez|readyz)(\/|$)|^\/version\/?$/.test(path)

interface Authorities {
  client: ReadonlySet<string>
  proxy: ReadonlySet<string>
}

/** One connection's certificate counts for the authority that its chain ends at: clients and proxies have different ones. */
function checkCertificate(socket: Credentials['socket'], authorities: Authorities): CertificateResult {
  const certificate = socket.getPeerCertificate(true) as DetailedPeerCertificate | null
  if (certificate === null || Object.keys(certificate).length === 0) return { notAfter: Infinity }
  const notAfter = Date.parse(certificate.valid_to)
  if (!socket.authorized) return { problem: `client certificate: ${String(socket.authorizationError)}`, notAfter }
  const chain = chainOf(certificate)
  const signedBy = (known: ReadonlySet<string>): boolean => chain.some((fingerprint) => known.has(fingerprint))
  const user = signedBy(authorities.client) ? userFromCertificate(certificate) : undefined
  return {
    notAfter,
    ...(user === undefined ? {} : { user }),
    ...(signedBy(authorities.proxy) ? { proxy: [certificate.subject.CN].flat()[0] ?? '' } : {}),
  }
}

function chainOf(certificate: DetailedPeerCertificate): string[] {
  const chain: string[] = []
  let current: DetailedPeerCertificate | undefined = certificate
  // the last one is its own issuer
  while (current !== undefined && !chain.includes(current.fingerprint256)) {
    chain.push(current.fingerprint256)
    current = current.issuerCertificate as DetailedPeerCertificate | undefined
  }
  return chain
}

/** A certificate in a PEM text. */
export const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

const fingerprints = (bundle: string): ReadonlySet<string> =>
  new Set((bundle.match(pemBlock) ?? []).map((pem) => new X509Certificate(pem).fingerprint256))

// staging/src/k8s.io/apiserver/pkg/authentication/request/bearertoken/bearertoken.go
function bearerToken(authorization: string | undefined): string | undefined {
  const match = /^\s*bearer +(\S+)/i.exec(authorization ?? '')
  return match?.[1]
}

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.'

// staging/src/k8s.io/apiserver/pkg/authentication/request/websocket/protocol.go
/** Browsers cannot set headers on a WebSocket: they send the token as a subprotocol, which is not passed on. */
export function takeWebSocketToken(protocols: string | undefined): { token?: string; rest: string | undefined } {
  if (protocols === undefined || !protocols.includes(protocolPrefix)) return { rest: protocols }
  const all = protocols.split(',').map((protocol) => protocol.trim())
  const found = all.find((protocol) => protocol.startsWith(protocolPrefix))
  const rest = all.filter((protocol) => !protocol.startsWith(protocolPrefix)).join(', ')
  if (found === undefined) return { rest: protocols }
  return { token: Buffer.from(found.slice(protocolPrefix.length), 'base64url').toString(), rest }
}
