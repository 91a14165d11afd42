import type { CertificateSigningRequest } from '@kubets/shared/api/types/certificates-v1.ts'
import type { PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { AdmissionRequest } from '../../registry/types.ts'

// Each says what is wrong with a kubelet doing this; undefined when nothing is. plugin/pkg/admission/noderestriction/admission.go

/** A claim is told of how large its volume has become, and of nothing else. */
// admitPVCStatus
export function claimProblem(request: AdmissionRequest, node: string): string | undefined {
  const { operation, subresource, old, object } = request
  if (subresource !== 'status') return 'may only update PVC status'
  if (operation !== 'UPDATE') return `unexpected operation ${quote(operation)}`
  if (deepEqual(comparable(old as PersistentVolumeClaim), comparable(object as PersistentVolumeClaim))) return undefined
  return `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`
}

/** What a kubelet may write of a claim's status. */
const grown = ['allocatedResources', 'allocatedResourceStatuses', 'capacity', 'conditions']

/** A claim without that, and without what every write changes. */
function comparable({ metadata, status, ...rest }: PersistentVolumeClaim): object {
  return {
    ...rest,
    metadata: without(metadata, ['managedFields', 'resourceVersion']),
    status: without(status ?? {}, grown),
  }
}

const without = (object: object, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))

const nameOf = ({ name, object }: AdmissionRequest): string => (name !== '' ? name : (object?.metadata.name ?? ''))

// admitLease
export function leaseProblem(request: AdmissionRequest, node: string): string | undefined {
  if (request.namespace !== 'kube-node-lease') return 'can only access leases in the "kube-node-lease" system namespace'
  if (nameOf(request) === node) return undefined
  return 'can only access node lease with the same name as the requesting node'
}

// admitCSINode
export function csiNodeProblem(request: AdmissionRequest, node: string): string | undefined {
  if (nameOf(request) === node) return undefined
  return 'can only access CSINode with the same name as the requesting node'
}

/** What nodes offer of devices: also for a driver that writes in its node's name. What is updated is looked at by the authorizer. */
// admitResourceSlice
export function sliceProblem({ operation, object, old }: AdmissionRequest, node: string): string | undefined {
  if (operation !== 'CREATE' && operation !== 'DELETE') return undefined
  const about = (operation === 'CREATE' ? object : old) as ResourceSlice | undefined
  if (about?.spec.nodeName === node) return undefined
  return `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`
}

const kubeletSigners = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']

/** A node asks for certificates of its own. */
// admitCSR
export async function signingProblem(
  { operation, subresource, object }: AdmissionRequest,
  node: string,
): Promise<string | undefined> {
  if (operation !== 'CREATE' || subresource !== '') return undefined
  const { signerName, request } = (object as CertificateSigningRequest).spec
  if (!kubeletSigners.includes(signerName)) return undefined
  // as in certificateSubjectRestriction: most servers are never asked
  const { readRequest } = await import('@kubets/shared/process/certificate-requests.ts')
  let commonName: string
  try {
    commonName = readRequest(Buffer.from(request, 'base64').toString()).commonName
  } catch (error) {
    return `unable to parse csr: ${(error as Error).message}`
  }
  if (commonName === `system:node:${node}`) return undefined
  return `can only create a node CSR with CN=system:node:${node}`
}
