import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'

const hourMs = 3_600_000
/** How long a request is kept from its approval, refusal or failure on, and how long one that nobody decided on. */
const decidedMs = hourMs
const pendingMs = 24 * hourMs

/**
 * Milliseconds until the request is to be deleted, 0 when it is time, undefined while nothing says when: what is decided
 * goes after an hour, what is not after a day, and what was issued no later than the certificate runs out.
 */
// pkg/controller/certificates/cleaner/cleaner.go handle
export const timeLeft = ({ metadata, status }: CertificateSigningRequest, now: number): number | undefined => {
  const { conditions = [], certificate = '' } = status ?? {}
  const ends: (number | undefined)[] = []
  for (const { type, lastUpdateTime } of conditions) {
    // an approved one without a certificate waits for its signer
    const isDecided = type === 'Denied' || type === 'Failed' || (type === 'Approved' && certificate !== '')
    if (isDecided && lastUpdateTime) ends.push(parseTime(lastUpdateTime) + decidedMs)
    if (type === 'Approved' && certificate !== '') ends.push(endOf(certificate))
  }
  if (conditions.length === 0 && metadata.creationTimestamp)
    ends.push(parseTime(metadata.creationTimestamp) + pendingMs)
  const end = Math.min(...ends.filter((one) => one !== undefined))
  return end === Infinity ? undefined : Math.max(0, end - now)
}

/** When the first of the certificates runs out; undefined where they cannot be read. */
// pkg/controller/certificates/cleaner/cleaner.go isExpired
const endOf = (base64: string): number | undefined => {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).validToDate.getTime()
  } catch {
    return undefined
  }
}
