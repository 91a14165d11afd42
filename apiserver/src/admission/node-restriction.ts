import { apiReference } from '@kubets/shared/api/pod-references.ts'
import { nodes, pods, resourceSlices } from '@kubets/shared/api/resources.gen.ts'
import type { TokenRequest } from '@kubets/shared/api/types/authentication-v1.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Lookup } from '../auth/lookup.ts'
import { nodeNameOf } from '../auth/user.ts'
import type { AdmissionRequest } from '../registry/types.ts'
import { isAbout, refuse, type Plugin } from './plugin.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

// plugin/pkg/admission/noderestriction/admission.go Plugin.Admit
/** A kubelet changes its own Node, the Pods bound to it, and nothing else. */
export function nodeRestriction(lookup: Lookup): Plugin {
  return {
    async validate(request) {
      const node = nodeNameOf(request.user)
      if (node === undefined) return
      const { kind } = request
      const problem = isAbout(kind, '', 'pods')
        ? (podProblem(request, node, await bound(lookup, request)) ?? (await ownerProblem(request, node, lookup)))
        : isAbout(kind, '', 'nodes')
          ? nodeProblem(request, node)
          : isAbout(kind, '', 'serviceaccounts') && request.subresource === 'token'
            ? await tokenProblem(request, node, lookup)
            : isAbout(kind, 'resource.k8s.io', 'resourceslices')
              ? await sliceProblem(request, node, lookup)
              : undefined
      if (problem !== undefined) throw refuse(request, problem)
    },
  }
}

/** The stored Pod that the request is about, where the request does not carry it. */
async function bound(lookup: Lookup, { old, operation, name, namespace }: AdmissionRequest): Promise<Pod | undefined> {
  if (old !== undefined) return old as Pod
  return operation === 'CREATE' && name === '' ? undefined : await lookup.get(pods, name, namespace)
}

/** What is wrong with a kubelet doing this to a Pod; undefined when nothing is. */
export function podProblem(
  { operation, subresource, name, object }: AdmissionRequest,
  node: string,
  stored: Pod | undefined,
): string | undefined {
  const who = `node ${quote(node)}`
  if (subresource === 'status' || subresource === 'eviction') {
    if (stored === undefined || stored.spec.nodeName === node) return undefined
    const what = subresource === 'status' ? 'update pod status' : 'evict pods'
    return `${who} can only ${what} for pods with spec.nodeName set to itself`
  }
  if (operation === 'DELETE') {
    if (stored === undefined || stored.spec.nodeName === node) return undefined
    return `${who} can only delete pods with spec.nodeName set to itself`
  }
  if (operation !== 'CREATE' || subresource !== '')
    return `unexpected operation ${operation}, ${who} cannot update pod ${name}`
  const pod = object as Pod
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
  const resource = apiReference(pod)
  return resource === undefined ? undefined : `${who} can not create pods that reference ${quote(resource)}`
}

/** What is wrong with the owner that a kubelet gives a mirror Pod: it is the Node of that name, and this very one. */
async function ownerProblem(
  { operation, subresource, object }: AdmissionRequest,
  node: string,
  lookup: Lookup,
): Promise<string | undefined> {
  if (operation !== 'CREATE' || subresource !== '') return undefined
  const given = (object as Pod).metadata.ownerReferences?.[0]?.uid ?? ''
  const own = await lookup.get(nodes, node)
  if (own === undefined) throw notFound({ group: '', plural: 'nodes' }, node)
  const { uid = '' } = own.metadata
  return given === uid ? undefined : `node ${node} UID mismatch: expected ${given} got ${uid}`
}

const allowedPrefixes = ['kubelet.kubernetes.io/', 'node.kubernetes.io/']

/** What is wrong with a kubelet doing this to a Node; undefined when nothing is. */
export function nodeProblem(request: AdmissionRequest, node: string): string | undefined {
  const { operation, name, object, old, subresource } = request
  const who = `node ${quote(node)}`
  const about = name !== '' ? name : object?.metadata.name
  if (about !== node) {
    return `${who} is not allowed to modify node ${quote(about ?? '')}`
  }
  if (operation === 'DELETE') return `${who} is not allowed to delete node ${quote(node)}`
  const before = old as Node | undefined
  const after = object as Node
  const labels = restrictedLabels(after).filter(
    (key) => after.metadata.labels?.[key] !== before?.metadata.labels?.[key],
  )
  if (labels.length > 0) return `${who} is not allowed to set the following labels: ${labels.join(', ')}`
  if (before !== undefined && subresource === '' && !deepEqual(before.spec?.taints, after.spec?.taints)) {
    return `${who} is not allowed to modify taints`
  }
  return undefined
}

function restrictedLabels({ metadata: { labels } }: Node): string[] {
  return Object.keys(labels ?? {}).filter((key) => {
    const prefix = key.includes('/') ? (key.split('/')[0] ?? '') : ''
    if (prefix === 'node-restriction.kubernetes.io' || prefix.endsWith('.node-restriction.kubernetes.io')) return true
    if (!/(^|\.)(kubernetes|k8s)\.io$/.test(prefix)) return false
    return !knownLabels.has(key) && !allowedPrefixes.some((allowed) => `${prefix}/`.endsWith(allowed))
  })
}

// pkg/kubelet/apis/well_known_labels.go
const knownLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
])

/** What is wrong with a kubelet, or a driver in its name, doing this to what nodes offer of devices. */
// admitResourceSlice; an update by the name of another's slice is refused by upstream's authorizer
async function sliceProblem(
  { operation, object, old, name }: AdmissionRequest,
  node: string,
  lookup: Lookup,
): Promise<string | undefined> {
  const about = operation === 'CREATE' ? object : (old ?? (await lookup.get(resourceSlices, name)))
  if (about === undefined || (about as ResourceSlice).spec.nodeName === node) return undefined
  return `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`
}

async function tokenProblem(
  { object, namespace }: AdmissionRequest,
  node: string,
  lookup: Lookup,
): Promise<string | undefined> {
  const ref = (object as TokenRequest).spec.boundObjectRef as { kind?: string; name?: string; uid?: string } | undefined
  if (ref?.kind !== 'Pod' || !ref.name) return 'node requested token not bound to a pod'
  if (!ref.uid) return 'node requested token with a pod binding without a uid'
  const pod = await lookup.get(pods, ref.name, namespace)
  if (pod === undefined) return `pod ${quote(ref.name)} not found`
  if (pod.metadata.uid !== ref.uid) {
    return `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`
  }
  return pod.spec.nodeName === node ? undefined : 'node requested token bound to a pod scheduled on a different node'
}
