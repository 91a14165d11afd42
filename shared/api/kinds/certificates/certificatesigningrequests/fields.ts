import type { CertificateSigningRequest } from '../../../types/certificates-v1.ts'

export const selectableFields: Readonly<Record<string, (request: CertificateSigningRequest) => string>> = {
  'spec.signerName': (request) => request.spec.signerName ?? '',
}
