import { describe, expect, it } from 'vitest'
import { kinds } from '@kubets/shared/api/kinds/index.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { Attributes } from '../../auth/attributes.ts'
import type { Lookup } from '../../auth/lookup.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import { nodeRestriction } from './plugin.ts'

const object = (value: object): KubeObject => value as KubeObject
const pod = (nodeName: string, rest: { metadata?: object; status?: object; spec?: object } = {}) =>
  object({
    metadata: { name: 'p', namespace: 'x', uid: 'p1', ...rest.metadata },
    spec: { nodeName, containers: [], ...rest.spec },
    ...(rest.status && { status: rest.status }),
  })

interface Given {
  stored?: Record<string, object>
  mayAsk?(attributes: Attributes): boolean
  user?: string
}

/** Why the plugin refuses; '' when it does not. `what` is "OPERATION Kind[/subresource] name". */
async function problem(what: string, request: Partial<AdmissionRequest>, given: Given = {}): Promise<string> {
  const [operation = '', about = '', name = ''] = what.split(' ')
  const [kindName = '', subresource = ''] = about.split('/')
  const kind = kinds.find((one) => one.kind === kindName)
  if (!kind) throw new Error(`no ${kindName}`)
  const lookup = {
    get: ({ plural }: ResourceRef, of: string) => Promise.resolve(given.stored?.[`${plural} ${of}`]),
  } as unknown as Lookup
  const verdict = (attributes: Attributes) => (given.mayAsk?.(attributes) ? ('allow' as const) : ('none' as const))
  const plugin = nodeRestriction(lookup, {
    authorize: (attributes) => ({ verdict: verdict(attributes), reason: '' }),
  })
  const full: AdmissionRequest = {
    operation: operation as AdmissionRequest['operation'],
    kind,
    namespace: 'x',
    name,
    subresource,
    dryRun: false,
    user: { name: given.user ?? 'system:node:a', groups: ['system:nodes'] },
    warn: () => undefined,
    annotate: () => undefined,
    signal: new AbortController().signal,
    ...request,
  }
  try {
    await plugin.mutate?.(full, undefined as never)
    await plugin.validate?.(full)
    return ''
  } catch (error) {
    return (error as Error).message.replace(/^.* is forbidden: /, '')
  }
}

describe('a kubelet and Pods', () => {
  const mine = pod('a')
  const others = pod('b')
  const claims = (name: string) => ({ status: { resourceClaimStatuses: [{ name: 'r', resourceClaimName: name }] } })
  const extended = (name: string) => ({
    status: { extendedResourceClaimStatus: { resourceClaimName: name, requestMappings: [] } },
  })
  it.each<[string, Partial<AdmissionRequest>, string]>([
    ['DELETE Pod p', { old: mine }, ''],
    ['DELETE Pod p', { old: others }, 'node "a" can only delete pods with spec.nodeName set to itself'],
    ['DELETE Pod p', {}, 'pods "p" not found'],
    [
      'UPDATE Pod p',
      { old: mine, object: mine },
      'unexpected operation "UPDATE", node "a" can only create and delete mirror pods',
    ],
    ['UPDATE Pod/status p', { old: mine, object: pod('a', { status: { phase: 'Running' } }) }, ''],
    [
      'UPDATE Pod/status p',
      { old: others, object: others },
      'node "a" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'UPDATE Pod/status p',
      { old: mine, object: pod('a', { metadata: { labels: { app: 'x' } } }) },
      'node "a" cannot update labels through pod status',
    ],
    ['UPDATE Pod/status p', { old: pod('a', claims('c')), object: pod('a', claims('c')) }, ''],
    [
      'UPDATE Pod/status p',
      { old: pod('a', claims('c')), object: pod('a', claims('d')) },
      'node "a" cannot update resource claim statues',
    ],
    [
      'UPDATE Pod/status p',
      { old: mine, object: pod('a', extended('d')) },
      'node "a" cannot update extended resource claim status',
    ],
    ['CREATE Pod/status p', { object: mine }, 'unexpected operation "CREATE"'],
    [
      'UPDATE Pod/resize p',
      { old: mine, object: mine },
      "unexpected pod subresource \"resize\", only 'status' and 'eviction' are allowed",
    ],
    ['CREATE Pod/eviction p', {}, 'pods "p" not found'],
    ['CREATE Pod/eviction', {}, 'could not determine pod from request data'],
  ])('%s %#', async (what, request, expected) => {
    expect(await problem(what, request)).toBe(expected)
  })

  it('evicts those bound to its node', async () => {
    expect(await problem('CREATE Pod/eviction p', {}, { stored: { 'pods p': mine } })).toBe('')
    expect(await problem('CREATE Pod/eviction p', {}, { stored: { 'pods p': others } })).toBe(
      'node a can only evict pods with spec.nodeName set to itself',
    )
  })
})

describe('a kubelet and Nodes', () => {
  const node = (labels: object = {}, rest: { metadata?: object; spec?: object } = {}) =>
    object({ metadata: { name: 'a', labels, ...rest.metadata }, spec: rest.spec ?? {} })
  const set = 'node "a" is not allowed to set the following labels: '
  const modify = 'is not allowed to modify labels: '
  it.each<[string, Partial<AdmissionRequest>, string]>([
    ['CREATE Node a', { object: node({ 'kubernetes.io/hostname': 'a', 'x/y': '' }) }, ''],
    ['CREATE Node a', { object: node({ 'node.kubernetes.io/z': '', 'a.kubelet.kubernetes.io/z': '' }) }, ''],
    ['CREATE Node a', { object: node({ 'xnode.kubernetes.io/z': '' }) }, `${set}xnode.kubernetes.io/z`],
    [
      'CREATE Node a',
      { object: node({ 'x.kubernetes.io/z': '', 'k8s.io/a': '' }) },
      `${set}k8s.io/a, x.kubernetes.io/z`,
    ],
    [
      'CREATE Node a',
      { object: node({ 'node-restriction.kubernetes.io/z': '' }) },
      `${set}node-restriction.kubernetes.io/z`,
    ],
    ['CREATE Node b', { object: node() }, 'node "a" is not allowed to modify node "b"'],
    ['UPDATE Node b', { old: node(), object: node() }, 'node "a" is not allowed to modify node "b"'],
    ['UPDATE Node a', { old: node({ 'k8s.io/a': '' }), object: node({ 'k8s.io/a': '' }) }, ''],
    ['UPDATE Node a', { old: node({ 'k8s.io/a': '' }), object: node() }, `${modify}k8s.io/a`],
    ['UPDATE Node/status a', { old: node(), object: node({ 'k8s.io/a': '' }) }, `${modify}k8s.io/a`],
    [
      'UPDATE Node a',
      { old: node(), object: node({}, { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }) },
      'node "a" is not allowed to modify taints',
    ],
    [
      'UPDATE Node a',
      { old: node(), object: node({}, { metadata: { ownerReferences: [{ uid: '1' }] } }) },
      'node "a" is not allowed to modify ownerReferences',
    ],
  ])('%s %#', async (what, request, expected) => {
    expect(await problem(what, request)).toBe(expected)
  })
})

describe('a kubelet and tokens', () => {
  const ref = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p1' }
  const token = (audiences: string[] | null = null, boundObjectRef: object | undefined = ref) =>
    object({ metadata: { name: 'sa' }, spec: { audiences, boundObjectRef } })
  const mounts = (...audiences: (string | undefined)[]) => ({
    name: 't',
    projected: { sources: audiences.map((audience) => ({ serviceAccountToken: { path: 't', audience } })) },
  })
  const withVolumes = (...volumes: object[]) => pod('a', { spec: { volumes } })
  const stored = {
    'csidrivers d': { spec: { tokenRequests: [{ audience: 'store' }] } },
    'persistentvolumeclaims c': { spec: { volumeName: 'pv' } },
    'persistentvolumeclaims p-e': { spec: { volumeName: 'pv' } },
    'persistentvolumes pv': { spec: { csi: { driver: 'd' } } },
  }
  const refused = (audience: string) =>
    `audience ${JSON.stringify(audience)} not found in pod spec volume, system:node:a is not authorized to request tokens for this audience`
  it.each<[string, KubeObject, KubeObject | undefined, string]>([
    ['the default', token(), withVolumes(mounts(undefined)), ''],
    ['the default', token([]), withVolumes(mounts('vault')), refused('')],
    ['an audience', token(['vault']), withVolumes(mounts(undefined, 'vault')), ''],
    ['an audience', token(['other']), withVolumes(mounts('vault')), refused('other')],
    ['two', token(['vault', 'other']), withVolumes(mounts('vault', 'other')), 'node may only request 0 or 1 audiences'],
    ['that of a driver', token(['store']), withVolumes({ name: 'v', csi: { driver: 'd' } }), ''],
    ['that of another', token(['store']), withVolumes({ name: 'v', csi: { driver: 'o' } }), refused('store')],
    ['of a claim', token(['store']), withVolumes({ name: 'v', persistentVolumeClaim: { claimName: 'c' } }), ''],
    ['of an ephemeral claim', token(['store']), withVolumes({ name: 'e', ephemeral: {} }), ''],
    ['for nobody', token([], {}), pod('a'), 'node requested token not bound to a pod'],
    ['of v2', token([], { ...ref, apiVersion: 'v2' }), pod('a'), 'node requested token not bound to a pod'],
    [
      'for any of a name',
      token([], { ...ref, uid: undefined }),
      pod('a'),
      'node requested token with a pod binding without a uid',
    ],
    [
      'for one that is gone',
      token([], { ...ref, uid: 'p0' }),
      pod('a'),
      'the UID in the bound object reference (p0) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    ['for one elsewhere', token(), pod('b'), 'node requested token bound to a pod scheduled on a different node'],
    ['for none', token(), undefined, 'pods "p" not found'],
  ])('%s %#', async (_, request, of, expected) => {
    const all = of === undefined ? stored : { ...stored, 'pods p': of }
    expect(await problem('CREATE ServiceAccount/token sa', { object: request }, { stored: all })).toBe(expected)
  })

  it('of an audience that it was let ask for', async () => {
    const asked: Attributes[] = []
    const mayAsk = (attributes: Attributes) => asked.push(attributes) > 0
    const given = { stored: { 'pods p': pod('a') }, mayAsk }
    expect(await problem('CREATE ServiceAccount/token sa', { object: token(['registry']) }, given)).toBe('')
    const verb = 'request-serviceaccounts-token-audience'
    expect(asked).toMatchObject([{ verb, apiGroup: '', resource: 'registry', namespace: 'x', name: 'sa' }])
  })
})

// openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj /O=system:nodes/CN=system:node:a
const requests: Record<string, string> = {
  'system:node:a':
    'MIHrMIGRAgEAMC8xFTATBgNVBAoMDHN5c3RlbTpub2RlczEWMBQGA1UEAwwNc3lzdGVtOm5vZGU6YTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAUuicF3zyABb74vBqFWA86FIP3sxKG2/9Twa9HJcWrDcgDZxeslIm5KUvn6aedGsRfc1l2wYmAGiuicUpGIx9egADAKBggqhkjOPQQDAgNJADBGAiEAlYVBJPRTT2plCBw2ZKbpDWUqSRrY2xqQkqXqLlweafoCIQDg50UGejibHXpm33FepwnoS+QYCyw5JnVsAwFFH1mh/Q==',
  'system:node:b':
    'MIHpMIGRAgEAMC8xFTATBgNVBAoMDHN5c3RlbTpub2RlczEWMBQGA1UEAwwNc3lzdGVtOm5vZGU6YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLG4lDJaaStbG6zSs7EkwtAGd7yL6U8dAY+cjcpwEVP+oGsXSGgNSGV1XMOZ7dDsbGanDE3tJycCL2aSdkaKmeqgADAKBggqhkjOPQQDAgNHADBEAiBdsnMGvBKxwNrbuUotz7JT6sEUo2aCLpsxs+r5ld/67AIgYjs7gvxzlTfKm5dnk5wU/Ulmyt7O6fEBnmFNVJ6KZNw=',
}

describe('a kubelet and all else', () => {
  const claim = (status: object, metadata: object = {}) =>
    object({ metadata: { name: 'c', resourceVersion: '1', ...metadata }, spec: {}, status })
  const named = (name: string) => ({ object: object({ metadata: { name } }) })
  const slice = (nodeName: string | undefined) => object({ metadata: { name: 's' }, spec: { driver: 'd', nodeName } })
  const changed = 'node "a" is not allowed to update fields other than status.quantity and status.conditions'
  const lease = 'can only access node lease with the same name as the requesting node'
  const csiNode = 'can only access CSINode with the same name as the requesting node'
  const ofSlice = (verb: string) => `can only ${verb} ResourceSlice with the same NodeName as the requesting node`
  const resized = {
    capacity: { storage: '2Gi' },
    conditions: [],
    allocatedResourceStatuses: {},
    allocatedResources: {},
  }
  it.each<[string, Partial<AdmissionRequest>, string]>([
    [
      'UPDATE PersistentVolumeClaim/status c',
      { old: claim({ phase: 'Bound' }), object: claim({ phase: 'Bound', ...resized }, { resourceVersion: '2' }) },
      '',
    ],
    [
      'UPDATE PersistentVolumeClaim/status c',
      { old: claim({ phase: 'Bound' }), object: claim({ phase: 'Lost' }) },
      changed,
    ],
    ['UPDATE PersistentVolumeClaim/status c', { old: claim({}), object: claim({}, { labels: { a: 'b' } }) }, changed],
    ['UPDATE PersistentVolumeClaim c', { old: claim({}), object: claim({}) }, 'may only update PVC status'],
    ['CREATE Lease a', { ...named('a'), namespace: 'kube-node-lease' }, ''],
    ['CREATE Lease b', { ...named('b'), namespace: 'kube-node-lease' }, lease],
    ['CREATE Lease a', named('a'), 'can only access leases in the "kube-node-lease" system namespace'],
    ['CREATE CSINode a', named('a'), ''],
    ['CREATE CSINode b', named('b'), csiNode],
    ['DELETE CSINode b', {}, csiNode],
    ['CREATE ResourceSlice s', { object: slice('a') }, ''],
    ['CREATE ResourceSlice s', { object: slice('b') }, ofSlice('create')],
    ['CREATE ResourceSlice s', { object: slice(undefined) }, ofSlice('create')],
    ['DELETE ResourceSlice s', { old: slice('a') }, ''],
    ['DELETE ResourceSlice s', { old: slice('b') }, ofSlice('delete')],
    ['CREATE ConfigMap c', named('c'), ''],
  ])('%s %#', async (what, request, expected) => {
    expect(await problem(what, request)).toBe(expected)
  })

  it('asks for certificates in its own name', async () => {
    const ask = (commonName: string, signerName: string) => {
      const label = 'CERTIFICATE REQUEST'
      const pem = `-----BEGIN ${label}-----\n${requests[commonName] ?? ''}\n-----END ${label}-----\n`
      const request = Buffer.from(pem).toString('base64')
      return problem('CREATE CertificateSigningRequest c', {
        object: object({ metadata: { name: 'c' }, spec: { signerName, request } }),
      })
    }
    const why = 'can only create a node CSR with CN=system:node:a'
    expect(await ask('system:node:a', 'kubernetes.io/kubelet-serving')).toBe('')
    expect(await ask('system:node:b', 'kubernetes.io/kubelet-serving')).toBe(why)
    expect(await ask('system:node:b', 'kubernetes.io/kube-apiserver-client-kubelet')).toBe(why)
    expect(await ask('nobody', 'kubernetes.io/kubelet-serving')).toMatch(/^unable to parse csr: /)
    expect(await ask('nobody', 'example.com/own')).toBe('')
  })

  it('must have a name', async () => {
    const why = 'could not determine node from user "system:node:"'
    expect(await problem('CREATE ConfigMap c', named('c'), { user: 'system:node:' })).toBe(why)
  })
})
