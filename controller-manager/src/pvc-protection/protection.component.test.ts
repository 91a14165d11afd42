import { persistentVolumeClaims, persistentVolumes, pods } from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'protect'

beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})

afterAll(() => manager.stop())

const gone = async <T extends KubeObject>(ref: ResourceRef<T>, name: string, where = {}): Promise<boolean> => {
  try {
    await manager.client.get(ref, name, where)
    return false
  } catch (error) {
    if (isNotFound(error)) return true
    throw error
  }
}

const resources = { requests: { storage: '1Gi' } }
const makeClaim = (name: string): Promise<PersistentVolumeClaim> =>
  manager.client.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources },
  })
const makePod = (claimName: string): Promise<Pod> =>
  manager.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'user', namespace },
    spec: {
      nodeName: 'nowhere',
      containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
    },
  })

describe('what is used', () => {
  it('a claim stays until no Pod uses it', async () => {
    const { client } = manager
    const claim = await makeClaim('used')
    expect(claim.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection'])
    await makePod('used')
    await client.delete(persistentVolumeClaims, 'used', { namespace })
    const marked = await client.get(persistentVolumeClaims, 'used', { namespace })
    expect(marked.metadata.deletionTimestamp).toBeDefined()
    // one that is not used goes meanwhile
    await makeClaim('unused')
    await client.delete(persistentVolumeClaims, 'unused', { namespace })
    await waitFor(() => gone(persistentVolumeClaims, 'unused', { namespace }))
    expect(await gone(persistentVolumeClaims, 'used', { namespace })).toBe(false)
    await client.delete(pods, 'user', { namespace, gracePeriodSeconds: 0 })
    await waitFor(() => gone(persistentVolumeClaims, 'used', { namespace }))
  })

  it('a volume stays while it is bound', async () => {
    const { client } = manager
    const volume: PersistentVolume = await client.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'held' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/data/held' },
        claimRef: { namespace, name: 'holder' },
      },
    })
    expect(volume.metadata.finalizers).toEqual(['kubernetes.io/pv-protection'])
    await makeClaim('holder')
    await waitFor(async () => (await client.get(persistentVolumes, 'held')).status?.phase === 'Bound')
    await client.delete(persistentVolumes, 'held')
    const marked = await client.get(persistentVolumes, 'held')
    expect([marked.metadata.finalizers, marked.status?.phase]).toEqual([['kubernetes.io/pv-protection'], 'Bound'])
    await client.delete(persistentVolumeClaims, 'holder', { namespace })
    await waitFor(() => gone(persistentVolumes, 'held'))
  })
})
