import {
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'local'

beforeAll(async () => {
  manager = await startTestManager({ localPath: { dir: '/data', image: 'i' } })
  await manager.makeNamespace(namespace)
  await waitFor(() => found(manager.client.get(storageClasses, 'local-path')))
  await manager.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} })
})
afterAll(() => manager.stop())

const found = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
/** A claim of no class, as it is when the scheduler has chosen a node for its Pod. */
const makeClaim = (name: string, accessMode = 'ReadWriteOnce'): Promise<PersistentVolumeClaim> =>
  manager.client.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, annotations: { 'volume.kubernetes.io/selected-node': 'n1' } },
    spec: { accessModes: [accessMode], resources: { requests: { storage: '1Gi' } } },
  })
const removeClaim = (name: string): Promise<unknown> =>
  manager.client.delete(persistentVolumeClaims, name, { namespace })
const claimIsBound = (name: string): Promise<PersistentVolumeClaim> =>
  waitFor(async () => {
    const claim = await manager.client.get(persistentVolumeClaims, name, { namespace })
    return claim.status?.phase === 'Bound' ? claim : undefined
  })
const helperOf = (action: string, claim: PersistentVolumeClaim): Promise<Pod | undefined> =>
  found(manager.client.get(pods, `helper-pod-${action}-pvc-${claim.metadata.uid ?? ''}`, { namespace: 'kube-system' }))
/** What the node's kubelet would say of the helper. */
const helperEnds = async (action: string, claim: PersistentVolumeClaim, phase = 'Succeeded'): Promise<Pod> => {
  const pod = await waitFor(() => helperOf(action, claim))
  return manager.client.update(pods, { ...pod, status: { phase } }, { subresource: 'status' })
}
const isGone = (asked: () => Promise<unknown>): Promise<boolean> => waitFor(async () => (await asked()) === undefined)
const volumeOf = (claim: PersistentVolumeClaim): Promise<PersistentVolume | undefined> =>
  found(manager.client.get(persistentVolumes, `pvc-${claim.metadata.uid ?? ''}`))
const told = (name: string, reason: string): Promise<string> =>
  waitFor(async () => {
    const fieldSelector = `involvedObject.name=${name},reason=${reason}`
    return (await manager.client.list(events, { fieldSelector })).items[0]?.message
  })

describe('a claim of the class that is there from the start', () => {
  it('has a volume when its folder is made, and the folder goes with it', async () => {
    const claim = await makeClaim('whole')
    expect(claim.spec.storageClassName).toBe('local-path')
    const helper = await helperEnds('create', claim)
    const path = `/data/pvc-${claim.metadata.uid ?? ''}_local_whole`
    expect(helper.spec).toMatchObject({ nodeName: 'n1', containers: [{ image: 'i' }] })
    expect(helper.spec.containers[0]?.command).toEqual(['mkdir', '-m', '0777', '-p', path])
    const { volumeName = '' } = (await claimIsBound('whole')).spec
    expect((await volumeOf(claim))?.metadata.name).toBe(volumeName)
    expect((await volumeOf(claim))?.spec.local?.path).toBe(path)
    expect(await told('whole', 'Provisioning')).toBe(
      'External provisioner is provisioning volume for claim "local/whole"',
    )
    expect(await told('whole', 'ProvisioningSucceeded')).toBe(`Successfully provisioned volume ${volumeName}`)
    await isGone(() => helperOf('create', claim))
    await removeClaim('whole')
    const last = await helperEnds('delete', claim)
    expect(last.spec.containers[0]?.command).toEqual(['rm', '-rf', path])
    await isGone(() => volumeOf(claim))
    await isGone(() => helperOf('delete', claim))
  })

  it('leaves no folder when it goes before that is made', async () => {
    const claim = await makeClaim('short')
    await waitFor(() => helperOf('create', claim))
    await removeClaim('short')
    await helperEnds('create', claim)
    await helperEnds('delete', claim)
    await isGone(() => volumeOf(claim))
    await isGone(() => helperOf('delete', claim))
    expect(await helperOf('create', claim)).toBeUndefined()
  })

  it('leaves no folder either when another leader comes meanwhile', async () => {
    const claim = await makeClaim('handed-over')
    await waitFor(() => helperOf('create', claim))
    await manager.restart(async () => {
      await removeClaim('handed-over')
      const { metadata } = await manager.client.get(persistentVolumeClaims, 'handed-over', { namespace })
      // the controller that would let it go has ended, too
      const letGo = { metadata: { uid: metadata.uid, finalizers: null } }
      await manager.client.patch(persistentVolumeClaims, 'handed-over', letGo, { type: 'merge', namespace })
    })
    await helperEnds('create', claim)
    await helperEnds('delete', claim)
    await isGone(() => volumeOf(claim))
    await isGone(() => helperOf('delete', claim))
    expect(await helperOf('create', claim)).toBeUndefined()
  })

  it('is told why it has none', async () => {
    await makeClaim('shared', 'ReadWriteMany')
    expect(await told('shared', 'ProvisioningFailed')).toBe(
      'failed to provision volume with StorageClass "local-path": NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes',
    )
    const unlucky = await makeClaim('unlucky')
    await helperEnds('create', unlucky, 'Failed')
    const name = `pvc-${unlucky.metadata.uid ?? ''}`
    expect(await told('unlucky', 'ProvisioningFailed')).toBe(
      `failed to provision volume with StorageClass "local-path": failed to create volume ${name}: helper pod helper-pod-create-${name} failed: `,
    )
    await isGone(() => helperOf('create', unlucky))
    expect(await volumeOf(unlucky)).toBeUndefined()
  })
})
