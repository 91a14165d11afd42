import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { CertificateRequest } from '@kubets/shared/process/certificate-requests.ts'
import { hasCondition } from '../certificates/conditions.ts'
import { kubeletClientProblem } from '../certificates/kubelet-requests.ts'

/** The subresources that who may create may have such a request approved. */
export type Permission = 'selfnodeclient' | 'nodeclient'

const signerName = 'kubernetes.io/kube-apiserver-client-kubelet'

/** Tells whether the request waits for its approval, and is of the kind that can be given here. */
// pkg/controller/certificates/approver/sarapprove.go handle
export const waitsForApproval = (request: CertificateSigningRequest): boolean =>
  request.spec.signerName === signerName &&
  !request.status?.certificate &&
  !hasCondition(request, 'Approved') &&
  !hasCondition(request, 'Denied')

/** What who asks must be permitted to do, one of these, to have the request approved. */
// pkg/controller/certificates/approver/sarapprove.go recognizers, isSelfNodeClientCert, isNodeClientCert
export const permissionsFor = ({ spec }: CertificateSigningRequest, asked: CertificateRequest): Permission[] => {
  if (spec.signerName !== signerName || kubeletClientProblem(asked, spec.usages ?? []) !== undefined) return []
  return spec.username === asked.commonName ? ['selfnodeclient', 'nodeclient'] : ['nodeclient']
}

const messages: Record<Permission, string> = {
  selfnodeclient: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  nodeclient: 'Auto approving kubelet client certificate after SubjectAccessReview.',
}

/** The request with its approval. */
// pkg/controller/certificates/approver/sarapprove.go appendApprovalCondition
export const approved = (
  request: CertificateSigningRequest,
  permission: Permission,
  now: number,
): CertificateSigningRequest => {
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'AutoApproved',
    message: messages[permission],
    lastUpdateTime: formatTime(now),
  }
  return { ...request, status: { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] } }
}
