import { describe, expect, it } from 'vitest'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import type { Registry } from '../registry/types.ts'
import type { Attributes } from './attributes.ts'
import { createNodeAuthorizer } from './node-authorizer.ts'

const pod = {
  metadata: { name: 'p', namespace: 'x' },
  spec: { nodeName: 'a', serviceAccountName: 'sa', containers: [] },
}
const using = {
  ...pod,
  metadata: { name: 'using', namespace: 'x' },
  spec: {
    ...pod.spec,
    imagePullSecrets: [{ name: 'n' }],
    resourceClaims: [{ name: 'r', resourceClaimName: 'n' }],
    volumes: [
      { name: 'c', configMap: { name: 'n' } },
      { name: 'd', persistentVolumeClaim: { claimName: 'n' } },
    ],
  },
}
const stored: Record<string, object[]> = {
  pods: [pod, using],
  persistentvolumes: [
    { metadata: { name: 'pv' }, spec: { claimRef: { namespace: 'x', name: 'n' } } },
    { metadata: { name: 'other' }, spec: { claimRef: { namespace: 'x', name: 'o' } } },
    { metadata: { name: 'free' }, spec: {} },
  ],
  volumeattachments: [{ metadata: { name: 'va' }, spec: { nodeName: 'a' } }],
  resourceslices: [
    { metadata: { name: 'slice' }, spec: { nodeName: 'a' } },
    { metadata: { name: 'all' }, spec: { allNodes: true } },
  ],
}
const registry = {
  cached: ({ plural }: Kind) => ({
    follow: ({ replaced }: { replaced(objects: Iterable<object>): void }) => replaced(stored[plural] ?? []),
    get: (key: string) =>
      (stored[plural] as KubeObject[]).find(
        ({ metadata: { namespace, name = '' } }) =>
          [namespace, name].filter((part) => part !== undefined).join('/') === key,
      ),
  }),
} as unknown as Registry

const none = 'no opinion'
const unrelated = "no relationship found between node 'a' and this object"
const notVerb = 'can only get individual resources of this type'

/** "verb group/resource[/subresource] namespace/name [field=value]" */
function ask(text: string, user = 'system:node:a', groups = ['system:nodes']): string {
  const [verb = '', what = '', where = '', selector = ''] = text.split(' ')
  const [apiGroup = '', resource = '', subresource = ''] = what.split('/')
  const [namespace = '', name = ''] = where.split('/')
  const [field = '', value = ''] = selector.split('=')
  const attributes: Attributes = {
    user: { name: user, groups },
    verb,
    isResourceRequest: true,
    apiGroup,
    resource,
    subresource,
    namespace,
    name,
    path: '',
    ...(selector === '' ? {} : { fieldSelector: [{ field, op: '=', value }] }),
  }
  const { verdict, reason } = createNodeAuthorizer(registry).authorize(attributes)
  return verdict === 'allow' ? 'allow' : reason || none
}

describe('a kubelet', () => {
  it.each([
    ['get /secrets x/n', 'allow'],
    ['list /secrets x/n', 'allow'],
    ['watch /secrets x/n', 'allow'],
    ['get /secrets x/o', unrelated],
    ['get /secrets y/n', unrelated],
    ['list /secrets x/', 'No Object name found'],
    ['list /secrets', 'can only read namespaced object of this type'],
    ['update /secrets x/n', 'can only read resources of this type'],
    ['get /secrets/scale x/n', 'cannot read subresource'],
    ['get /configmaps x/n', 'allow'],
    ['watch /configmaps x/o', unrelated],
    ['get /persistentvolumeclaims x/n', 'allow'],
    ['get /persistentvolumeclaims x/o', unrelated],
    ['list /persistentvolumeclaims x/n', notVerb],
    ['patch /persistentvolumeclaims x/n', notVerb],
    ['patch /persistentvolumeclaims/status x/n', 'allow'],
    ['update /persistentvolumeclaims/status x/o', unrelated],
    ['get /persistentvolumeclaims/status x/n', 'can only get/update/patch this type'],
    ['get /persistentvolumes /pv', 'allow'],
    ['get /persistentvolumes /other', unrelated],
    ['get /persistentvolumes /free', unrelated],
    ['get /persistentvolumes /nobody', unrelated],
    ['list /persistentvolumes', notVerb],
    ['get /persistentvolumes/status /pv', 'cannot get subresource'],
    ['get resource.k8s.io/resourceclaims x/n', 'allow'],
    ['get resource.k8s.io/resourceclaims x/o', unrelated],
    ['get storage.k8s.io/volumeattachments /va', 'allow'],
    ['get storage.k8s.io/volumeattachments /other', unrelated],
    ['get /serviceaccounts x/sa', 'allow'],
    ['get /serviceaccounts x/other', unrelated],
    ['create /serviceaccounts/token x/sa', 'allow'],
    ['create /serviceaccounts/token x/other', unrelated],
    ['create /serviceaccounts x/sa', 'can only create token subresource of serviceaccount'],
    ['create /serviceaccounts x/', 'can only create tokens for individual service accounts'],
    ['list /serviceaccounts x/', 'can only create tokens for individual service accounts'],
    ['update coordination.k8s.io/leases kube-node-lease/a', 'allow'],
    ['create coordination.k8s.io/leases kube-node-lease/', 'allow'],
    ['list coordination.k8s.io/leases kube-node-lease/', 'can only get, create, update, patch, or delete a node lease'],
    ['get coordination.k8s.io/leases x/a', 'can only access leases in the "kube-node-lease" system namespace'],
    [
      'get coordination.k8s.io/leases kube-node-lease/b',
      'can only access node lease with the same name as the requesting node',
    ],
    ['get storage.k8s.io/csinodes /a', 'allow'],
    ['create storage.k8s.io/csinodes', 'allow'],
    ['get storage.k8s.io/csinodes /b', 'can only access CSINode with the same name as the requesting node'],
    ['list storage.k8s.io/csinodes', 'can only get, create, update, patch, or delete a CSINode'],
    ['get storage.k8s.io/csinodes/status /a', 'cannot authorize CSINode subresources'],
    ['create resource.k8s.io/resourceslices', 'allow'],
    ['update resource.k8s.io/resourceslices /slice', 'allow'],
    ['get resource.k8s.io/resourceslices /all', unrelated],
    ['watch resource.k8s.io/resourceslices / spec.nodeName=a', 'allow'],
    ['deletecollection resource.k8s.io/resourceslices / spec.nodeName=a', 'allow'],
    [
      'list resource.k8s.io/resourceslices / spec.nodeName=b',
      'can only list/watch/deletecollection resourceslices with nodeName field selector',
    ],
    ['get resource.k8s.io/resourceslices/status /slice', 'cannot authorize ResourceSlice subresources'],
    [
      'proxy resource.k8s.io/resourceslices /slice',
      'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
    ],
    ['get /nodes /a', 'allow'],
    ['watch /nodes /a', 'allow'],
    ['list /nodes', "node 'a' cannot read all nodes, only its own Node object"],
    ['get /nodes /b', "node 'a' cannot read 'b', only its own Node object"],
    ['create /nodes', 'allow'],
    ['patch /nodes/status /a', 'allow'],
    ['delete /nodes /a', none],
    ['get /nodes/proxy /a', none],
    ['get /pods x/p', 'allow'],
    ['get /pods x/other', unrelated],
    ['watch /pods x/p', 'allow'],
    ['list /pods / spec.nodeName=a', 'allow'],
    ['list /pods / spec.nodeName=b', 'can only list/watch pods with spec.nodeName field selector'],
    ['list /pods', 'can only list/watch pods with spec.nodeName field selector'],
    ['create /pods x/', 'allow'],
    ['delete /pods x/p', 'allow'],
    ['deletecollection /pods x/', none],
    ['update /pods x/p', none],
    ['patch /pods/status x/p', 'allow'],
    ['get /pods/status x/p', none],
    ['create /pods/eviction x/p', 'allow'],
    ['create /pods/exec x/p', none],
    ['create /events x/', 'allow'],
    ['watch /services', 'allow'],
    ['list storage.k8s.io/csidrivers', 'allow'],
    ['get node.k8s.io/runtimeclasses /n', 'allow'],
    ['create certificates.k8s.io/certificatesigningrequests', 'allow'],
    ['list apps/deployments', none],
  ])('%s: %s', (text, expected) => {
    expect(ask(text)).toBe(expected)
  })

  it('may ask for no path', () => {
    const user = { name: 'system:node:a', groups: ['system:nodes'] }
    const rest = { apiGroup: '', resource: 'secrets', subresource: '', namespace: '', name: '' }
    const attributes = { user, verb: 'get', isResourceRequest: false, ...rest, path: '/metrics' }
    expect(createNodeAuthorizer(registry).authorize(attributes).verdict).toBe('none')
  })

  it('has a name, and others are not spoken of', () => {
    expect(ask('get /nodes /a', 'system:node:')).toBe('unknown node for user "system:node:"')
    expect(ask('get /nodes /a', 'system:node:a', [])).toBe(none)
    expect(ask('get /nodes /a', 'a')).toBe(none)
  })
})
