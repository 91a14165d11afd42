import { configMaps, nodes, secrets, serviceAccounts, tokenReviews } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bootstrapTokenType } from '@kubets/shared/api/bootstrap-token.ts'
import { startTestManager, type TestManager } from '../manager.testing.ts'
import { tokenType } from '../serviceaccount-token/plan.ts'
import { detachedSignature } from './plan.ts'

let manager: TestManager
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace('tokens')
})
afterAll(() => manager.stop())

const makeToken = (id: string, expiration: string): Promise<unknown> =>
  manager.client.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: bootstrapTokenType,
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    stringData: {
      'token-id': id,
      'token-secret': '0123456789abcdef',
      expiration,
      'usage-bootstrap-signing': 'true',
    },
  })

it('cluster-info is signed with each token that lasts, and those that are over go', async () => {
  const kubeconfig = 'clusters: []\n'
  await makeToken('abcdef', '2999-01-01T00:00:00Z')
  await makeToken('fedcba', '2001-01-01T00:00:00Z')
  const metadata = { name: 'cluster-info', namespace: 'kube-public' }
  await manager.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { kubeconfig } })
  const signatures = async (): Promise<Record<string, string>> => {
    const { data = {} } = await manager.client.get(configMaps, 'cluster-info', { namespace: 'kube-public' })
    return data
  }
  await waitFor(async () => Object.keys(await signatures()).length > 1)
  const signature = detachedSignature(kubeconfig, 'abcdef', '0123456789abcdef')
  expect(await signatures()).toEqual({ kubeconfig, 'jws-kubeconfig-abcdef': signature })
  const gone = (): Promise<boolean> =>
    manager.client.get(secrets, 'bootstrap-token-fedcba', { namespace: 'kube-system' }).then(() => false, isNotFound)
  await waitFor(gone)
  await manager.client.delete(secrets, 'bootstrap-token-abcdef', { namespace: 'kube-system' })
  await waitFor(async () => Object.keys(await signatures()).length === 1)
})

it('a node is told how long Secrets may be kept', async () => {
  await manager.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} })
  const said = await waitFor(async () => {
    const { metadata } = await manager.client.get(nodes, 'n1')
    return metadata.annotations?.['node.alpha.kubernetes.io/ttl']
  })
  expect(said).toBe('0')
})

it('the use of a token in a Secret is written down, and since when', async () => {
  const namespace = 'tokens'
  const today = new Date().toISOString().slice(0, 10)
  await manager.client.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'a', namespace },
  })
  const metadata = { name: 'a-token', namespace, annotations: { 'kubernetes.io/service-account.name': 'a' } }
  await manager.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', type: tokenType, metadata })
  const encoded = await waitFor(
    async () => (await manager.client.get(secrets, 'a-token', { namespace })).data?.['token'],
  )
  const token = Buffer.from(encoded, 'base64').toString()
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } }
  expect((await manager.client.create(tokenReviews, review)).status?.authenticated).toBe(true)
  const { labels } = (await manager.client.get(secrets, 'a-token', { namespace })).metadata
  const lastUsed = labels?.['kubernetes.io/legacy-token-last-used'] ?? ''
  expect(lastUsed >= today).toBe(true)
  const tracking = await waitFor(() =>
    manager.client
      .get(configMaps, 'kube-apiserver-legacy-service-account-token-tracking', { namespace: 'kube-system' })
      .catch(() => undefined),
  )
  expect(tracking.data?.['since']).toMatch(/^\d{4}-\d\d-\d\d$/)
})
