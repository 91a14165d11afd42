import { isIP } from 'node:net'

/** What of a server's certificate the words below need; X509Certificate has it. */
export interface PeerCertificate {
  /** "CN=webhook" lines. */
  subject: string
  /** "DNS:a.example, IP Address:192.0.2.1"; undefined: the certificate names nobody. */
  subjectAltName: string | undefined
  validFromDate: Date
  validToDate: Date
}

const connectWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  ECONNRESET: 'connect: connection reset by peer',
}

/** Why there is no connection to an address, in the words of Go's net package. */
export function dialWords(host: string, port: number, error: { code?: string; message: string }): string {
  if (error.code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`
  if (error.code === 'EAI_AGAIN') return `dial tcp: lookup ${host}: server misbehaving`
  return `dial tcp ${hostPort(host, port)}: ${connectWords[error.code ?? ''] ?? error.message}`
}

/** "10.0.0.1:443", "[fd00::1]:443" */
export const hostPort = (host: string, port: number): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`

const untrusted = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])

// crypto/x509/verify.go CertificateInvalidError, UnknownAuthorityError
/** Why OpenSSL does not believe a certificate, in the words of Go's crypto packages. */
export function chainWords(code: string, { validFromDate, validToDate }: PeerCertificate, now: number): string {
  const prefix = 'tls: failed to verify certificate: x509:'
  if (untrusted.has(code)) return `${prefix} certificate signed by unknown authority`
  if (code === 'INVALID_PURPOSE') return `${prefix} certificate specifies an incompatible key usage`
  const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
  const when = `${prefix} certificate has expired or is not yet valid: current time ${time(now)}`
  if (code === 'CERT_HAS_EXPIRED') return `${when} is after ${time(validToDate.getTime())}`
  if (code === 'CERT_NOT_YET_VALID') return `${when} is before ${time(validFromDate.getTime())}`
  return `${prefix} ${code}`
}

// crypto/x509/verify.go HostnameError
/** What Go says of a certificate that is not for this host. */
export function nameWords(host: string, { subject, subjectAltName }: PeerCertificate): string {
  const prefix = 'tls: failed to verify certificate: x509:'
  const names = (subjectAltName ?? '').split(', ')
  const among = (label: string): string[] =>
    names.filter((name) => name.startsWith(label)).map((name) => name.slice(label.length))
  if (subjectAltName === undefined && subject.split('\n').includes(`CN=${host}`)) {
    return `${prefix} certificate relies on legacy Common Name field, use SANs instead`
  }
  const isAddress = isIP(host) !== 0
  const valid = among(isAddress ? 'IP Address:' : 'DNS:')
  if (valid.length > 0) return `${prefix} certificate is valid for ${valid.join(', ')}, not ${host}`
  return isAddress
    ? `${prefix} cannot validate certificate for ${host} because it doesn't contain any IP SANs`
    : `${prefix} certificate is not valid for any names, but wanted to match ${host}`
}

const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])

/** Why a connection broke before there was an answer. */
export function exchangeWords(error: { code?: string; message: string }): string {
  if (notTls.has(error.code ?? '')) return 'http: server gave HTTP response to HTTPS client'
  if (error.code?.startsWith('HPE_')) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`
  // Node's one code for an end and for a reset before the answer
  if (error.code === 'ECONNRESET') return 'EOF'
  if (error.code === 'EPIPE') return 'write: broken pipe'
  return error.message
}
