import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import type { CertificateRequest } from '@kubets/shared/process/certificate-requests.ts'

type Condition = NonNullable<NonNullable<CertificateSigningRequest['status']>['conditions']>[number]

export const condition = (type: string, lastUpdateTime?: string): Condition => ({
  type,
  status: 'True',
  ...(lastUpdateTime === undefined ? {} : { lastUpdateTime }),
})

/** A request for a kubelet's client certificate, but for what is given. */
export const csr = (
  spec: Partial<CertificateSigningRequest['spec']> = {},
  status: CertificateSigningRequest['status'] = {},
): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'r', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    request: '',
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
    ...spec,
  },
  status,
})

/** What is asked for: a node's name, but for what is given. */
export const asked = (given: Partial<CertificateRequest> = {}): CertificateRequest =>
  ({
    commonName: 'system:node:n1',
    organizations: ['system:nodes'],
    dnsNames: [],
    emailAddresses: [],
    ipAddresses: [],
    uris: [],
    subject: [],
    ...given,
  }) as unknown as CertificateRequest
