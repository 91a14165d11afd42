import type { PersistentVolume, PersistentVolumeClaim } from '@kubets/shared/api/types/core-v1.ts'
import type { StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import { boundVolume } from '@kubets/shared/api/volume-binding.ts'
import { describe, expect, it } from 'vitest'
import { boundClaim, claimStatus, forProvisioner } from './bind.ts'
import { planClaim, type ClaimPlan } from './plan-claim.ts'
import { deleterOf, planVolume, unbound, type Deleter, type VolumePlan } from './plan-volume.ts'

const completed = { 'pv.kubernetes.io/bind-completed': 'yes' }
const byController = { 'pv.kubernetes.io/bound-by-controller': 'yes' }
const claimRef = { namespace: 'n', name: 'c', uid: 'u' }

const volume = (
  spec: Partial<PersistentVolume['spec']> = {},
  annotations?: Record<string, string>,
): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'v', annotations },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
})
const claim = (
  spec: Partial<PersistentVolumeClaim['spec']> = {},
  annotations?: Record<string, string>,
): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace: 'n', name: 'c', uid: 'u', resourceVersion: '7', annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const storageClass = (name: string, provisioner: string, more: Partial<StorageClass> = {}): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  ...more,
})
const classes = [
  storageClass('made', 'example.com/maker'),
  storageClass('late', 'example.com/maker', { volumeBindingMode: 'WaitForFirstConsumer' }),
  storageClass('local', 'kubernetes.io/no-provisioner'),
  storageClass('ebs', 'kubernetes.io/aws-ebs'),
]
const markedDefault = storageClass('usual', 'example.com/maker')
markedDefault.metadata.annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }

describe('a claim', () => {
  const event = (type: 'Normal' | 'Warning', reason: string, message: string) => ({ type, reason, message })
  const taken = volume({ claimRef: { namespace: 'n', name: 'd', uid: 'w' } })
  const late = { storageClassName: 'late' }
  it.each<[string, PersistentVolumeClaim, PersistentVolume[], ClaimPlan]>([
    ['a volume that fits', claim(), [volume()], { step: 'bind', volume: volume() }],
    [
      'neither a volume nor a class',
      claim({ storageClassName: '' }),
      [],
      {
        step: 'wait',
        event: event(
          'Normal',
          'FailedBinding',
          'no persistent volumes available for this claim and no storage class is set',
        ),
      },
    ],
    [
      'a class that makes volumes',
      claim({ storageClassName: 'made' }),
      [],
      { step: 'provision', provisioner: 'example.com/maker' },
    ],
    [
      'a class that a driver took over',
      claim({ storageClassName: 'ebs' }),
      [],
      { step: 'provision', provisioner: 'ebs.csi.aws.com' },
    ],
    [
      'a class that makes none',
      claim({ storageClassName: 'local' }),
      [],
      {
        step: 'refuse',
        event: event('Warning', 'ProvisioningFailed', 'no volume plugin matched name: kubernetes.io/no-provisioner'),
      },
    ],
    [
      'a class that is not there',
      claim({ storageClassName: 'gone' }),
      [],
      { step: 'refuse', event: event('Warning', 'ProvisioningFailed', 'storageclass.storage.k8s.io "gone" not found') },
    ],
    [
      'a class that waits for a Pod, and a volume that would fit',
      claim(late),
      [volume(late)],
      {
        step: 'wait',
        event: event('Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding'),
      },
    ],
    [
      'a class that waits, and a node',
      claim(late, { 'volume.kubernetes.io/selected-node': 'm' }),
      [],
      { step: 'provision', provisioner: 'example.com/maker' },
    ],
    [
      'a class that waits, and a volume that the scheduler chose',
      claim(late),
      [volume({ ...late, claimRef })],
      { step: 'bind', volume: volume({ ...late, claimRef }) },
    ],
    ['a name of no volume', claim({ volumeName: 'x' }), [volume()], { step: 'wait' }],
    ['the name of a volume', claim({ volumeName: 'v' }), [volume()], { step: 'bind', volume: volume() }],
    [
      'the name of a volume that does not do',
      claim({ volumeName: 'v', accessModes: ['ReadWriteMany'] }),
      [volume()],
      {
        step: 'wait',
        event: event('Warning', 'VolumeMismatch', 'Cannot bind to requested volume "v": incompatible accessMode'),
      },
    ],
    [
      'the name of a volume that another has',
      claim({ volumeName: 'v' }),
      [taken],
      { step: 'wait', event: event('Warning', 'FailedBinding', 'volume "v" already bound to a different claim.') },
    ],
    [
      'the name of such a volume, written by a controller',
      claim({ volumeName: 'v' }, byController),
      [taken],
      {
        step: 'refuse',
        event: event('Warning', 'FailedBinding', 'volume "v" already bound to a different claim.'),
        error: 'invalid binding of claim "n/c" to volume "v": volume already claimed by "n/d"',
      },
    ],
    [
      'lost the name of its volume',
      claim({}, completed),
      [volume()],
      {
        step: 'lose',
        event: event(
          'Warning',
          'ClaimLost',
          'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
        ),
      },
    ],
    [
      'lost its volume',
      claim({ volumeName: 'v' }, completed),
      [],
      {
        step: 'lose',
        event: event('Warning', 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!'),
      },
    ],
    [
      'a volume that another has too',
      claim({ volumeName: 'v' }, completed),
      [taken],
      {
        step: 'lose',
        event: event(
          'Warning',
          'ClaimMisbound',
          'Two claims are bound to the same volume, this one is bound incorrectly',
        ),
      },
    ],
    ['a volume that forgot it', claim({ volumeName: 'v' }, completed), [volume()], { step: 'bind', volume: volume() }],
  ])('that has %s', (_, given, volumes, plan) => {
    expect(planClaim(given, { volumes, classes, waitingPods: [] })).toEqual(plan)
  })

  it('gets the default class when there is one by now, unless it asks for none', () => {
    const world = { volumes: [], classes: [...classes, markedDefault], waitingPods: [] }
    expect(planClaim(claim(), world)).toEqual({ step: 'assign-class', name: 'usual' })
    expect(planClaim(claim({ storageClassName: '' }), world).step).toBe('wait')
  })

  it.each([
    [['a'], 'waiting for pod a to be scheduled'],
    [['a', 'b'], 'waiting for pods a,b to be scheduled'],
  ])('names the Pods %j that wait', (waitingPods, message) => {
    const plan = planClaim(claim(late), { volumes: [], classes, waitingPods })
    expect(plan).toEqual({ step: 'wait', event: event('Normal', 'WaitForPodScheduled', message) })
  })
})

describe('a volume', () => {
  const other = claim({ volumeName: 'w' })
  const made = { 'pv.kubernetes.io/provisioned-by': 'example.com/maker' }
  it.each<[string, PersistentVolume, PersistentVolumeClaim | undefined, VolumePlan]>([
    ['without a claim', volume(), undefined, { step: 'phase', phase: 'Available' }],
    [
      'that a user kept for a claim',
      volume({ claimRef: { namespace: 'n', name: 'c' } }),
      undefined,
      { step: 'phase', phase: 'Available' },
    ],
    ['whose claim is gone', volume({ claimRef }), undefined, { step: 'reclaim' }],
    ['whose claim does not know of it', volume({ claimRef }), claim(), { step: 'look-at-claim' }],
    ['whose claim knows of it', volume({ claimRef }), claim({ volumeName: 'v' }), { step: 'phase', phase: 'Bound' }],
    ['whose claim has another', volume({ claimRef }), other, { step: 'unbind' }],
    [
      'that was made for a claim which has another',
      volume({ claimRef, persistentVolumeReclaimPolicy: 'Delete' }, made),
      other,
      { step: 'reclaim' },
    ],
    [
      'of another mode than its claim',
      volume({ claimRef, volumeMode: 'Block' }),
      claim(),
      {
        step: 'mismatch',
        onVolume: 'Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.',
        onClaim: 'Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.',
      },
    ],
  ])('%s', (_, given, of, plan) => {
    expect(planVolume(given, of)).toEqual(plan)
  })

  it('is unbound as it was bound', () => {
    const back = unbound(volume({ claimRef }, { ...byController, a: 'b' }))
    expect([back.spec.claimRef, back.metadata.annotations]).toEqual([undefined, { a: 'b' }])
    expect(unbound(volume({ claimRef })).spec.claimRef).toEqual({ namespace: 'n', name: 'c', uid: undefined })
  })

  it.each<[string, PersistentVolume, Deleter]>([
    ['by its provisioner', volume({}, made), { by: 'others' }],
    ['here, a folder below /tmp', volume({ hostPath: { path: '/tmp/x' } }), { by: 'host-path', path: '/tmp/x' }],
    [
      'nowhere, another folder',
      volume({ hostPath: { path: '/data' } }),
      { error: 'host_path deleter only supports /tmp/.+ but received provided /data' },
    ],
    [
      'nowhere, a disk',
      volume({ local: { path: '/disk' } }),
      { error: 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched' },
    ],
    [
      'nowhere, what something of old made',
      volume({}, { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/rbd' }),
      { error: 'no volume plugin matched name: kubernetes.io/rbd' },
    ],
  ])('is deleted %s', (_, given, deleter) => {
    expect(deleterOf(given)).toEqual(deleter)
  })
})

describe('a binding', () => {
  it('says in the volume whose it is, and that a user did not', () => {
    const bound = boundVolume(volume(), claim())
    const ref = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', resourceVersion: '7', ...claimRef }
    expect([bound.spec.claimRef, bound.metadata.annotations]).toEqual([ref, byController])
    expect(boundVolume(bound, claim())).toBe(bound)
    const byUser = boundVolume(volume({ claimRef: { namespace: 'n', name: 'c' } }), claim())
    expect([byUser.spec.claimRef, byUser.metadata.annotations]).toEqual([ref, undefined])
  })

  it('says in the claim which it has', () => {
    const bound = boundClaim(claim(), volume())
    expect([bound.spec.volumeName, bound.metadata.annotations]).toEqual(['v', { ...byController, ...completed }])
    expect(boundClaim(bound, volume())).toBe(bound)
    expect(boundClaim(claim({ volumeName: 'v' }), volume()).metadata.annotations).toEqual(completed)
  })

  it('shows in the status, which is left to others from then on', () => {
    const status = { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } }
    expect(claimStatus({ ...claim(), status: { phase: 'Pending' } }, 'Bound', volume())).toEqual(status)
    const grown = volume({ capacity: { storage: '5Gi' } })
    expect(claimStatus({ ...claim(), status }, 'Bound', grown)).toEqual(status)
    expect(claimStatus({ ...claim(), status }, 'Lost')).toEqual({ phase: 'Lost' })
    const resized = volume(
      { capacity: { storage: '5Gi' } },
      { 'volume.alpha.kubernetes.io/pre-resize-capacity': '1Gi' },
    )
    expect(claimStatus(claim(), 'Bound', resized).capacity).toEqual({ storage: '1Gi' })
    const withAttributes = claimStatus(claim(), 'Bound', volume({ volumeAttributesClassName: 'fast' }))
    expect(withAttributes.currentVolumeAttributesClassName).toBe('fast')
  })

  it('names the provisioner in both words', () => {
    const marked = forProvisioner(claim(), 'p')
    expect(marked.metadata.annotations).toEqual({
      'volume.beta.kubernetes.io/storage-provisioner': 'p',
      'volume.kubernetes.io/storage-provisioner': 'p',
    })
    expect(forProvisioner(marked, 'p')).toBe(marked)
  })
})
