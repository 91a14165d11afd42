import { mkdtemp, readFile, readdir, readlink, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Volume } from '@kubets/shared/api/types/core-v1.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { withoutDrivers } from '../csi/driver.testing.ts'
import type { ObjectSource, TokenQuestion } from '../objects.ts'
import { container, pod } from '../pods/fixtures.ts'
import type { VolumesError } from './errors.ts'
import { VolumeManager } from './manager.ts'
import { mountsBelow } from './mounts.ts'

const signal = new AbortController().signal
const volumeMounts = [{ name: 'v', mountPath: '/v' }]
const addresses = { podIPs: [], hostIPs: ['192.0.2.1'] }

describe('VolumeManager', () => {
  let rootDir: string
  let manager: VolumeManager
  let config: Record<string, string>
  let asked: TokenQuestion[]
  const clock = new FakeClock()

  beforeEach(async () => {
    rootDir = await realpath(await mkdtemp(path.join(tmpdir(), 'kubets-volumes-')))
    config = { greeting: 'hello', other: 'x' }
    asked = []
    const objects: ObjectSource = {
      configMap: (_, name) =>
        Promise.resolve(
          name === 'c' ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: config } : undefined,
        ),
      secret: (_, name) =>
        Promise.resolve({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { password: btoa('s3cret') } }),
      runtimeClass: () => Promise.resolve(undefined),
      services: () => [],
      claim: () => Promise.resolve(undefined),
      csiDriver: () => Promise.resolve(undefined),
      volumeAttachment: () => Promise.resolve(undefined),
      patchClaimStatus: () => Promise.resolve(),
      persistentVolume: () => Promise.resolve(undefined),
      token: (question) => {
        asked.push(question)
        return Promise.resolve({ token: `token ${asked.length}`, expiresAt: clock.now() + 3600_000 })
      },
    }
    const allocatable = { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' }
    const csi = withoutDrivers(rootDir, objects, clock)
    manager = new VolumeManager({ rootDir, objects, allocatable, csi, clock })
  })

  afterEach(async () => {
    await manager.removePod('u1', signal)
    expect(await mountsBelow(rootDir)).toEqual([])
    await rm(rootDir, { recursive: true })
  })

  const withVolume = (volume: Omit<Volume, 'name'>, securityContext = {}) =>
    pod({ containers: [container('a', { volumeMounts })], volumes: [{ name: 'v', ...volume }], securityContext })

  it('is made of huge pages when it asks for them', async () => {
    const emptyDir = { medium: 'HugePages' }
    const resources = { requests: { 'hugepages-2Mi': '2Mi', cpu: '1' } }
    const one = pod({ containers: [container('a', { resources, volumeMounts })], volumes: [{ name: 'v', emptyDir }] })
    await manager.setUp(one, addresses, signal)
    await manager.setUp(one, addresses, signal)
    const folder = manager.find(one, 'v')?.path ?? ''
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(folder))
    expect(mounts).toEqual([expect.stringMatching(/ hugetlbfs .*pagesize=2M/)])
    expect((await stat(folder)).mode & 0o7777).toBe(0o777)
    await manager.tearDown('u1', signal)
    await expect(manager.setUp(withVolume({ emptyDir }), addresses, signal)).rejects.toThrow(
      'medium HugePages: hugePages storage requested, but there is no resource request for huge pages',
    )
  })

  it('shows a config map and its changes', async () => {
    const one = withVolume({ configMap: { name: 'c' } })
    await manager.setUp(one, addresses, signal)
    const folder = manager.find(one, 'v')?.path ?? ''
    expect(await readFile(path.join(folder, 'greeting'), 'utf8')).toBe('hello')
    const before = await readlink(path.join(folder, '..data'))
    await manager.setUp(one, addresses, signal)
    expect(await readlink(path.join(folder, '..data'))).toBe(before)
    config = { greeting: 'goodbye' }
    await manager.setUp(one, addresses, signal)
    expect(await readFile(path.join(folder, 'greeting'), 'utf8')).toBe('goodbye')
    expect((await readdir(folder)).filter((name) => !name.startsWith('..'))).toEqual(['greeting'])
    expect(await readdir(folder)).toHaveLength(3)
  })

  it('chooses keys, paths and modes', async () => {
    const one = withVolume({ configMap: { name: 'c', items: [{ key: 'greeting', path: 'a/b', mode: 0o400 }] } })
    await manager.setUp(one, addresses, signal)
    const file = path.join(manager.find(one, 'v')?.path ?? '', 'a/b')
    expect(await readFile(file, 'utf8')).toBe('hello')
    expect((await stat(file)).mode & 0o777).toBe(0o400)
  })

  it.each([
    [{ configMap: { name: 'missing' } }, 'configmap "missing" not found'],
    [{ configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } }, 'configmap references non-existent config key: k'],
    [{ hostPath: { path: '/no/such', type: 'Directory' } }, 'hostPath type check failed: /no/such is not a directory'],
    [{ iscsi: { targetPortal: 't', iqn: 'i', lun: 0 } }, 'volume kind iscsi is not supported'],
  ])('refuses %o', async (volume, message) => {
    await expect(manager.setUp(withVolume(volume), addresses, signal)).rejects.toThrow(
      `MountVolume.SetUp failed for volume "v" : ${message}`,
    )
  })

  it('sets up what a container has, as far as that goes, and nothing else', async () => {
    const volumes = [
      { name: 'v', configMap: { name: 'missing' } },
      { name: 'there', configMap: { name: 'c' } },
      { name: 'unused', configMap: { name: 'missing' } },
      { name: 'device', persistentVolumeClaim: { claimName: 'none' } },
    ]
    const devices = [{ name: 'device', devicePath: '/dev/x' }]
    const init = container('b', { volumeMounts: [{ name: 'there', mountPath: '/t' }], volumeDevices: devices })
    const one = pod({ initContainers: [init], containers: [container('a', { volumeMounts })], volumes })
    const failure = await manager.setUp(one, addresses, signal).catch((error: unknown) => error)
    const { failures } = failure as VolumesError
    expect(failures.map(({ volume, error }) => [volume, error.message])).toEqual([
      ['v', 'MountVolume.SetUp failed for volume "v" : configmap "missing" not found'],
      ['device', expect.stringMatching(/^error processing PVC default\/none: failed to fetch PVC/)],
    ])
    expect(await readdir(path.join(manager.podDir('u1'), 'volumes/kubernetes.io~configmap'))).toEqual(['there'])
  })

  it('asks the machine to mount what another one offers, and tells what it says', async () => {
    const one = withVolume({ nfs: { server: '127.0.0.1', path: '/none', readOnly: true } })
    const place = path.join(rootDir, 'pods/u1/volumes/kubernetes.io~nfs/v')
    const failure = await manager.setUp(one, addresses, signal).catch((error: unknown) => (error as Error).message)
    expect(failure).toMatch(/^MountVolume\.SetUp failed for volume "v" : mount failed: exit status 32\n/)
    expect(failure).toContain(`Mounting arguments: -t nfs -o ro 127.0.0.1:/none ${place}\nOutput: mount`)
    expect(await readdir(path.dirname(place))).toEqual([])
  })

  it('keeps secrets in memory', async () => {
    const one = withVolume({ secret: { secretName: 's' } })
    await manager.setUp(one, addresses, signal)
    await manager.setUp(one, addresses, signal)
    const folder = manager.find(one, 'v')?.path ?? ''
    expect(await readFile(path.join(folder, 'password'), 'utf8')).toBe('s3cret')
    expect(await mountsBelow(rootDir)).toEqual([folder])
  })

  it('renews the token of a service account when four fifths of its life are over', async () => {
    const sources = [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ]
    const one = withVolume({ projected: { sources } }, { fsGroup: 1234 })
    const token = path.join(manager.find(one, 'v')?.path ?? '', 'token')
    await manager.setUp(one, addresses, signal)
    expect(await readFile(path.join(path.dirname(token), 'namespace'), 'utf8')).toBe('default')
    expect(await stat(token)).toMatchObject({ gid: 1234, mode: 0o100640 })
    await clock.advance(2879_000)
    await manager.setUp(one, addresses, signal)
    expect(await readFile(token, 'utf8')).toBe('token 1')
    await clock.advance(2000)
    await manager.setUp(one, addresses, signal)
    expect(await readFile(token, 'utf8')).toBe('token 2')
    expect(asked[0]).toMatchObject({ namespace: 'default', serviceAccount: 'default', pod: { uid: 'u1' } })
  })

  it('gives empty folders on disk and in memory', async () => {
    const disk = withVolume({ emptyDir: {} })
    await manager.setUp(disk, addresses, signal)
    const info = await stat(manager.find(disk, 'v')?.path ?? '')
    expect(info.mode & 0o7777).toBe(0o777)
    await manager.tearDown('u1', signal)
    const memory = withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } })
    await manager.setUp(memory, addresses, signal)
    expect(await mountsBelow(rootDir)).toHaveLength(1)
  })
})
