import { persistentVolumes, pods, resourceSlices, volumeAttachments } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { ResourceSlice } from '@kubets/shared/api/types/resource-v1.ts'
import type { VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { CachedKind, Registry } from '../registry/types.ts'
import type { Attributes, Authorizer, Decision } from './attributes.ts'
import { noOpinion } from './attributes.ts'
import { bootstrapClusterRoles } from './bootstrap-roles.ts'
import { kindOfRef } from './lookup.ts'
import { NodeGraph, type Referred } from './node-graph.ts'
import { ruleAllows } from './rbac-rules.ts'
import { nodeNameOf } from './user.ts'

/** What an object may have to do with a node by what it says itself, or by who refers to it. */
type Related = Referred | 'persistentvolumes' | 'pods' | 'resourceslices' | 'volumeattachments'

interface Question extends Attributes {
  node: string
  /** Whether the object of that name has to do with the node. */
  related(type: Related): boolean
}

const allow: Decision = { verdict: 'allow', reason: '' }
const no = (reason: string): Decision => ({ verdict: 'none', reason })
const nodeRules = bootstrapClusterRoles.find((role) => role.name === 'system:node')?.rules ?? []

/**
 * What a kubelet needs: its own Node, Lease, CSINode, Pods and ResourceSlices, of the objects that Pods use those that Pods
 * bound to it use, and of all else the rules of system:node. What others see by a watch of this apiserver is known here;
 * what only another one has yet is refused, and a kubelet asks again.
 */
// plugin/pkg/auth/authorizer/node/node_authorizer.go NodeAuthorizer.Authorize
export function createNodeAuthorizer(registry: Registry): Authorizer {
  const graph = new NodeGraph()
  const podCache = registry.cached(kindOfRef(pods))
  const volumeCache = registry.cached(kindOfRef(persistentVolumes))
  podCache.follow(graph.pods as Parameters<CachedKind['follow']>[0])
  volumeCache.follow(graph.volumes as Parameters<CachedKind['follow']>[0])
  const slices = registry.cached(kindOfRef(resourceSlices))
  const attachments = registry.cached(kindOfRef(volumeAttachments))

  // hasPathFrom
  const related = (node: string, type: Related, namespace: string, name: string): boolean => {
    switch (type) {
      case 'pods':
        return (podCache.get(`${namespace}/${name}`) as Pod | undefined)?.spec.nodeName === node
      case 'persistentvolumes': {
        const claim = (volumeCache.get(name) as PersistentVolume | undefined)?.spec.claimRef
        if (!claim) return false
        return graph.reaches(node, 'persistentvolumeclaims', claim.namespace ?? '', claim.name ?? '')
      }
      case 'resourceslices':
        return (slices.get(name) as ResourceSlice | undefined)?.spec.nodeName === node
      case 'volumeattachments':
        return (attachments.get(name) as VolumeAttachment | undefined)?.spec.nodeName === node
      default:
        return graph.reaches(node, type, namespace, name)
    }
  }

  return {
    authorize(attributes) {
      const node = nodeNameOf(attributes.user)
      if (node === undefined) return noOpinion
      if (node === '') return no(`unknown node for user ${quote(attributes.user.name)}`)
      const rule = attributes.isResourceRequest && byResource[`${attributes.apiGroup}/${attributes.resource}`]
      if (!rule) return nodeRules.some((one) => ruleAllows(one, attributes)) ? allow : noOpinion
      const { namespace, name } = attributes
      return rule({ ...attributes, node, related: (type) => related(node, type, namespace, name) })
    },
  }
}

const byResource: Readonly<Record<string, (question: Question) => Decision>> = {
  '/secrets': (question) => readNamespaced(question, 'secrets'),
  '/configmaps': (question) => readNamespaced(question, 'configmaps'),
  '/persistentvolumeclaims': (question) =>
    question.subresource === 'status' ? updateStatus(question) : get(question, 'persistentvolumeclaims'),
  '/persistentvolumes': (question) => get(question, 'persistentvolumes'),
  'resource.k8s.io/resourceclaims': (question) => get(question, 'resourceclaims'),
  'storage.k8s.io/volumeattachments': (question) => get(question, 'volumeattachments'),
  '/serviceaccounts': serviceAccount,
  'coordination.k8s.io/leases': lease,
  'storage.k8s.io/csinodes': csiNode,
  'resource.k8s.io/resourceslices': resourceSlice,
  '/nodes': ownNode,
  '/pods': ownPods,
}

// authorize
function ofNode(question: Question, type: Related): Decision {
  if (question.name === '') return no('No Object name found')
  return question.related(type) ? allow : unrelated(question.node)
}

const unrelated = (node: string): Decision => no(`no relationship found between node '${node}' and this object`)

// authorizeStatusUpdate
function updateStatus(question: Question): Decision {
  if (!['update', 'patch'].includes(question.verb)) return no('can only get/update/patch this type')
  return ofNode(question, 'persistentvolumeclaims')
}

// authorizeGet
function get(question: Question, type: Related): Decision {
  if (question.verb !== 'get') return no('can only get individual resources of this type')
  return question.subresource === '' ? ofNode(question, type) : no('cannot get subresource')
}

// authorizeReadNamespacedObject: a list or watch has a name where a field selector asks for one alone
function readNamespaced(question: Question, type: Related): Decision {
  if (!['get', 'list', 'watch'].includes(question.verb)) return no('can only read resources of this type')
  if (question.subresource !== '') return no('cannot read subresource')
  if (question.namespace === '') return no('can only read namespaced object of this type')
  return ofNode(question, type)
}

// authorizeServiceAccount, authorizeCreateToken: credential providers of images are told of who runs a Pod
function serviceAccount(question: Question): Decision {
  const { verb, subresource, name, node } = question
  if (verb === 'get' && subresource === '') return readNamespaced(question, 'serviceaccounts')
  if (verb !== 'create' || name === '') return no('can only create tokens for individual service accounts')
  if (subresource !== 'token') return no('can only create token subresource of serviceaccount')
  return question.related('serviceaccounts') ? allow : unrelated(node)
}

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete']

// authorizeLease; the name of what is created is looked at by NodeRestriction, here and below
function lease({ verb, namespace, name, node }: Question): Decision {
  if (!ownVerbs.includes(verb)) return no('can only get, create, update, patch, or delete a node lease')
  if (namespace !== 'kube-node-lease') return no('can only access leases in the "kube-node-lease" system namespace')
  if (verb === 'create' || name === node) return allow
  return no('can only access node lease with the same name as the requesting node')
}

// authorizeCSINode
function csiNode({ verb, subresource, name, node }: Question): Decision {
  if (!ownVerbs.includes(verb)) return no('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== '') return no('cannot authorize CSINode subresources')
  if (verb === 'create' || name === node) return allow
  return no('can only access CSINode with the same name as the requesting node')
}

// authorizeResourceSlice
function resourceSlice(question: Question): Decision {
  if (question.subresource !== '') return no('cannot authorize ResourceSlice subresources')
  switch (question.verb) {
    case 'create':
      return allow
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return ofNode(question, 'resourceslices')
    case 'watch':
    case 'list':
    case 'deletecollection':
      if (selectsOwn(question)) return allow
      return no('can only list/watch/deletecollection resourceslices with nodeName field selector')
    default:
      return no(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      )
  }
}

// authorizeNode: by its name, as a kubelet asks for its Node before there is one
function ownNode({ verb, subresource, name, node }: Question): Decision {
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? allow : noOpinion
  if (subresource !== '') return noOpinion
  if (['create', 'update', 'patch'].includes(verb)) return allow
  if (!['get', 'list', 'watch'].includes(verb)) return noOpinion
  if (name === node) return allow
  if (name === '') return no(`node '${node}' cannot read all nodes, only its own Node object`)
  return no(`node '${node}' cannot read '${name}', only its own Node object`)
}

// authorizePod; which Pods it may create, delete and evict is looked at by NodeRestriction
function ownPods(question: Question): Decision {
  const { verb, subresource, name } = question
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? allow : noOpinion
  if (subresource === 'eviction') return verb === 'create' ? allow : noOpinion
  if (subresource !== '') return noOpinion
  if (verb === 'create' || verb === 'delete') return allow
  if (verb === 'get') return get(question, 'pods')
  if (verb !== 'list' && verb !== 'watch') return noOpinion
  if (selectsOwn(question)) return allow
  return name === '' ? no('can only list/watch pods with spec.nodeName field selector') : ofNode(question, 'pods')
}

const selectsOwn = ({ fieldSelector = [], node }: Question): boolean =>
  fieldSelector.some(({ field, op, value }) => field === 'spec.nodeName' && op === '=' && value === node)
