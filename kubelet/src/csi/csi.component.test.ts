import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import * as grpc from '@grpc/grpc-js'
import { attachmentName } from '@kubets/shared/api/csi-volumes.ts'
import {
  csiDrivers,
  csiNodes,
  events,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  volumeAttachments,
} from '@kubets/shared/api/resources.gen.ts'
import type { PersistentVolumeSpec, PodSpec, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type { CSIDriverSpec } from '@kubets/shared/api/types/storage-v1.ts'
import { caseMs, waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lookAt } from '../pods/look.testing.ts'
import { startTestNode, type TestNode } from '../pods/node.testing.ts'
import { mountsBelow } from '../volumes/mounts.ts'
import { refusal, startTestDriver, type Call, type TestDriver } from './driver.testing.ts'

const resources = { cpu: '2', memory: '1Gi', pods: '20', 'ephemeral-storage': '1Gi' }
const namespace = 'default'
const sleep = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.1; done']

describe('Volumes of a storage driver', { timeout: caseMs }, () => {
  let rootDir: string
  let node: TestNode
  let driver: TestDriver
  let count = 0
  beforeAll(async () => {
    rootDir = await mkdtemp(path.join(tmpdir(), 'kubets-csi-'))
    node = await startTestNode(resources, { rootDir })
  })
  afterAll(async () => {
    await node.stop()
    expect(await mountsBelow(rootDir)).toEqual([])
    await rm(rootDir, { recursive: true })
  })
  beforeEach(async () => {
    const name = `d${++count}.test`
    driver = await startTestDriver(rootDir, { name, nodeId: 'here', topology: { [`topology.${name}/rack`]: 'r1' } })
    await waitFor(() => driver.notified.length > 0)
    expect(driver.notified).toEqual([{ plugin_registered: true, error: '' }])
  })
  afterEach(() => driver.stop())

  const declare = (spec: CSIDriverSpec) =>
    node.client.create(csiDrivers, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSIDriver',
      metadata: { name: driver.name },
      spec,
    })

  /** A claim bound to a volume of the driver, whose handle is the name. */
  const claim = async (
    name: string,
    spec: Partial<PersistentVolumeSpec> = {},
    source: object | null = {},
  ): Promise<void> => {
    const { client } = node
    const claimSpec = {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeName: name,
      storageClassName: '',
      ...(spec.volumeMode && { volumeMode: spec.volumeMode }),
    }
    const bound = await client.create(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace },
      spec: claimSpec,
    })
    const status = { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] }
    await client.patch(persistentVolumeClaims, name, { status }, { type: 'merge', namespace, subresource: 'status' })
    await client.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace, name, uid: bound.metadata.uid ?? '' },
        ...(source && { csi: { driver: driver.name, volumeHandle: name, ...source } }),
        ...spec,
      },
    })
  }

  const withVolume = (source: Omit<Volume, 'name'>, command = sleep, spec: Partial<PodSpec> = {}): PodSpec => ({
    containers: [{ name: 'main', command, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    volumes: [{ name: 'v', ...source }],
    restartPolicy: 'Never',
    ...spec,
  })
  const ofClaim = (claimName: string): Omit<Volume, 'name'> => ({ persistentVolumeClaim: { claimName } })
  const remove = async (name: string): Promise<void> => {
    await node.client.delete(pods, name, { namespace })
    await waitFor(
      async () => !(await node.client.list(pods, { namespace })).items.some((one) => one.metadata.name === name),
    )
  }
  const request = (method: string): Call['request'] | undefined =>
    driver.calls.findLast((one) => one.method === method)?.request
  const messages = async (name: string): Promise<string[]> => {
    const { items } = await node.client.list(events, { namespace })
    const ours = items.filter((one) => one.involvedObject.name === name && one.reason === 'FailedMount')
    return ours.map((one) => one.message ?? '')
  }

  it('are of a driver that the node tells of, until it goes', async () => {
    const csiNode = await node.client.get(csiNodes, node.name)
    const topologyKeys = [`topology.${driver.name}/rack`]
    expect(csiNode.spec.drivers).toContainEqual({ name: driver.name, nodeID: 'here', topologyKeys })
    const { metadata } = await node.client.get(nodes, node.name)
    expect(csiNode.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Node', uid: metadata.uid })
    expect(metadata.labels?.[`topology.${driver.name}/rack`]).toBe('r1')
    const ids = (text: string | undefined): unknown => JSON.parse(text ?? '{}')
    expect(ids(metadata.annotations?.['csi.volume.kubernetes.io/nodeid'])).toMatchObject({ [driver.name]: 'here' })
    await driver.stop()
    await waitFor(async () => {
      const now = await node.client.get(csiNodes, node.name)
      return !now.spec.drivers?.some((one) => one.name === driver.name)
    })
    await waitFor(async () => {
      const { annotations } = (await node.client.get(nodes, node.name)).metadata
      return !annotations?.['csi.volume.kubernetes.io/nodeid']?.includes(driver.name)
    })
  })

  it('are staged and published with all that the driver is to know, and go with the last Pod', async () => {
    await declare({ attachRequired: false, podInfoOnMount: true, fsGroupPolicy: 'File' })
    const secret = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      data: { k: btoa(name) },
    })
    await node.client.create(secrets, secret('stage'))
    await node.client.create(secrets, secret('publish'))
    const source = {
      fsType: 'ext4',
      volumeAttributes: { size: 'small' },
      nodeStageSecretRef: { namespace, name: 'stage' },
      nodePublishSecretRef: { namespace, name: 'publish' },
    }
    await claim('all', { mountOptions: ['noatime'] }, source)
    const write = ['sh', '-c', 'trap "exit 0" TERM; echo here > /v/file; while true; do sleep 0.1; done']
    const one = await node.run('one', withVolume(ofClaim('all'), write, { securityContext: { fsGroup: 4321 } }))
    await node.until('one', (pod) => pod.status?.phase === 'Running')
    const check = [
      'sh',
      '-c',
      'until test -s /v/file; do sleep 0.1; done; test "$(cat /v/file)" = here && test "$(stat -c %g /v)" = 4321',
    ]
    await node.run('two', withVolume(ofClaim('all'), check))
    await node.until('two', (pod) => pod.status?.phase === 'Succeeded')
    await remove('two')
    await waitFor(() => driver.asked().at(-1) === 'NodeUnpublishVolume')
    expect(driver.asked()).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodePublishVolume', 'NodeUnpublishVolume'])
    await remove('one')
    await waitFor(() => driver.asked().at(-1) === 'NodeUnstageVolume')

    const capability = {
      access_mode: { mode: 'SINGLE_NODE_WRITER' },
      mount: { fs_type: 'ext4', mount_flags: ['noatime'], volume_mount_group: '' },
    }
    const staged = request('NodeStageVolume')
    expect(staged).toMatchObject({ volume_id: 'all', secrets: { k: 'stage' }, volume_context: { size: 'small' } })
    expect(staged).toMatchObject({ volume_capability: capability, publish_context: {} })
    expect(staged?.['staging_target_path']).toMatch(
      /plugins\/kubernetes\.io\/csi\/d\d+\.test\/[0-9a-f]{64}\/globalmount$/,
    )
    const first = driver.calls.find((call) => call.method === 'NodePublishVolume')?.request
    const uid = one.metadata.uid ?? ''
    expect(first).toMatchObject({
      secrets: { k: 'publish' },
      readonly: false,
      target_path: path.join(rootDir, 'pods', uid, 'volumes/kubernetes.io~csi/all/mount'),
      staging_target_path: staged?.['staging_target_path'],
      volume_capability: capability,
      volume_context: {
        size: 'small',
        'csi.storage.k8s.io/pod.name': 'one',
        'csi.storage.k8s.io/pod.namespace': namespace,
        'csi.storage.k8s.io/pod.uid': uid,
        'csi.storage.k8s.io/serviceAccount.name': 'default',
        'csi.storage.k8s.io/ephemeral': 'false',
      },
    })
    await waitFor(
      async () => (await readdir(path.join(rootDir, 'plugins/kubernetes.io/csi', driver.name))).length === 0,
    )
  })

  it('are told to be in use, and mounted when they are attached', async () => {
    await claim('attached')
    const name = `kubernetes.io/csi/${driver.name}^attached`
    await node.run('waits', withVolume(ofClaim('attached')))
    const inUse = async () => (await node.client.get(nodes, node.name)).status?.volumesInUse ?? []
    await waitFor(async () => (await inUse()).includes(name))
    expect(driver.asked()).toEqual([])
    const { status: before } = await node.until('waits', (pod) => pod.status?.containerStatuses)
    expect(before?.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } })
    const attachment = attachmentName({ driver: driver.name, handle: 'attached' }, node.name)
    await node.client.create(volumeAttachments, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: attachment },
      spec: { attacher: driver.name, nodeName: node.name, source: { persistentVolumeName: 'attached' } },
    })
    const told = { status: { attached: true, attachmentMetadata: { disk: 'sdx' } } }
    await node.client.patch(volumeAttachments, attachment, told, { type: 'merge', subresource: 'status' })
    const status = { volumesAttached: [{ name, devicePath: '' }] }
    await node.client.patch(nodes, node.name, { status }, { type: 'merge', subresource: 'status' })
    await node.until('waits', (pod) => pod.status?.phase === 'Running')
    expect(request('NodeStageVolume')).toMatchObject({ publish_context: { disk: 'sdx' } })
    expect(request('NodePublishVolume')).toMatchObject({ publish_context: { disk: 'sdx' } })
    expect(await inUse()).toContain(name)
    await remove('waits')
    await waitFor(async () => !(await inUse()).includes(name))
    expect(driver.asked().slice(-2)).toEqual(['NodeUnpublishVolume', 'NodeUnstageVolume'])
  })

  it('are not waited for when the node takes no more of them, and the Pod fails', async () => {
    await declare({ attachRequired: true, nodeAllocatableUpdatePeriodSeconds: 600 })
    await claim('too-many')
    await node.run('too-many', withVolume(ofClaim('too-many')))
    const inUse = `kubernetes.io/csi/${driver.name}^too-many`
    await waitFor(async () => (await node.client.get(nodes, node.name)).status?.volumesInUse?.includes(inUse))
    const name = attachmentName({ driver: driver.name, handle: 'too-many' }, node.name)
    await node.client.create(volumeAttachments, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name },
      spec: { attacher: driver.name, nodeName: node.name, source: { persistentVolumeName: 'too-many' } },
    })
    const attachError = { message: 'too many', time: new Date(node.clock.now()).toISOString(), errorCode: 8 }
    const said = { status: { attached: false, attachError } }
    await node.client.patch(volumeAttachments, name, said, { type: 'merge', subresource: 'status' })
    driver.maxVolumes = 3
    const allocatable = async () => {
      const { spec } = await node.client.get(csiNodes, node.name)
      return spec.drivers?.find((one) => one.name === driver.name)?.allocatable
    }
    expect(await allocatable()).toBeUndefined()
    node.clock.pass(123_000)
    const { status } = await node.until('too-many', (pod) => pod.status?.phase === 'Failed')
    const why =
      'Node has reached its volume attachment limit, rejecting pod. unmounted volumes=[v], unattached volumes=[v], failed to process volumes=[]: context deadline exceeded'
    expect(status).toMatchObject({ reason: 'VolumeAttachmentLimitExceeded', message: `Pod was rejected: ${why}` })
    expect(await lookAt(node).event('too-many', 'VolumeAttachmentLimitExceeded')).toBe(why)
    expect(await allocatable()).toEqual({ count: 3 })
    expect(driver.asked()).toEqual([])
    await remove('too-many')
    await waitFor(async () => !(await node.client.get(nodes, node.name)).status?.volumesInUse?.includes(inUse))
  })

  it("may be the Pod's own, with tokens of its account", async () => {
    const tokenRequests = [{ audience: 'store', expirationSeconds: 3600 }]
    await declare({ attachRequired: false, volumeLifecycleModes: ['Ephemeral'], tokenRequests, podInfoOnMount: true })
    const one = await node.run('inline', withVolume({ csi: { driver: driver.name, volumeAttributes: { a: 'b' } } }))
    await node.until('inline', (pod) => pod.status?.phase === 'Running')
    const asked = request('NodePublishVolume')
    const context = asked?.['volume_context'] as Record<string, string>
    expect(context).toMatchObject({ a: 'b', 'csi.storage.k8s.io/ephemeral': 'true' })
    const tokens = JSON.parse(context['csi.storage.k8s.io/serviceAccount.tokens'] ?? '{}') as object
    expect(tokens).toEqual({ store: { token: expect.any(String), expirationTimestamp: expect.any(String) } })
    expect(asked).toMatchObject({ volume_id: expect.stringMatching(/^csi-[0-9a-f]{64}$/), staging_target_path: '' })
    expect(await mountsBelow(path.join(rootDir, 'pods', one.metadata.uid ?? ''))).toHaveLength(1)
    await remove('inline')
    expect(driver.asked()).toEqual(['NodePublishVolume', 'NodeUnpublishVolume'])
  })

  it('grow with their claim, when they are mounted and later', async () => {
    await declare({ attachRequired: false })
    driver.capabilities = ['STAGE_UNSTAGE_VOLUME', 'EXPAND_VOLUME']
    await claim('grows', { capacity: { storage: '2Gi' } })
    const one = await node.run('grows', withVolume(ofClaim('grows')))
    await node.until('grows', (pod) => pod.status?.phase === 'Running')
    const grown = async () =>
      (await node.client.get(persistentVolumeClaims, 'grows', { namespace })).status?.capacity?.['storage']
    expect(await grown()).toBe('2Gi')
    const [measured] = node.volumes.measured(one)
    const { signal } = new AbortController()
    expect(await measured?.measure(signal)).toBeUndefined()
    driver.capabilities.push('GET_VOLUME_STATS')
    const usage = { availableBytes: 60, capacityBytes: 100, usedBytes: 40, inodesFree: 9, inodes: 10, inodesUsed: 1 }
    expect(await measured?.measure(signal)).toEqual(usage)
    expect(measured).toMatchObject({ name: 'v', claim: 'grows' })
    const place = path.join(rootDir, 'pods', one.metadata.uid ?? '', 'volumes/kubernetes.io~csi/grows/mount')
    expect(request('NodeGetVolumeStats')).toEqual({ volume_id: 'grows', volume_path: place })
    expect(request('NodeExpandVolume')).toMatchObject({
      volume_id: 'grows',
      volume_path: place,
      staging_target_path: request('NodeStageVolume')?.['staging_target_path'],
      capacity_range: { required_bytes: String(2 * 1024 ** 3) },
    })
    const spec = { capacity: { storage: '3Gi' } }
    await node.client.patch(persistentVolumes, 'grows', { spec }, { type: 'merge' })
    await node.volumes.setUp(one, { podIPs: [], hostIPs: [] }, new AbortController().signal)
    expect(await grown()).toBe('3Gi')
    expect(driver.asked()).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodeExpandVolume', 'NodeExpandVolume'])
    // who grows it tells of every step, and so does the node
    const pending = { allocatedResourceStatuses: { storage: 'NodeResizePending' } }
    const patchClaim = { type: 'merge', namespace, subresource: 'status' } as const
    await node.client.patch(persistentVolumeClaims, 'grows', { status: pending }, patchClaim)
    await node.client.patch(persistentVolumes, 'grows', { spec: { capacity: { storage: '4Gi' } } }, { type: 'merge' })
    driver.before = ({ method }) => {
      if (method === 'NodeExpandVolume') throw refusal(grpc.status.INTERNAL, 'disk is broken')
    }
    const why = 'Expander.NodeExpand failed to expand the volume : rpc error: code = Internal desc = disk is broken'
    const again = node.volumes.setUp(one, { podIPs: [], hostIPs: [] }, new AbortController().signal)
    await expect(again).rejects.toThrow(`NodeExpandVolume.NodeExpandVolume failed for volume "grows" : ${why}`)
    const { status } = await node.client.get(persistentVolumeClaims, 'grows', { namespace })
    expect(status?.allocatedResourceStatuses).toEqual({ storage: 'NodeResizeInProgress' })
    expect(status?.conditions).toMatchObject([
      { type: 'NodeResizeError', status: 'True', message: `failed to expand pvc with ${why}` },
    ])
    driver.before = () => undefined
    await node.volumes.setUp(one, { podIPs: [], hostIPs: [] }, new AbortController().signal)
    const { status: after } = await node.client.get(persistentVolumeClaims, 'grows', { namespace })
    expect(after).toMatchObject({ phase: 'Bound', capacity: { storage: '4Gi' } })
    expect([after?.allocatedResourceStatuses ?? {}, after?.conditions ?? []]).toEqual([{}, []])
    await remove('grows')
  })

  it('may be devices, of a driver and of the machine', async () => {
    await declare({ attachRequired: false })
    await claim('block', { volumeMode: 'Block' })
    const device = (name: string, script: string, readOnly = false): PodSpec => ({
      containers: [
        { name: 'main', command: ['sh', '-c', script], volumeDevices: [{ name: 'v', devicePath: '/dev/xvda' }] },
      ],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name, readOnly } }],
      restartPolicy: 'Never',
    })
    const write = 'test -b /dev/xvda && printf hello | dd of=/dev/xvda conv=fsync && head -c 5 /dev/xvda | grep hello'
    const one = await node.run('device', device('block', write))
    await node.until('device', (pod) => pod.status?.phase === 'Succeeded')
    await waitFor(() => driver.asked().at(-1) === 'NodeUnstageVolume')
    const folder = path.join(rootDir, 'plugins/kubernetes.io/csi/volumeDevices')
    const staging = path.join(folder, 'staging/block')
    expect(driver.asked()).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodeUnpublishVolume', 'NodeUnstageVolume'])
    expect(request('NodeStageVolume')).toMatchObject({ volume_id: 'block', staging_target_path: staging })
    expect(request('NodePublishVolume')).toMatchObject({
      volume_capability: { access_mode: { mode: 'SINGLE_NODE_WRITER' }, block: {} },
      staging_target_path: staging,
      target_path: path.join(folder, 'publish/block', one.metadata.uid ?? ''),
    })
    await waitFor(async () => (await readdir(folder)).join() === 'publish,staging')

    const { stdout } = await promisify(execFile)('losetup', [
      '-f',
      '--show',
      path.join(rootDir, 'plugins', driver.name, 'block.img'),
    ])
    const loop = stdout.trim()
    try {
      const term = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] }
      const nodeAffinity = { required: { nodeSelectorTerms: [term] } }
      await claim('local', { volumeMode: 'Block', local: { path: loop }, nodeAffinity }, null)
      await node.run('local', device('local', 'head -c 5 /dev/xvda | grep hello && ! printf x | dd of=/dev/xvda', true))
      await node.until('local', (pod) => pod.status?.phase === 'Succeeded')
      await remove('local')
      const sized = await node.run('sized', device('local', sleep.at(-1) ?? ''))
      await node.until('sized', (pod) => pod.status?.phase === 'Running')
      const [measured] = node.volumes.measured(sized)
      expect(measured).toMatchObject({ name: 'v', claim: 'local' })
      const { signal } = new AbortController()
      expect(await measured?.measure(signal)).toMatchObject({ capacityBytes: 1 << 20, usedBytes: 0 })
      await remove('sized')
      // the same disk as a folder: a file system is made of it, once
      await promisify(execFile)('dd', ['if=/dev/zero', `of=${loop}`, 'bs=4096', 'count=16', 'conv=fsync'])
      await claim('disk', { local: { path: loop, fsType: 'ext4' }, nodeAffinity }, null)
      const script = 'stat -f -c %T /v; test ! -e /v/f || cat /v/f; echo there > /v/f; ls /v'
      const said: string[] = []
      for (const name of ['disk-a', 'disk-b']) {
        await node.run(name, withVolume(ofClaim('disk'), ['sh', '-c', script]))
        said.push(await lookAt(node).said(await node.until(name, (pod) => pod.status?.phase === 'Succeeded')))
        await remove(name)
      }
      expect(said).toEqual(['ext2/ext3\nf\nlost+found\n', 'ext2/ext3\nthere\nf\nlost+found\n'])
      // those that have ended are gone at once, and what they had soon after
      const mounted = path.join(rootDir, 'plugins/kubernetes.io/local-volume')
      await waitFor(async () => (await mountsBelow(mounted)).length === 0)
    } finally {
      await promisify(execFile)('losetup', ['-d', loop])
    }
  })

  it('are refused in words', async () => {
    await declare({ attachRequired: false })
    await node.run('mode', withVolume({ csi: { driver: driver.name } }))
    const prefix = 'MountVolume.SetUp failed for volume "v" : kubernetes.io/csi: mounter.'
    const mode = `volume mode "Ephemeral" not supported by driver ${driver.name} (only supports ["Persistent"])`
    await waitFor(async () =>
      (await messages('mode')).includes(`${prefix}SetupAt failed to check volume lifecycle mode: ${mode}`),
    )
    await node.run('unknown', withVolume({ csi: { driver: 'no.such' } }))
    const missing = 'driver name no.such not found in the list of registered CSI drivers'
    await waitFor(async () =>
      (await messages('unknown')).includes(`${prefix}SetUpAt failed to get CSI client: ${missing}`),
    )

    driver.before = ({ method }) => {
      if (method === 'NodeStageVolume') throw refusal(grpc.status.INTERNAL, 'disk is broken')
    }
    await claim('broken')
    await node.run('broken', withVolume(ofClaim('broken')))
    const broken =
      'MountVolume.MountDevice failed for volume "broken" : rpc error: code = Internal desc = disk is broken'
    await waitFor(async () => (await messages('broken')).includes(broken))
    // what never was there does not hold them back
    for (const name of ['mode', 'unknown', 'broken']) await remove(name)
    expect(driver.asked().filter((one) => one !== 'NodeStageVolume')).toEqual([])
  })

  it('are let go by the next kubelet when one dies in between', async () => {
    await declare({ attachRequired: false })
    await claim('between')
    const reached = Promise.withResolvers<void>()
    const never = new Promise<void>(() => undefined)
    driver.before = ({ method }) => {
      if (method !== 'NodePublishVolume') return undefined
      reached.resolve()
      return never
    }
    await node.run('between', withVolume(ofClaim('between')))
    await reached.promise
    const staging = request('NodeStageVolume')?.['staging_target_path']
    await node.stop()
    expect(await mountsBelow(rootDir)).toEqual([staging])
    // on an API server that knows nothing of the Pod
    node = await startTestNode(resources, { rootDir })
    await waitFor(() => driver.asked().at(-1) === 'NodeUnstageVolume')
    expect(driver.asked()).toEqual(['NodeStageVolume', 'NodePublishVolume', 'NodeUnpublishVolume', 'NodeUnstageVolume'])
    await waitFor(async () => (await readdir(path.join(rootDir, 'pods'))).length === 0)
    // it was asked; the rest of its work follows
    await waitFor(async () => (await mountsBelow(rootDir)).length === 0)
  })
})
