import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Authorizer } from '../auth/attributes.ts'
import { groupMasters } from '../auth/user.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

const isRequest = ({ kind }: AdmissionRequest): boolean =>
  isAbout(kind, 'certificates.k8s.io', 'certificatesigningrequests')

// plugin/pkg/admission/certificates/approval/admission.go Plugin.Validate
/** Whoever approves or denies a certificate must be allowed to do so for its signer. */
export function certificateApproval(authorizer: Authorizer): Plugin {
  return {
    validate(request) {
      if (request.operation !== 'UPDATE' || request.subresource !== 'approval' || !isRequest(request)) return
      const { signerName } = (request.old as CertificateSigningRequest).spec
      if (maySpeakFor(authorizer, request, 'approve', signerName)) return
      throw refuse(request, `user not permitted to approve requests with signerName ${quote(signerName)}`)
    },
  }
}

// plugin/pkg/admission/certificates/signing/admission.go Plugin.Validate
/** Whoever issues a certificate, or says that it failed, must be allowed to do so for its signer. */
export function certificateSigning(authorizer: Authorizer): Plugin {
  return {
    validate(request) {
      if (request.operation !== 'UPDATE' || request.subresource !== 'status' || !isRequest(request)) return
      const { spec, status } = request.old as CertificateSigningRequest
      const now = (request.object as CertificateSigningRequest).status
      if (status?.certificate === now?.certificate && deepEqual(status?.conditions, now?.conditions)) return
      if (maySpeakFor(authorizer, request, 'sign', spec.signerName)) return
      throw refuse(request, `user not permitted to sign requests with signerName ${quote(spec.signerName)}`)
    },
  }
}

// pkg/certauthorization/certauthorization.go IsAuthorizedForSignerName
/** By the signer's own name, or by "domain/*" for all signers of its domain. */
function maySpeakFor(authorizer: Authorizer, { user }: AdmissionRequest, verb: string, signer: string): boolean {
  if (user === undefined) return false
  const domain = signer.split('/')[0] ?? ''
  return [signer, `${domain}/*`].some((name) => {
    const resource = { isResourceRequest: true, apiGroup: 'certificates.k8s.io', resource: 'signers', name }
    const { verdict } = authorizer.authorize({ user, verb, ...resource, subresource: '', namespace: '', path: '' })
    return verdict === 'allow'
  })
}

const clientSigner = 'kubernetes.io/kube-apiserver-client'

// plugin/pkg/admission/certificates/subjectrestriction/admission.go Plugin.Validate
/** Nobody becomes an administrator of everything by asking for a certificate that says so. */
export const certificateSubjectRestriction: Plugin = {
  async validate(request) {
    if (request.operation !== 'CREATE' || request.subresource !== '' || !isRequest(request)) return
    const { spec } = request.object as CertificateSigningRequest
    if (spec.signerName !== clientSigner) return
    // the library that reads it takes a tenth of the server's start, and most servers are never asked
    const { organizationsOfRequest } = await import('@kubets/shared/process/certificates.ts')
    let organizations: string[]
    try {
      organizations = organizationsOfRequest(Buffer.from(spec.request, 'base64').toString())
    } catch (error) {
      throw refuse(request, `failed to parse CSR: ${(error as Error).message}`)
    }
    if (organizations.includes(groupMasters)) {
      throw refuse(request, `use of ${clientSigner} signer with ${groupMasters} group is not allowed`)
    }
  },
}
