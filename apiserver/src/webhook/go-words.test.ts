import { expect, it } from 'vitest'
import { chainWords, dialWords, exchangeWords, nameWords } from './go-words.ts'

it.each([
  ['192.0.2.1', 'ECONNREFUSED', 'dial tcp 192.0.2.1:443: connect: connection refused'],
  ['fd00::1', 'EHOSTUNREACH', 'dial tcp [fd00::1]:443: connect: no route to host'],
  ['hook.example', 'ENOTFOUND', 'dial tcp: lookup hook.example: no such host'],
  ['192.0.2.1', 'EOTHER', 'dial tcp 192.0.2.1:443: as Node says it'],
])('says why %s cannot be dialed (%s)', (host, code, text) => {
  expect(dialWords(host, 443, { code, message: 'as Node says it' })).toBe(text)
})

const certificate = {
  subject: 'O=some\nCN=hook.example',
  subjectAltName: undefined as string | undefined,
  validFromDate: new Date('2026-01-01T00:00:00Z'),
  validToDate: new Date('2026-02-01T00:00:00Z'),
}
const prefix = 'tls: failed to verify certificate: x509:'

it.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', `${prefix} certificate signed by unknown authority`],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', `${prefix} certificate signed by unknown authority`],
  ['INVALID_PURPOSE', `${prefix} certificate specifies an incompatible key usage`],
  [
    'CERT_HAS_EXPIRED',
    `${prefix} certificate has expired or is not yet valid: current time 2026-03-01T00:00:00Z is after 2026-02-01T00:00:00Z`,
  ],
  [
    'CERT_NOT_YET_VALID',
    `${prefix} certificate has expired or is not yet valid: current time 2026-03-01T00:00:00Z is before 2026-01-01T00:00:00Z`,
  ],
])('says what is wrong with a chain: %s', (code, text) => {
  expect(chainWords(code, certificate, Date.parse('2026-03-01T00:00:00Z'))).toBe(text)
})

it.each([
  ['hook.example', undefined, 'certificate relies on legacy Common Name field, use SANs instead'],
  ['x.example', undefined, 'certificate is not valid for any names, but wanted to match x.example'],
  ['x.example', 'DNS:a.example, DNS:b.example', 'certificate is valid for a.example, b.example, not x.example'],
  ['192.0.2.1', 'DNS:a', "cannot validate certificate for 192.0.2.1 because it doesn't contain any IP SANs"],
  ['192.0.2.1', 'DNS:a, IP Address:192.0.2.2', 'certificate is valid for 192.0.2.2, not 192.0.2.1'],
])('says whom a certificate is for: not %s (%s)', (host, subjectAltName, text) => {
  expect(nameWords(host, { ...certificate, subjectAltName })).toBe(`${prefix} ${text}`)
})

it.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'http: server gave HTTP response to HTTPS client'],
  ['ECONNRESET', 'EOF'],
  ['HPE_INVALID_CONSTANT', 'net/http: HTTP/1.x transport connection broken: malformed HTTP response'],
])('says how an exchange broke: %s', (code, text) => {
  expect(exchangeWords({ code, message: '' })).toBe(text)
})
