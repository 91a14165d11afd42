import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  csiDrivers,
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager, type TestManager } from '../manager.testing.ts'

let manager: TestManager
const namespace = 'attach'
const driver = 'csi.example.com'
const storageClassName = 'attached'

beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
  await manager.client.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: storageClassName },
    provisioner: driver,
    allowVolumeExpansion: true,
  })
  for (const [name, attachRequired] of [
    [driver, true],
    ['easy.example.com', false],
  ] as const)
    await manager.client.create(csiDrivers, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name },
      spec: { attachRequired },
    })
  for (const name of ['a', 'b'])
    await manager.client.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
      spec: {},
      status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }] },
    })
})
afterAll(() => manager.stop())

/** A volume and a claim of the same name that are bound to each other. */
const makeVolume = async (
  name: string,
  csi: object = { driver, volumeHandle: name },
  more: object = {},
): Promise<void> => {
  const accessModes = ['ReadWriteOnce']
  await manager.client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { capacity: { storage: '1Gi' }, accessModes, csi, storageClassName, ...more } as never,
  })
  await manager.client.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes, volumeName: name, storageClassName, resources: { requests: { storage: '1Gi' } }, ...more },
  })
  await waitFor(async () => {
    const { status } = await manager.client.get(persistentVolumeClaims, name, { namespace })
    return status?.phase === 'Bound'
  })
}
const makePod = (name: string, nodeName: string, claimName: string): Promise<unknown> =>
  manager.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      nodeName,
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
    },
  })
const removePod = (name: string): Promise<unknown> =>
  manager.client.delete(pods, name, { namespace, gracePeriodSeconds: 0 })

const attachmentOf = async (volume: string): Promise<VolumeAttachment | undefined> =>
  (await manager.client.list(volumeAttachments)).items.find(({ spec }) => spec.source.persistentVolumeName === volume)
/** Waits for the attachment and does as its driver would. */
const attached = async (
  volume: string,
  node: string,
  status: object = { attached: true },
): Promise<VolumeAttachment> => {
  const found = await waitFor(async () => {
    const one = await attachmentOf(volume)
    return one?.spec.nodeName === node ? one : undefined
  })
  const options = { type: 'merge', subresource: 'status' } as const
  return manager.client.patch(volumeAttachments, found.metadata.name ?? '', { status }, options)
}
const lists = (node: string, names: readonly string[]): Promise<boolean> =>
  waitFor(async () => {
    const { status } = await manager.client.get(nodes, node)
    const listed = (status?.volumesAttached ?? []).map(({ name }) => name)
    return listed.join() === names.map((name) => `kubernetes.io/csi/${driver}^${name}`).join()
  })
const isDetached = (volume: string): Promise<boolean> => waitFor(async () => (await attachmentOf(volume)) === undefined)
const patchNode = (node: string, body: object, subresource?: string): Promise<unknown> =>
  manager.client.patch(nodes, node, body, { type: 'merge', subresource })
const told = (about: string, reason: string, start = ''): Promise<string> =>
  waitFor(async () => {
    const fieldSelector = `involvedObject.name=${about},reason=${reason}`
    const { items } = await manager.client.list(events, { namespace, fieldSelector })
    return items.find(({ message = '' }) => message.startsWith(start))?.message
  })

describe('a CSI volume', () => {
  it('is attached where its Pod is, and detached when that has gone', async () => {
    await makeVolume('one')
    await makePod('one', 'a', 'one')
    const attachment = await attached('one', 'a')
    expect(attachment.spec).toEqual({ attacher: driver, nodeName: 'a', source: { persistentVolumeName: 'one' } })
    expect(await told('one', 'SuccessfulAttachVolume')).toBe('AttachVolume.Attach succeeded for volume "one" ')
    await lists('a', ['one'])
    await removePod('one')
    await isDetached('one')
    await lists('a', [])
  })

  it('is not attached when its driver needs none', async () => {
    await makeVolume('easy', { driver: 'easy.example.com', volumeHandle: 'easy' })
    await makePod('easy', 'a', 'easy')
    // what comes after it is done when it would have been
    await makeVolume('later')
    await makePod('later', 'a', 'later')
    await attached('later', 'a')
    expect(await attachmentOf('easy')).toBeUndefined()
    await removePod('later')
    await isDetached('later')
  })

  it('stays while the node has it mounted, and goes to the next node after that', async () => {
    await makeVolume('moving')
    await makePod('first', 'a', 'moving')
    await attached('moving', 'a')
    await lists('a', ['moving'])
    await patchNode('a', { status: { volumesInUse: [`kubernetes.io/csi/${driver}^moving`] } }, 'status')
    await makePod('second', 'b', 'moving')
    expect(await told('second', 'FailedAttachVolume')).toBe(
      'Multi-Attach error for volume "moving" Volume is already used by pod(s) first',
    )
    await removePod('first')
    await patchNode('a', { status: { volumesInUse: [] } }, 'status')
    await attached('moving', 'b')
    await lists('b', ['moving'])
    await lists('a', [])
    await removePod('second')
    await isDetached('moving')
  })

  it('leaves a node out of service by force', async () => {
    await makeVolume('forced')
    await makePod('forced', 'a', 'forced')
    await attached('forced', 'a')
    await lists('a', ['forced'])
    await patchNode('a', { status: { volumesInUse: [`kubernetes.io/csi/${driver}^forced`] } }, 'status')
    await removePod('forced')
    const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }
    await patchNode('a', { spec: { taints: [taint] } })
    await isDetached('forced')
    await patchNode('a', { spec: { taints: null } })
    await patchNode('a', { status: { volumesInUse: [] } }, 'status')
  })

  it('that cannot be attached says so', async () => {
    await makeVolume('broken')
    await makePod('broken', 'a', 'broken')
    const attachError = { time: '2026-01-01T00:00:00Z', message: 'rpc error: no such disk' }
    await attached('broken', 'a', { attached: false, attachError })
    expect(await told('broken', 'FailedAttachVolume')).toBe(
      'AttachVolume.Attach failed for volume "broken" : rpc error: no such disk',
    )
    await removePod('broken')
    await isDetached('broken')
  })

  it('that is to grow waits for its driver’s resizer', async () => {
    await makeVolume('growing')
    const spec = { resources: { requests: { storage: '2Gi' } } }
    await manager.client.patch(persistentVolumeClaims, 'growing', { spec }, { type: 'merge', namespace })
    expect(await told('growing', 'ExternalExpanding')).toBe('waiting for an external controller to expand this PVC')
  })

  it('keeps the class of its attributes', async () => {
    await manager.client.create(volumeAttributesClasses, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttributesClass',
      metadata: { name: 'gold' },
      driverName: driver,
      parameters: { speed: 'high' },
    })
    await makeVolume('golden', undefined, { volumeAttributesClassName: 'gold' })
    await manager.client.delete(volumeAttributesClasses, 'gold')
    const gold = await manager.client.get(volumeAttributesClasses, 'gold')
    expect(gold.metadata.finalizers).toEqual(['kubernetes.io/vac-protection'])
    await manager.client.delete(persistentVolumeClaims, 'golden', { namespace })
    await manager.client.delete(persistentVolumes, 'golden')
    await waitFor(() => manager.client.get(volumeAttributesClasses, 'gold').then(() => false, isNotFound))
  })
})
