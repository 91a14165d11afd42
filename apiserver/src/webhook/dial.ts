import tls from 'node:tls'
import { isIP } from 'node:net'
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { chainWords, dialWords, exchangeWords, hostPort, nameWords } from './go-words.ts'

const dialMilliseconds = 30_000

export interface Address {
  host: string
  port: number
}

/** How the other side proves who it is. */
export interface Trust {
  context: tls.SecureContext
  /** The name that its certificate must be for. */
  serverName: string
}

/**
 * A TLS connection to a server whose certificate has been checked. Rejects within 30 s, in Go's words, when there is no
 * such server or its certificate is not believed; and when the signal aborts.
 */
export function dial({ host, port }: Address, trust: Trust, clock: Clock, signal: AbortSignal): Promise<tls.TLSSocket> {
  const { context: secureContext, serverName } = trust
  const socket = tls.connect({
    host,
    port,
    secureContext,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    // checked below, before anyone gets the connection: OpenSSL's refusal does not show the certificate it is about
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  socket.setNoDelay(true)
  return new Promise((resolve, reject) => {
    let connected = false
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', abort)
    }
    const fail = (text: string): void => {
      end()
      socket.destroy()
      reject(new Error(text))
    }
    const abort = (): void => fail('context canceled')
    const cancel = clock.timer(dialMilliseconds, () =>
      fail(connected ? 'net/http: TLS handshake timeout' : `dial tcp ${hostPort(host, port)}: i/o timeout`),
    )
    const failed = (error: Error): void => fail(connected ? exchangeWords(error) : dialWords(host, port, error))
    socket.on('connect', () => (connected = true))
    socket.on('error', failed)
    socket.on('secureConnect', () => {
      const problem = problemOf(socket, serverName, clock.now())
      if (problem !== undefined) return fail(problem)
      end()
      socket.off('error', failed)
      resolve(socket)
    })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

/** Why the server is not believed to be who it should be; undefined when it is. */
function problemOf(socket: tls.TLSSocket, serverName: string, now: number): string | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return 'tls: received no certificate'
  // Node gives the code of the problem here, whatever its types say
  if (!socket.authorized) return chainWords(String(socket.authorizationError), certificate, now)
  return isFor(certificate, serverName) ? undefined : nameWords(serverName, certificate)
}

/** As Go, which does not look at the common name. */
function isFor(certificate: X509Certificate, name: string): boolean {
  if (certificate.subjectAltName === undefined) return false
  return isIP(name) === 0
    ? certificate.checkHost(name, { subject: 'never' }) !== undefined
    : certificate.checkIP(name) !== undefined
}
