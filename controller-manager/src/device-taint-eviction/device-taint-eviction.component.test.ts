import { events, pods, resourceClaims, resourceSlices } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'tainted'
const settings = { type: 'merge' as const, namespace, subresource: 'status' }
beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
  await manager.client.create(resourceSlices, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: 's' },
    spec: {
      driver: 'd.example.com',
      nodeName: 'n',
      pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'gpu' }],
    },
  })
})
afterAll(() => manager.stop())

const found = (name: string): Promise<Pod | undefined> =>
  manager.client.get(pods, name, { namespace }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })

/** A Pod on a node, with a claim that has the device. */
const run = async (name: string, tolerations: object[] = []): Promise<void> => {
  const requests = [{ name: 'gpu', exactly: { deviceClassName: 'gpus' } }]
  await manager.client.create(resourceClaims, {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name, namespace },
    spec: { devices: { requests } },
  })
  const { metadata } = await manager.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName: 'n',
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'i', resources: { claims: [{ name: 'gpu' }] } }],
      resourceClaims: [{ name: 'gpu', resourceClaimName: name }],
    },
  })
  const result = { request: 'gpu', driver: 'd.example.com', pool: 'pool', device: 'gpu', tolerations }
  const reservedFor = [{ resource: 'pods', name, uid: metadata.uid }]
  const status = { allocation: { devices: { results: [result] } }, reservedFor }
  await manager.client.patch(resourceClaims, name, { status }, settings)
}

const taint = (...taints: object[]): Promise<unknown> =>
  manager.client.patch(resourceSlices, 's', { spec: { devices: [{ name: 'gpu', taints }] } }, { type: 'merge' })

const told = async (name: string): Promise<(string | undefined)[]> =>
  (await manager.client.list(events, { namespace })).items
    .filter(({ involvedObject, reason }) => involvedObject.name === name && reason === 'DeviceTaintManagerEviction')
    .map(({ message }) => message)

it('Pods go when their devices are tainted, unless that is tolerated; those that were to go later are let be', async () => {
  await run('strict')
  const patient = [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3600 }]
  await run('patient', patient)
  await run('bold', [{ operator: 'Exists', effect: 'NoExecute' }])
  await taint({ key: 'broken', effect: 'NoExecute' })
  await waitFor(async () => (await found('strict')) === undefined)
  await waitFor(async () => (await told('strict')).includes('Marking for deletion'))
  // it is counted when the answer to its deletion is there
  const counted = async (): Promise<string[]> => (await manager.registry.metrics()).split('\n')
  await waitFor(async () =>
    (await counted()).includes('device_taint_eviction_controller_pod_deletion_duration_seconds_count 1'),
  )
  expect(await counted()).toContain('device_taint_eviction_controller_pod_deletions_total 1')
  await taint()
  await waitFor(async () => (await told('patient')).includes('Cancelling deletion'))
  expect(await told('patient')).toEqual(['Cancelling deletion'])
  expect(await told('bold')).toEqual([])
  for (const name of ['patient', 'bold']) expect((await found(name))?.metadata.deletionTimestamp).toBeUndefined()
})
