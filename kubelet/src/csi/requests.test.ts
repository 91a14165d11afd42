import type { PersistentVolumeSpec } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { container, pod } from '../pods/fixtures.ts'
import type { Capability } from './driver.ts'
import { handleOf, lifecycleRefusal, podInfo, takesOwnership, volumeCapability, type CsiVolume } from './requests.ts'

const persistent = (spec: Partial<PersistentVolumeSpec> = {}, fsType?: string): CsiVolume => {
  const source = { driver: 'd', volumeHandle: 'h', ...(fsType !== undefined && { fsType }) }
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'pv' },
    spec: { csi: source, ...spec },
  }
  return { mode: 'Persistent', volume, source }
}
const inline: CsiVolume = { mode: 'Ephemeral', name: 'v', source: { driver: 'd', fsType: 'ext4' } }
const can = (...all: Capability[]): ReadonlySet<Capability> => new Set(all)

describe('volumeCapability', () => {
  it.each<[string[] | undefined, Capability[], string]>([
    [undefined, [], 'SINGLE_NODE_WRITER'],
    [['ReadWriteOnce', 'ReadWriteMany'], [], 'SINGLE_NODE_WRITER'],
    [['ReadWriteOncePod'], [], 'SINGLE_NODE_WRITER'],
    [['ReadWriteOnce'], ['SINGLE_NODE_MULTI_WRITER'], 'SINGLE_NODE_MULTI_WRITER'],
    [['ReadWriteOncePod'], ['SINGLE_NODE_MULTI_WRITER'], 'SINGLE_NODE_SINGLE_WRITER'],
    [['ReadOnlyMany'], [], 'MULTI_NODE_READER_ONLY'],
    [['ReadWriteMany'], [], 'MULTI_NODE_MULTI_WRITER'],
  ])('of %j for a driver that can %j is %s', (accessModes, able, mode) => {
    const one = persistent(accessModes && { accessModes })
    expect(volumeCapability(one, can(...able)).access_mode.mode).toBe(mode)
  })

  it('names file system, mount options and group', () => {
    const one = persistent({ mountOptions: ['noatime'] }, 'xfs')
    expect(volumeCapability(one, can('VOLUME_MOUNT_GROUP'), 7).mount).toEqual({
      fs_type: 'xfs',
      mount_flags: ['noatime'],
      volume_mount_group: '7',
    })
    expect(volumeCapability(one, can(), 7).mount?.volume_mount_group).toBe('')
    expect(volumeCapability(persistent({ volumeMode: 'Block' }, 'xfs'), can())).toEqual({
      access_mode: { mode: 'SINGLE_NODE_WRITER' },
      block: {},
    })
  })
})

describe('a volume of a driver', () => {
  it('has the handle of its PersistentVolume, or one of its own', () => {
    expect(handleOf(persistent(), 'u')).toBe('h')
    expect(handleOf(inline, 'u')).toBe('csi-e6184ce10e266134fdcfa401e8f1a95005bcd4f18d16b62b757323e2833fe9a9')
  })

  it('is told of its Pod', () => {
    const one = pod({ containers: [container('a')], serviceAccountName: 'sa' })
    expect(podInfo(one, 'Ephemeral')).toEqual({
      'csi.storage.k8s.io/pod.name': one.metadata.name,
      'csi.storage.k8s.io/pod.namespace': 'default',
      'csi.storage.k8s.io/pod.uid': 'u1',
      'csi.storage.k8s.io/serviceAccount.name': 'sa',
      'csi.storage.k8s.io/ephemeral': 'true',
    })
  })
})

describe('takesOwnership', () => {
  const policy = 'ReadWriteOnceWithFSType'
  const once = { accessModes: ['ReadWriteOnce'] }
  it.each<[string, CsiVolume, string, boolean, boolean]>([
    ['never, when the driver says so', persistent(once, 'ext4'), 'None', false, false],
    ['always, when the driver says so', persistent(), 'File', false, true],
    ['never what is read-only', persistent(), 'File', true, false],
    ['with a file system for one node', persistent(once, 'ext4'), policy, false, true],
    ['with a file system for one Pod', persistent({ accessModes: ['ReadWriteOncePod'] }, 'ext4'), policy, false, true],
    ['not without a file system', persistent(once), policy, false, false],
    ['not for many nodes', persistent({ accessModes: ['ReadWriteMany'] }, 'ext4'), policy, false, false],
    ['not without access modes', persistent({}, 'ext4'), policy, false, false],
    ["of a Pod's own volume", inline, policy, false, true],
  ])('%s', (_, one, says, readonly, expected) => expect(takesOwnership(one, says, readonly)).toBe(expected))
})

describe('lifecycleRefusal', () => {
  it.each<[CsiVolume['mode'], string[] | undefined, string | undefined]>([
    ['Persistent', undefined, undefined],
    ['Persistent', ['Persistent'], undefined],
    ['Ephemeral', ['Persistent', 'Ephemeral'], undefined],
    ['Ephemeral', undefined, 'volume mode "Ephemeral" not supported by driver d (no CSIDriver object)'],
    ['Ephemeral', ['Persistent'], 'volume mode "Ephemeral" not supported by driver d (only supports ["Persistent"])'],
  ])('%s of %j', (mode, modes, expected) => expect(lifecycleRefusal('d', mode, modes)).toBe(expected))
})
