import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type Reply, type TestServer } from '../test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  await make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
})
afterAll(() => server.stop())

async function make(path: string, body: object): Promise<Reply['json']> {
  const { code, json, text } = await server.call(path, { body })
  expect([code, text]).toEqual([201, text])
  return json
}

const podOf = (name: string, more: object = {}, resources: object = {}): object => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources }], ...more },
})
const pods = '/api/v1/namespaces/default/pods'

it('LimitRanger: a limit counts from the moment it is made', async () => {
  await make('/api/v1/namespaces', { metadata: { name: 'limited' } })
  await make('/api/v1/namespaces/limited/serviceaccounts', { metadata: { name: 'default' } })
  const limits = [{ type: 'Container', default: { cpu: '500m' }, max: { cpu: '1' } }]
  await make('/api/v1/namespaces/limited/limitranges', { metadata: { name: 'l' }, spec: { limits } })
  const path = '/api/v1/namespaces/limited/pods'
  expect(await make(path, podOf('a'))).toMatchObject({
    metadata: {
      annotations: { 'kubernetes.io/limit-ranger': expect.stringContaining('LimitRanger plugin set: ') as string },
    },
    spec: { containers: [{ resources: { limits: { cpu: '500m' }, requests: { cpu: '500m' } } }] },
  })
  const tooMuch = await server.call(path, { body: podOf('b', {}, { limits: { cpu: '2' } }) })
  expect(tooMuch.json).toMatchObject({
    code: 403,
    message: 'pods "b" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  })
})

it('RuntimeClass: what is not there is refused', async () => {
  const refused = await server.call(pods, { body: podOf('r', { runtimeClassName: 'none' }) })
  expect(refused.json).toMatchObject({
    code: 403,
    message: 'pods "r" is forbidden: pod rejected: RuntimeClass "none" not found',
  })
  const overhead = await server.call(pods, { body: podOf('r', { overhead: { cpu: '1' } }) })
  expect(overhead.json.message).toBe(
    'pods "r" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  )
})

it('PodTopologyLabels: a Pod gets the labels of its node', async () => {
  const labels = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r', other: 'x' }
  await make('/api/v1/nodes', { metadata: { name: 'n', labels } })
  await make(pods, podOf('t'))
  await make(`${pods}/t/binding`, { metadata: { name: 't' }, target: { kind: 'Node', name: 'n' } })
  const { json } = await server.call(`${pods}/t`)
  expect(json).toMatchObject({
    metadata: { labels: { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r' } },
  })
  expect(json.metadata?.['labels']).not.toHaveProperty('other')
})

it('DefaultStorageClass and PersistentVolumeClaimResize', async () => {
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await make('/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 's', annotations },
    provisioner: 'p.example/p',
  })
  const claims = '/api/v1/namespaces/default/persistentvolumeclaims'
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
  // the class is seen by the cache before long
  await expect
    .poll(async () => {
      const { json } = await server.call(`${claims}?dryRun=All`, { body: { metadata: { name: 'c' }, spec } })
      return (json as { spec?: { storageClassName?: string } }).spec?.storageClassName
    })
    .toBe('s')
  await make(claims, { metadata: { name: 'c' }, spec })
  const patch = (path: string, body: object): Promise<Reply> =>
    server.call(path, { method: 'PATCH', body, headers: { 'content-type': 'application/merge-patch+json' } })
  await patch(`${claims}/c/status`, { status: { phase: 'Bound' } })
  const grown = await patch(`${claims}/c`, { spec: { resources: { requests: { storage: '2Gi' } } } })
  expect(grown.json).toMatchObject({
    code: 403,
    message:
      'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  })
})

// requests for certificates of CN=me, O=system:masters and of CN=me, O=developers
const ofMasters =
  'MIHhMIGIAgEAMCYxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQswCQYDVQQDDAJtZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABP1HNm/vvCfhbXy8aAIguKdzlT5draOiWEkjJ2GWuvieA/yokCQ56gAxoyTqMvy7SsTzL5/+NjUGF9qsSr+qNO6gADAKBggqhkjOPQQDAgNIADBFAiEA3e3/+pzF4ohasDoF3RJ3nP06qPZa9utO8xDj5iSco6oCICFwdXloOWWoGY4/l674ySQM6qcHQocv8JQMjpBch7dS'
const ofDevelopers =
  'MIHeMIGEAgEAMCIxEzARBgNVBAoMCmRldmVsb3BlcnMxCzAJBgNVBAMMAm1lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE84tMtkfl0pyh3Ta9V50ipWzWF16fAKUHzPHIVr2JfRbB9TstWLpMUE2/PL9w7ZcDqiDN9Y/Se4wDAE8NCQtqs6AAMAoGCCqGSM49BAMCA0kAMEYCIQDWloW1CfLMLLPLoBTllzmKM4KJ1Q4rYDZvr15wPW+aMQIhAJvfBJ8bnmyXiYVdruXt5hGZasRlDbh205ItoWY8AiLY'
const csr = (der: string): string =>
  Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`).toString('base64')

it('certificates: approved and signed by whom may, and none for masters', async () => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
  const body = (request: string): object => ({
    metadata: { name: 'csr' },
    spec: { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  })
  const refused = await server.call(path, { body: body(csr(ofMasters)) })
  expect(refused.json.message).toBe(
    'certificatesigningrequests.certificates.k8s.io "csr" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
  )
  await make(path, body(csr(ofDevelopers)))

  const rules = [
    { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['*'] },
  ]
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await make(`${rbac}/clusterroles`, { metadata: { name: 'approver' }, rules })
  const subjects = [{ kind: 'User', name: 'approver', apiGroup: 'rbac.authorization.k8s.io' }]
  const roleRef = { kind: 'ClusterRole', name: 'approver', apiGroup: 'rbac.authorization.k8s.io' }
  await make(`${rbac}/clusterrolebindings`, { metadata: { name: 'approver' }, subjects, roleRef })
  const approve = async (as: TestServer['admin']): Promise<Reply> =>
    server.call(`${path}/csr/approval`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }] } },
      as,
    })
  const user = await server.identity('approver')
  await expect
    .poll(async () => (await approve(user)).json.message)
    .toContain('user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"')
  expect((await approve(server.admin)).code).toBe(200)
})

it('claims for the administration of devices are for namespaces that say so', async () => {
  await make('/api/v1/namespaces', { metadata: { name: 'plain' } })
  await make('/api/v1/namespaces', {
    metadata: { name: 'admin', labels: { 'resource.kubernetes.io/admin-access': 'true' } },
  })
  const devices = { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', adminAccess: true } }] }
  const claim = { metadata: { name: 'c' }, spec: { devices } }
  const template = { metadata: { name: 't' }, spec: { spec: { devices } } }
  const path = (namespace: string, plural: string): string =>
    `/apis/resource.k8s.io/v1/namespaces/${namespace}/${plural}`
  const detail =
    'spec.devices.requests[0].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace'
  const refused = await server.call(path('plain', 'resourceclaims'), { body: claim })
  expect([refused.code, refused.json.message]).toEqual([422, `ResourceClaim.resource.k8s.io "c" is invalid: ${detail}`])
  const noTemplate = await server.call(path('plain', 'resourceclaimtemplates'), { body: template })
  expect(noTemplate.json.message).toBe(`ResourceClaimTemplate.resource.k8s.io "t" is invalid: ${detail}`)
  await make(path('admin', 'resourceclaimtemplates'), template)
  const made = await make(path('admin', 'resourceclaims'), claim)
  expect(made['status']).toEqual({})
  // without the label, devices that are in use are given to nobody
  await make(path('plain', 'resourceclaims'), {
    metadata: { name: 'c' },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } },
  })
  const result = { request: 'r', driver: 'a.example', pool: 'p', device: 'd', adminAccess: true }
  const status = { allocation: { devices: { results: [result] } } }
  const patch = (namespace: string): Promise<Reply> =>
    server.call(`${path(namespace, 'resourceclaims')}/c/status`, {
      method: 'PATCH',
      body: { status },
      headers: { 'content-type': 'application/merge-patch+json' },
    })
  expect((await patch('plain')).json.message).toContain('status.allocation.devices.results[0].adminAccess: Forbidden')
  expect((await patch('admin')).code).toBe(200)
})

it('StorageObjectInUseProtection: new claims, volumes and classes of attributes are kept', async () => {
  const claim = await make('/api/v1/namespaces/default/persistentvolumeclaims', {
    metadata: { name: 'kept', finalizers: ['example.com/mine'] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  })
  expect(claim.metadata).toMatchObject({ finalizers: ['example.com/mine', 'kubernetes.io/pvc-protection'] })
  const volume = await make('/api/v1/persistentvolumes', {
    metadata: { name: 'kept' },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp/kept' } },
  })
  expect(volume.metadata).toMatchObject({ finalizers: ['kubernetes.io/pv-protection'] })
  const attributes = await make('/apis/storage.k8s.io/v1/volumeattributesclasses', {
    metadata: { name: 'kept' },
    driverName: 'csi.example.com',
    parameters: { speed: 'high' },
  })
  expect(attributes.metadata).toMatchObject({ finalizers: ['kubernetes.io/vac-protection'] })
})
