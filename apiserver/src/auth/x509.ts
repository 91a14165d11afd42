import type { PeerCertificate } from 'node:tls'
import type { UserInfo } from '../registry/types.ts'
import { credentialIdKey } from './user.ts'

// staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go CommonNameUserConversion
/** The user a verified client certificate stands for; undefined when it names none. */
export function userFromCertificate(certificate: PeerCertificate): UserInfo | undefined {
  const name = first(certificate.subject.CN)
  if (name === undefined || name === '') return undefined
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
  return {
    name,
    groups: [...new Set(all(certificate.subject.O))],
    extra: { [credentialIdKey]: [`X509SHA256=${fingerprint}`] },
  }
}

/** Node gives a string for one value and an array for several. */
const all = (value: unknown): string[] => (value === undefined ? [] : ([value].flat() as string[]))
const first = (value: unknown): string | undefined => all(value)[0]
