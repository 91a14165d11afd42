import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { CertificateRequest, IssuedFor } from '@kubets/shared/process/certificate-requests.ts'
import { hasCondition, isApproved } from '../certificates/conditions.ts'
import { kubeletClientProblem, kubeletServingProblem } from '../certificates/kubelet-requests.ts'

type Problem = (request: CertificateRequest, usages: readonly string[]) => string | undefined

// pkg/controller/certificates/signer/signer.go validAPIServerClientUsages
const clientProblem: Problem = (_, usages) => {
  const allowed = ['digital signature', 'key encipherment', 'client auth']
  const other = usages.find((usage) => !allowed.includes(usage))
  if (other !== undefined) return `invalid usage for client certificate: ${other}`
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
}

/** The signers that are here, and what each refuses. */
// pkg/controller/certificates/signer/signer.go getCSRVerificationFuncForSignerName
const signers: Readonly<Record<string, Problem>> = {
  'kubernetes.io/kubelet-serving': kubeletServingProblem,
  'kubernetes.io/kube-apiserver-client-kubelet': kubeletClientProblem,
  'kubernetes.io/kube-apiserver-client': clientProblem,
  // whatever was asked for by the older versions of the API
  'kubernetes.io/legacy-unknown': () => undefined,
}

/** Tells whether the request waits for one of the signers here. */
// pkg/controller/certificates/signer/signer.go handle, pkg/controller/certificates/certificate_controller.go syncFunc
export const waitsForSigner = (request: CertificateSigningRequest): boolean =>
  Object.hasOwn(signers, request.spec.signerName) &&
  !request.status?.certificate &&
  isApproved(request) &&
  !hasCondition(request, 'Failed')

/** Why the signer refuses what it is asked for; undefined where it does not. */
export const problemOf = ({ spec }: CertificateSigningRequest, asked: CertificateRequest): string | undefined =>
  signers[spec.signerName]?.(asked, spec.usages ?? [])

const minuteMs = 60_000
const backdateMs = 5 * minuteMs
const shortestMs = 10 * minuteMs
/** Five minutes are one part in a hundred of it. */
const shortMs = 8 * 60 * minuteMs

type Validity = Pick<IssuedFor, 'notBefore' | 'notAfter'>

/**
 * From when until when a certificate is good. It begins five minutes ago, for clocks that are behind; a short-lived one is
 * nevertheless good for as long as was asked for. Throws an Error when the authority itself has run out.
 */
// pkg/controller/certificates/signer/signer.go duration, authority/policies.go PermissiveSigningPolicy.apply
export const validity = (
  seconds: number | undefined,
  longestMs: number,
  now: number,
  authorityEnds: number,
): Validity => {
  const lifetime = seconds === undefined ? longestMs : Math.min(longestMs, Math.max(shortestMs, seconds * 1000))
  const end = lifetime < shortMs ? now + lifetime : now + lifetime - backdateMs
  const notBefore = now - backdateMs
  if (notBefore >= authorityEnds) throw new Error(`the signer has expired: NotAfter=${formatTime(authorityEnds)}`)
  if (now >= authorityEnds) {
    throw new Error(`refusing to sign a certificate that expired in the past: NotAfter=${formatTime(authorityEnds)}`)
  }
  return { notBefore: new Date(notBefore), notAfter: new Date(Math.min(end, authorityEnds)) }
}

/** The request with what became of it: a certificate, or why there is none. */
export const withCertificate = (request: CertificateSigningRequest, pem: string): CertificateSigningRequest => ({
  ...request,
  status: { ...request.status, certificate: Buffer.from(pem).toString('base64') },
})

export const withFailure = (
  request: CertificateSigningRequest,
  message: string,
  now: number,
): CertificateSigningRequest => {
  const failed = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: formatTime(now),
  }
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), failed] } }
}
