import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'

/** Tells whether the request has a condition of this type. */
// pkg/controller/certificates/certificate_controller_utils.go GetCertApprovalCondition, HasTrueCondition
export const hasCondition = ({ status }: CertificateSigningRequest, type: 'Approved' | 'Denied' | 'Failed'): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type)

/** Tells whether the request may be signed: it was approved, and not denied as well. */
// pkg/controller/certificates/certificate_controller_utils.go IsCertificateRequestApproved
export const isApproved = (request: CertificateSigningRequest): boolean =>
  hasCondition(request, 'Approved') && !hasCondition(request, 'Denied')

/** The request's PEM text. */
export const pemOf = ({ spec }: CertificateSigningRequest): string => Buffer.from(spec.request, 'base64').toString()
