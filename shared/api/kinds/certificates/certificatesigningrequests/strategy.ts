import { clone } from '../../../../machinery/deep.ts'
import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'

// pkg/registry/certificates/certificates/strategy.go PrepareForUpdate: a request is never changed
export function prepareForUpdate(obj: CertificateSigningRequest, old: CertificateSigningRequest): void {
  obj.spec = clone(old.spec)
}

// the subresource approval alone approves and denies
export function prepareForStatusUpdate(obj: CertificateSigningRequest, old: CertificateSigningRequest): void {
  const isApproval = (type: string) => type === 'Approved' || type === 'Denied'
  const kept = (old.status?.conditions ?? []).filter((condition) => isApproval(condition.type))
  const given = (obj.status?.conditions ?? []).filter((condition) => !isApproval(condition.type))
  if (kept.length + given.length > 0) obj.status = { ...obj.status, conditions: [...clone(kept), ...given] }
}
