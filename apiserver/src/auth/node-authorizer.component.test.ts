import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type Identity, type Reply, type TestServer } from '../test-server.ts'

let server: TestServer
let node: Identity
let other: Identity
beforeAll(async () => {
  server = await startTestServer()
  node = await server.identity('system:node:n1', 'system:nodes')
  other = await server.identity('system:node:n2', 'system:nodes')
  await made('/api/v1/namespaces/default/serviceaccounts', { kind: 'ServiceAccount', metadata: { name: 'robot' } })
})
afterAll(() => server.stop())

const core = '/api/v1/namespaces/default'

async function made(path: string, object: object): Promise<Reply> {
  const reply = await server.call(path, { body: { apiVersion: 'v1', ...object } })
  expect([201, 409], reply.text).toContain(reply.code)
  return reply
}

const secret = (name: string) => made(`${core}/secrets`, { kind: 'Secret', metadata: { name } })
const pod = (name: string, spec: object) =>
  made(`${core}/pods`, {
    kind: 'Pod',
    metadata: { name },
    spec: { serviceAccountName: 'robot', containers: [{ name: 'main', image: 'i' }], ...spec },
  })
const bind = (name: string, target: string) =>
  made(`${core}/pods/${name}/binding`, { kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: target } })
const remove = async (path: string) => {
  const { code, text } = await server.call(`${path}?gracePeriodSeconds=0`, { method: 'DELETE' })
  expect(code, text).toBe(200)
}
const asks = async (path: string, as: Identity = node) => {
  const { code, text } = await server.call(path, { as })
  return code === 403 ? (JSON.parse(text) as { message: string }).message : code
}
const refusal = (what: string, name: string, verb = 'get') =>
  `${what} ${JSON.stringify(name)} is forbidden: User "system:node:n1" cannot ${verb} resource "${what}" in API group "" ` +
  `in the namespace "default": no relationship found between node 'n1' and this object`

describe('a kubelet reads a Secret', () => {
  it('from when a Pod that uses it is bound to its node until that Pod is gone', async () => {
    await secret('used')
    await pod('user', { volumes: [{ name: 'v', secret: { secretName: 'used' } }] })
    const one = `${core}/secrets/used`
    const list = `${core}/secrets?fieldSelector=metadata.name%3Dused`
    expect(await asks(one)).toBe(refusal('secrets', 'used'))
    expect(await asks(list)).toBe(refusal('secrets', 'used', 'list'))

    await bind('user', 'n1')
    // the watch has to bring it: asked again, as a kubelet does
    await waitFor(async () => (await asks(one)) === 200)
    expect(await asks(list)).toBe(200)
    expect(await asks(one, other)).toContain("no relationship found between node 'n2' and this object")
    expect(await asks(`${core}/secrets`)).toContain('No Object name found')
    expect(await asks('/api/v1/secrets?fieldSelector=metadata.name%3Dused')).toContain(
      'can only read namespaced object of this type',
    )

    await remove(`${core}/pods/user`)
    await waitFor(async () => (await asks(one)) === refusal('secrets', 'used'))
  })

  it('that is not there is not found, where a Pod names it', async () => {
    await pod('hopeful', { nodeName: 'n1', imagePullSecrets: [{ name: 'missing' }] })
    await waitFor(async () => (await asks(`${core}/secrets/missing`)) === 404)
    await remove(`${core}/pods/hopeful`)
  })

  it('at once when its own watch has told of the Pod', async () => {
    await secret('seen')
    const path = '/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn1&timeoutSeconds=5'
    const watched = server.call(path, { as: node })
    await pod('seen', { nodeName: 'n1', volumes: [{ name: 'v', secret: { secretName: 'seen' } }] })
    expect((await watched).text).toContain('"name":"seen"')
    expect(await asks(`${core}/secrets/seen`)).toBe(200)
    await remove(`${core}/pods/seen`)
  })

  it('that an ephemeral container needs, from when it is added', async () => {
    await secret('debugging')
    await pod('debugged', { nodeName: 'n1' })
    const ephemeralContainers = [{ name: 'd', image: 'i', envFrom: [{ secretRef: { name: 'debugging' } }] }]
    expect(await asks(`${core}/secrets/debugging`)).toBe(refusal('secrets', 'debugging'))
    const { code, text } = await server.call(`${core}/pods/debugged/ephemeralcontainers`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      body: { spec: { ephemeralContainers } },
    })
    expect(code, text).toBe(200)
    await waitFor(async () => (await asks(`${core}/secrets/debugging`)) === 200)
    await remove(`${core}/pods/debugged`)
  })
})

it('a kubelet follows a claim to its volume, and that to its Secret', async () => {
  await made('/api/v1/persistentvolumes', {
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      claimRef: { namespace: 'default', name: 'data' },
      csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'kube-system', name: 'disk-key' } },
    },
  })
  await made('/api/v1/namespaces/kube-system/secrets', { kind: 'Secret', metadata: { name: 'disk-key' } })
  await made(`${core}/persistentvolumeclaims`, {
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'disk' },
  })
  const paths = [
    `${core}/persistentvolumeclaims/data`,
    '/api/v1/persistentvolumes/disk',
    '/api/v1/namespaces/kube-system/secrets/disk-key',
  ]
  for (const path of paths) expect(await asks(path)).toContain('no relationship found')
  await pod('storing', { nodeName: 'n1', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
  for (const path of paths) await waitFor(async () => (await asks(path)) === 200)
  await remove(`${core}/pods/storing`)
  for (const path of paths) await waitFor(async () => (await asks(path)) !== 200)
})

it('a kubelet sees its own Node and the Pods bound to it, and makes tokens for these', async () => {
  expect(await asks('/api/v1/nodes/n1')).toBe(404)
  expect(await asks('/api/v1/nodes?fieldSelector=metadata.name%3Dn1')).toBe(200)
  expect(await asks('/api/v1/nodes')).toContain("node 'n1' cannot read all nodes, only its own Node object")
  expect(await asks('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')).toBe(200)
  expect(await asks('/api/v1/pods?fieldSelector=spec.nodeName%3Dn2')).toContain(
    'can only list/watch pods with spec.nodeName field selector',
  )
  const { json } = await pod('mine', { nodeName: 'n1' })
  const ask = (audiences: string[]) =>
    server.call(`${core}/serviceaccounts/robot/token`, {
      as: node,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: json.metadata?.['uid'] },
        },
      },
    })
  await waitFor(async () => (await ask([])).code === 201)
  // NodeRestriction: only for those that the Pod names
  expect((await ask(['elsewhere'])).json.message).toContain('audience "elsewhere" not found in pod spec volume')
  expect(await asks(`${core}/pods/mine`)).toBe(200)
  expect(await asks(`${core}/pods/mine`, other)).toContain("no relationship found between node 'n2' and this object")
  await remove(`${core}/pods/mine`)
  await waitFor(async () => (await ask([])).code === 403)
})

it('an access review knows what a kubelet may', async () => {
  const review = async (requirements: object[]) => {
    const resourceAttributes = { verb: 'list', resource: 'pods', fieldSelector: { requirements } }
    const reply = await server.call('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user: 'system:node:n1', groups: ['system:nodes'], resourceAttributes },
      },
    })
    return (reply.json as unknown as { status: { allowed: boolean } }).status.allowed
  }
  expect(await review([])).toBe(false)
  expect(await review([{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }])).toBe(true)
  expect(await review([{ key: 'spec.nodeName', operator: 'NotIn', values: ['n1'] }])).toBe(false)
})
