import { chmod, lstat, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withoutDrivers } from '../csi/driver.testing.ts'
import type { ObjectSource } from '../objects.ts'
import { container, pod } from '../pods/fixtures.ts'
import { VolumeManager } from './manager.ts'

const signal = new AbortController().signal
const addresses = { podIPs: [], hostIPs: ['192.0.2.1'] }

describe('a persistent volume', () => {
  let rootDir: string
  let place: string
  let manager: VolumeManager
  let claim: PersistentVolumeClaim | undefined
  let volume: PersistentVolume | undefined

  beforeEach(async () => {
    rootDir = await mkdtemp('/tmp/kubets-persistent-')
    place = path.join(rootDir, 'place')
    await mkdir(place)
    claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', uid: 'claim' },
      spec: { volumeName: 'pv' },
      status: { phase: 'Bound' },
    }
    volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv' },
      spec: { claimRef: { name: 'c', uid: 'claim' }, local: { path: place } },
    }
    const objects: ObjectSource = {
      configMap: () => Promise.resolve(undefined),
      secret: () => Promise.resolve(undefined),
      services: () => [],
      runtimeClass: () => Promise.resolve(undefined),
      token: () => Promise.reject(new Error('no tokens')),
      claim: (_, name) => Promise.resolve(name === claim?.metadata.name ? claim : undefined),
      csiDriver: () => Promise.resolve(undefined),
      volumeAttachment: () => Promise.resolve(undefined),
      patchClaimStatus: () => Promise.resolve(),
      persistentVolume: () => Promise.resolve(volume),
    }
    const allocatable = { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' }
    const clock = new FakeClock()
    const csi = withoutDrivers(rootDir, objects, clock)
    manager = new VolumeManager({ rootDir, objects, allocatable, csi, clock })
  })
  afterEach(() => rm(rootDir, { recursive: true }))

  const user = (
    source: Omit<Volume, 'name'> = { persistentVolumeClaim: { claimName: 'c' } },
    securityContext = {},
  ): Pod =>
    pod({
      containers: [container('a', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      volumes: [{ name: 'v', ...source }],
      securityContext,
    })
  const setUp = async (one: Pod) => {
    await manager.setUp(one, addresses, signal)
    return manager.find(one, 'v')
  }

  it('is where its node has it, and stays when the Pod goes', async () => {
    expect(await setUp(user())).toMatchObject({ path: place, readonly: false })
    const readOnly = user({ persistentVolumeClaim: { claimName: 'c', readOnly: true } })
    readOnly.metadata.uid = 'u2'
    expect(await setUp(readOnly)).toMatchObject({ path: place, readonly: true })
    await writeFile(path.join(place, 'data'), 'x')
    await manager.removePod(readOnly.metadata.uid ?? '', signal)
    expect((await lstat(path.join(place, 'data'))).size).toBe(1)
  })

  it('may be a folder of the host, which is made if it is to be', async () => {
    const hostPath = { path: path.join(place, 'made'), type: 'DirectoryOrCreate' }
    if (volume) volume.spec = { claimRef: volume.spec.claimRef, hostPath }
    expect((await setUp(user()))?.path).toBe(hostPath.path)
    expect((await lstat(hostPath.path)).isDirectory()).toBe(true)
  })

  const unprocessed =
    'Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: '
  it.each<[string, () => void, string]>([
    [
      'the claim is not there',
      () => (claim = undefined),
      'error processing PVC default/c: failed to fetch PVC from API server: persistentvolumeclaims "c" not found',
    ],
    [
      'the claim is not bound',
      () => (claim = claim && { ...claim, status: { phase: 'Pending' } }),
      'error processing PVC default/c: PVC is not bound',
    ],
    [
      'the claim goes',
      () => (claim = claim && { ...claim, metadata: { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      'error processing PVC default/c: PVC is being deleted',
    ],
    [
      'the volume is not there',
      () => (volume = undefined),
      'error processing PVC default/c: failed to fetch PV pv from API server: persistentvolumes "pv" not found',
    ],
    [
      "the volume is another's",
      () => (volume = volume && { ...volume, spec: { ...volume.spec, claimRef: { name: 'c', uid: 'other' } } }),
      'error processing PVC default/c: found PV object "pv" with a pv.Spec.ClaimRef.UID "other" that does not point to claim with UID "claim"',
    ],
    [
      'its folder is not there',
      () => (volume = volume && { ...volume, spec: { ...volume.spec, local: { path: '/no/such' } } }),
      'MountVolume.NewMounter initialization failed for volume "pv" : path "/no/such" does not exist',
    ],
    [
      'it is a device',
      () => (volume = volume && { ...volume, spec: { ...volume.spec, volumeMode: 'Block' } }),
      'error processing PVC default/c: volume v has volumeMode Block, but is specified in volumeMounts',
    ],
    [
      'it is of a kind that is not supported',
      () => (volume = volume && { ...volume, spec: { claimRef: volume.spec.claimRef, flocker: { datasetName: 'd' } } }),
      'MountVolume.SetUp failed for volume "pv" : volume kind flocker is not supported',
    ],
  ])('is refused in words when %s', async (_, change, message) => {
    change()
    await expect(setUp(user())).rejects.toThrow(message.startsWith('error') ? `${unprocessed}${message}` : message)
  })

  it('of an ephemeral volume is that of the claim made for the Pod', async () => {
    const one = user({ ephemeral: {} })
    const name = `${one.metadata.name ?? ''}-v`
    claim = claim && { ...claim, metadata: { ...claim.metadata, name, namespace: 'default' } }
    await expect(setUp(one)).rejects.toThrow(
      `PVC default/${name} was not created for pod default/${one.metadata.name ?? ''} (pod is not owner)`,
    )
    const owner = {
      apiVersion: 'v1',
      kind: 'Pod',
      name: one.metadata.name ?? '',
      uid: one.metadata.uid ?? '',
      controller: true,
    }
    claim = claim && { ...claim, metadata: { ...claim.metadata, ownerReferences: [owner] } }
    expect((await setUp(one))?.path).toBe(place)
  })

  it("is the fsGroup's, without following links", async () => {
    const outside = path.join(rootDir, 'outside')
    await writeFile(outside, 'x', { mode: 0o600 })
    await mkdir(path.join(place, 'folder'), { mode: 0o700 })
    await writeFile(path.join(place, 'folder', 'file'), 'x', { mode: 0o600 })
    await symlink(outside, path.join(place, 'link'))
    const owned = async (name: string): Promise<string> => {
      const { gid, mode } = await lstat(path.join(rootDir, name))
      return `${String(gid)} ${(mode & 0o7777).toString(8)}`
    }
    await setUp(user(undefined, { fsGroup: 4321 }))
    expect(await owned('place/folder')).toBe('4321 2770')
    expect(await owned('place/folder/file')).toBe('4321 660')
    expect(await owned('outside')).toBe('0 600')
    await chmod(path.join(place, 'folder', 'file'), 0o600)
    await setUp({
      ...user(undefined, { fsGroup: 4321, fsGroupChangePolicy: 'OnRootMismatch' }),
      metadata: { uid: 'u2' },
    })
    expect(await owned('place/folder/file')).toBe('4321 600')
  })
})
