import type { CertificateRequest } from '@kubets/shared/process/certificate-requests.ts'

type Named = Omit<CertificateRequest, 'subject' | 'publicKey'>

const nodesGroup = 'system:nodes'
const nodePrefix = 'system:node:'

const usagesProblem = (usages: readonly string[], purpose: string): string | undefined => {
  const asked = new Set(usages)
  const optional = asked.has('key encipherment') ? 1 : 0
  const matches = asked.has('digital signature') && asked.has(purpose) && asked.size === 2 + optional
  return matches ? undefined : `usages did not match [digital signature key encipherment ${purpose}]`
}

const isOfNodes = ({ organizations }: Named): boolean => organizations.length === 1 && organizations[0] === nodesGroup

/** Why a request is not one for a kubelet's client certificate; undefined where it is. */
// pkg/apis/certificates/helpers.go ValidateKubeletClientCSR
export const kubeletClientProblem = (request: Named, usages: readonly string[]): string | undefined => {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes'
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  if (!request.commonName.startsWith(nodePrefix)) return 'subject common name does not begin with system:node:'
  return usagesProblem(usages, 'client auth')
}

/** Why a request is not one for a kubelet's serving certificate; undefined where it is. */
// pkg/apis/certificates/helpers.go ValidateKubeletServingCSR
export const kubeletServingProblem = (request: Named, usages: readonly string[]): string | undefined => {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes'
  if (request.dnsNames.length + request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  const problem = usagesProblem(usages, 'server auth')
  if (problem !== undefined) return problem
  return request.commonName.startsWith(nodePrefix) ? undefined : 'subject common name does not begin with system:node:'
}
