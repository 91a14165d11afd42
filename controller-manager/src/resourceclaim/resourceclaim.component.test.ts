import { claimFinalizer } from '@kubets/shared/api/resource-claims.ts'
import { pods, resourceClaims, resourceClaimTemplates } from '@kubets/shared/api/resources.gen.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'claims'
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const claimsThere = async (): Promise<ResourceClaim[]> =>
  (await manager.client.list(resourceClaims, { namespace })).items

it('a Pod has a claim made of its template, which is free and goes when the Pod is done', async () => {
  await manager.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace },
    spec: {
      containers: [{ name: 'c', image: 'i', resources: { claims: [{ name: 'gpu' }] } }],
      resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }],
    },
  })
  const devices = { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpus' } }] }
  await manager.client.create(resourceClaimTemplates, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaimTemplate',
    metadata: { name: 't', namespace },
    spec: { spec: { devices } },
  })
  const named = await waitFor(async () => {
    const { status } = await manager.client.get(pods, 'p', { namespace })
    return status?.resourceClaimStatuses?.[0]
  })
  const [claim, ...others] = await claimsThere()
  expect(others).toEqual([])
  expect(named).toEqual({ name: 'gpu', resourceClaimName: claim?.metadata.name })
  expect(claim?.metadata.name).toMatch(/^p-gpu-/)

  // as the scheduler does
  const { uid = '' } = (await manager.client.get(pods, 'p', { namespace })).metadata
  const body = { metadata: { finalizers: [claimFinalizer] } }
  await manager.client.patch(resourceClaims, named.resourceClaimName ?? '', body, { type: 'merge', namespace })
  const allocated = { status: { allocation: { devices: {} }, reservedFor: [{ resource: 'pods', name: 'p', uid }] } }
  const settings = { type: 'merge' as const, namespace, subresource: 'status' }
  await manager.client.patch(resourceClaims, named.resourceClaimName ?? '', allocated, settings)
  await manager.client.patch(pods, 'p', { status: { phase: 'Succeeded' } }, settings)
  await waitFor(async () => (await claimsThere()).length === 0)
})
