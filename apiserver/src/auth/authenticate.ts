import type { PeerCertificate, TLSSocket } from 'node:tls'
import { unauthorized } from '@kubets/shared/machinery/errors.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Tokens } from './tokens.ts'
import { anonymous, authenticated } from './user.ts'
import { userFromCertificate } from './x509.ts'

/** What a request shows of its sender. */
export interface Credentials {
  socket: Pick<TLSSocket, 'authorized' | 'authorizationError' | 'getPeerCertificate'>
  authorization: string | undefined
  /** A token sent as a WebSocket subprotocol. */
  webSocketToken: string | undefined
  path: string
}

export type Authenticate = (credentials: Credentials) => Promise<UserInfo>

interface CertificateResult {
  user?: UserInfo
  problem?: string
  /** Milliseconds since the epoch. */
  notAfter: number
}

/**
 * Client certificate, then bearer token, then nobody. Credentials that are shown but not good are a 401, and nobody
 * may ask for the given paths only.
 */
export function createAuthenticate(tokens: Tokens, clock: Clock, log: Logger): Authenticate {
  const certificates = new WeakMap<object, CertificateResult>()

  const byCertificate = (socket: Credentials['socket']): CertificateResult => {
    let result = certificates.get(socket)
    if (result === undefined) certificates.set(socket, (result = checkCertificate(socket)))
    return result.notAfter <= clock.now()
      ? { problem: 'the certificate has expired', notAfter: result.notAfter }
      : result
  }

  return async ({ socket, authorization, webSocketToken, path }) => {
    const certificate = byCertificate(socket)
    if (certificate.user !== undefined) return authenticated(certificate.user)
    let problem = certificate.problem
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

function checkCertificate(socket: Credentials['socket']): CertificateResult {
  const certificate = socket.getPeerCertificate() as PeerCertificate | null
  if (certificate === null || Object.keys(certificate).length === 0) return { notAfter: Infinity }
  const notAfter = Date.parse(certificate.valid_to)
  if (!socket.authorized) return { problem: `client certificate: ${String(socket.authorizationError)}`, notAfter }
  const user = userFromCertificate(certificate)
  return user === undefined ? { notAfter } : { user, notAfter }
}

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
