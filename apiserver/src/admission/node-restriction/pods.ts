import { apiReference } from '@kubets/shared/api/pod-references.ts'
import { nodes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Lookup } from '../../auth/lookup.ts'
import type { AdmissionRequest } from '../../registry/types.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** What is wrong with a kubelet doing this to a Pod; undefined when nothing is. Throws NotFound for a Pod or Node that is not there. */
export async function podProblem(request: AdmissionRequest, node: string, lookup: Lookup): Promise<string | undefined> {
  const { operation, subresource } = request
  const who = `node ${quote(node)}`
  switch (subresource) {
    case 'status':
      return operation === 'UPDATE' ? statusProblem(request, node) : `unexpected operation ${quote(operation)}`
    case 'eviction':
      if (operation !== 'CREATE') return `unexpected operation ${operation}`
      if (request.name === '') return 'could not determine pod from request data'
      return (await isBound(request, node, lookup))
        ? undefined
        : `node ${node} can only evict pods with spec.nodeName set to itself`
    case '':
      break
    default:
      return `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`
  }
  if (operation === 'CREATE') return createProblem(request.object as Pod, node, lookup)
  if (operation !== 'DELETE')
    return `unexpected operation ${quote(operation)}, ${who} can only create and delete mirror pods`
  return (await isBound(request, node, lookup))
    ? undefined
    : `${who} can only delete pods with spec.nodeName set to itself`
}

async function isBound({ name, namespace, old }: AdmissionRequest, node: string, lookup: Lookup): Promise<boolean> {
  const stored = (old as Pod | undefined) ?? (await lookup.get(pods, name, namespace))
  if (stored === undefined) throw notFound({ group: '', plural: 'pods' }, name)
  return stored.spec.nodeName === node
}

// admitPodStatus
function statusProblem({ old, object }: AdmissionRequest, node: string): string | undefined {
  const [before, after] = [old as Pod, object as Pod]
  const who = `node ${quote(node)}`
  if (before.spec.nodeName !== node) {
    return `${who} can only update pod status for pods with spec.nodeName set to itself`
  }
  if (!deepEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {})) {
    return `${who} cannot update labels through pod status`
  }
  if (!deepEqual(before.status?.resourceClaimStatuses ?? [], after.status?.resourceClaimStatuses ?? [])) {
    return `${who} cannot update resource claim statues`
  }
  if (!deepEqual(before.status?.extendedResourceClaimStatus, after.status?.extendedResourceClaimStatus)) {
    return `${who} cannot update extended resource claim status`
  }
  return undefined
}

// admitPodCreate
async function createProblem(pod: Pod, node: string, lookup: Lookup): Promise<string | undefined> {
  const who = `node ${quote(node)}`
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have ${quote(mirrorAnnotation)} annotation, ${who} can only create mirror pods`
  }
  if (pod.spec.nodeName !== node) return `${who} can only create pods with spec.nodeName set to itself`
  const [owner, ...others] = pod.metadata.ownerReferences ?? []
  if (others.length > 0) return `${who} can only create pods with a single owner reference set to itself`
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    return `${who} can only create pods with an owner reference set to itself`
  }
  if (!owner.controller) return `${who} can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion) return `${who} must not set blockOwnerDeletion on an owner reference`
  const own = await lookup.get(nodes, node)
  if (own === undefined) throw notFound({ group: '', plural: 'nodes' }, node)
  const { uid = '' } = own.metadata
  if (owner.uid !== uid) return `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`
  const resource = apiReference(pod)
  return resource === undefined ? undefined : `${who} can not create pods that reference ${quote(resource)}`
}
