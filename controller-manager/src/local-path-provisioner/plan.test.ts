import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import { describe, expect, it } from 'vitest'
import { helperPod, makingPod, type Action } from './helper.ts'
import { plan, type Seen, type Step } from './plan.ts'
import { localPathClass, makeVolume, placeOf } from './volume.ts'

const config = { dir: '/data', image: 'i' }
const now = Date.parse('2026-01-01T00:01:00Z')
const volumeName = 'pvc-u'
const path = '/data/pvc-u_ns_c'

const claim = (spec: object = {}, annotations: object = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name: 'c',
    namespace: 'ns',
    uid: 'u',
    resourceVersion: '7',
    annotations: {
      'volume.kubernetes.io/storage-provisioner': 'rancher.io/local-path',
      'volume.kubernetes.io/selected-node': 'n1',
      ...annotations,
    },
  },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'local-path',
    volumeMode: 'Filesystem',
    ...spec,
  },
})
const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'host-1' } },
  spec: {},
}
const classOf = (more: Partial<StorageClass> = {}): StorageClass => ({ ...localPathClass([]), ...more })
const made = makeVolume(claim(), classOf(), node, config.dir)
const volume = (phase: string, spec: object = {}, metadata: object = {}): PersistentVolume => ({
  ...made,
  metadata: { ...made.metadata, ...metadata },
  spec: { ...made.spec, ...spec },
  status: { phase },
})
const helper = (action: Action, phase: string, more: object = {}, created = '2026-01-01T00:00:00Z'): Pod => {
  const pod = action === 'create' ? makingPod(made, 'i') : helperPod(action, volumeName, { node: 'n1', path }, 'i')
  return { ...pod, metadata: { ...pod.metadata, creationTimestamp: created, ...more }, status: { phase } }
}
const going = { deletionTimestamp: '2026-01-01T00:00:30Z' }

const decide = (seen: Partial<Seen>, storageClass: StorageClass | undefined = classOf()): Step =>
  plan(
    {
      claim: undefined,
      volume: undefined,
      creating: undefined,
      removing: undefined,
      storageClass: (name) => (name === 'local-path' ? storageClass : undefined),
      node: (name) => (name === 'n1' ? node : undefined),
      ...seen,
    },
    config,
    now,
  )
/** A step in a word or two, and what it tells. */
const short = (step: Step): string[] => {
  const told = 'told' in step ? step.told.map(({ reason, message }) => `${reason}: ${message}`) : []
  switch (step.step) {
    case 'start':
      return [`start ${step.pod.metadata.name ?? ''}`, ...told]
    case 'wait':
      return [`wait ${step.ms / 1000} s`]
    case 'end':
      return [`end ${step.pod.metadata.name ?? ''}`]
    case 'fail': {
      const more = [step.retry && 'retry', step.ended && 'end helper', step.unselect && 'unselect'].filter(Boolean)
      return [`fail ${more.join(', ')}`.trim(), ...told]
    }
    case 'create':
    case 'delete':
      return [`${step.step} ${step.volume.metadata.name ?? ''}`, ...told]
    default:
      return [step.step]
  }
}

const begins = 'Provisioning: External provisioner is provisioning volume for claim "ns/c"'
const failed = (why: string): string =>
  `ProvisioningFailed: failed to provision volume with StorageClass "local-path": ${why}`
const start = ['start helper-pod-create-pvc-u', begins]
const timeout = 'create process timeout after 120 seconds'
const old = '2025-12-31T23:59:00Z'

describe('a claim', () => {
  const modes = 'NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes'
  it.each<[string, Partial<Seen>, string[]]>([
    ['whose Pod has a node gets a folder there', { claim: claim() }, start],
    ['of the older annotation, too', { claim: claim({}, beta()) }, start],
    ['for one Pod', { claim: claim({ accessModes: ['ReadWriteOncePod'] }) }, start],
    ['waits for its Pod', { claim: claim({}, { 'volume.kubernetes.io/selected-node': '' }) }, ['nothing']],
    ['of another provisioner', { claim: claim({}, { 'volume.kubernetes.io/storage-provisioner': 'o' }) }, ['nothing']],
    ['that has a volume', { claim: claim({ volumeName: 'other' }) }, ['nothing']],
    ['of a class that is gone', { claim: claim({ storageClassName: 'gone' }) }, ['fail retry']],
    [
      'for a device',
      { claim: claim({ volumeMode: 'Block' }) },
      ['fail', 'ProvisioningFailed: rancher.io/local-path does not support block volume provisioning'],
    ],
    ['for many nodes', { claim: claim({ accessModes: ['ReadWriteMany'] }) }, ['fail retry', begins, failed(modes)]],
    [
      'for many readers, too',
      { claim: claim({ accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }) },
      ['fail retry', begins, failed(modes)],
    ],
    [
      'that chooses among volumes',
      { claim: claim({ selector: { matchLabels: { a: 'b' } } }) },
      ['fail retry', begins, failed('claim.Spec.Selector is not supported')],
    ],
    [
      'for another type of volume',
      { claim: claim({}, { volumeType: 'nfs' }) },
      [
        'fail retry',
        begins,
        failed('failed to create persistent volume source: "nfs" is not a recognised volume type'),
      ],
    ],
    [
      'whose node has gone needs another',
      { claim: claim({}, { 'volume.kubernetes.io/selected-node': 'n2' }) },
      ['fail unselect', 'ProvisioningFailed: nodes "n2" not found'],
    ],
    ['waits for the folder', { claim: claim(), creating: helper('create', 'Running') }, ['wait 60 s']],
    [
      'has its volume when there is a folder',
      { claim: claim(), creating: helper('create', 'Succeeded') },
      ['create pvc-u', 'ProvisioningSucceeded: Successfully provisioned volume pvc-u'],
    ],
    [
      'has it there, even if its Pod is to go elsewhere by now',
      {
        claim: claim({}, { 'volume.kubernetes.io/selected-node': 'n2' }),
        creating: helper('create', 'Succeeded'),
      },
      ['create pvc-u', 'ProvisioningSucceeded: Successfully provisioned volume pvc-u'],
    ],
    [
      'is told when nobody makes the folder',
      { claim: claim(), creating: helper('create', 'Pending', {}, old) },
      ['fail retry, end helper', failed(`failed to create volume pvc-u: ${timeout}`)],
    ],
    [
      'is told when it cannot be made',
      {
        claim: claim(),
        creating: {
          ...helper('create', ''),
          status: {
            phase: 'Failed',
            containerStatuses: [
              {
                name: 'helper-pod',
                image: 'i',
                imageID: '',
                ready: false,
                restartCount: 0,
                state: { terminated: { exitCode: 1, message: 'mkdir: Read-only file system\n' } },
              },
            ],
          },
        },
      },
      [
        'fail retry, end helper',
        failed(
          'failed to create volume pvc-u: helper pod helper-pod-create-pvc-u failed: mkdir: Read-only file system',
        ),
      ],
    ],
    [
      'waits for an earlier helper to go',
      { claim: claim(), creating: helper('create', 'Running', going) },
      ['nothing'],
    ],
    [
      'that is gone while its folder is made is waited for, too',
      { creating: helper('create', 'Running') },
      ['wait 60 s'],
    ],
    [
      'that is gone has a volume when there is a folder, so that it is removed',
      { creating: helper('create', 'Succeeded') },
      ['create pvc-u'],
    ],
    [
      'that is gone needs no folder that cannot be made',
      { creating: helper('create', 'Pending', {}, old) },
      ['fail retry, end helper'],
    ],
    [
      'has nothing of a helper that does not say what for',
      { claim: claim(), creating: helper('create', 'Succeeded', { annotations: {} }) },
      ['end helper-pod-create-pvc-u'],
    ],
    [
      'has nothing of a helper for another one',
      { claim: claim(), creating: helper('create', 'Succeeded', { name: 'helper-pod-create-pvc-v' }) },
      ['end helper-pod-create-pvc-v'],
    ],
    [
      'has its volume there, even if its class is gone by now',
      { claim: claim({ storageClassName: 'gone' }), creating: helper('create', 'Succeeded') },
      ['create pvc-u', 'ProvisioningSucceeded: Successfully provisioned volume pvc-u'],
    ],
    [
      'is gone, and so is what was made for it',
      { removing: helper('delete', 'Succeeded') },
      ['end helper-pod-delete-pvc-u'],
    ],
  ])('%s', (_, seen, expected) => {
    expect(short(decide(seen))).toEqual(expected)
  })

  it.each<[string, Partial<StorageClass>, string[]]>([
    [
      'without a node',
      { volumeBindingMode: 'Immediate' },
      ['fail retry', begins, failed('configuration error, no node was specified')],
    ],
    ['of a class that changed', { volumeBindingMode: 'Immediate', provisioner: 'o' }, ['nothing']],
    ['that waits for a Pod', {}, ['nothing']],
  ])('%s', (_, more, expected) => {
    const without = claim({}, { 'volume.kubernetes.io/selected-node': '' })
    expect(short(decide({ claim: without }, classOf(more)))).toEqual(expected)
  })

  it.each<[string, Record<string, string>, string[]]>([
    ['may say where, as long as it is there', { nodePath: '/data' }, start],
    ['not elsewhere', { nodePath: '/x' }, ['fail retry', begins, failed("config doesn't contain path /x on node n1")]],
    [
      'nor what is not known',
      { size: '1' },
      ['fail retry', begins, failed('StorageClass parameter "size" is not supported')],
    ],
    [
      'nor in what may be the folder of others',
      { pathPattern: 'all' },
      [
        'fail retry',
        begins,
        failed(
          'failed to create volume from pattern all: pathPattern must start with {{ .PVC.Namespace }}/{{ .PVC.Name }}/: all',
        ),
      ],
    ],
  ])('of a class with parameters %s', (_, parameters, expected) => {
    expect(short(decide({ claim: claim() }, classOf({ parameters })))).toEqual(expected)
  })
})

describe('a volume', () => {
  const failedDelete = (why: string): string =>
    `VolumeFailedDelete: failed to delete volume pvc-u: failed to delete volume pvc-u: ${why}`
  const removes = ['start helper-pod-delete-pvc-u']
  const hostPath = { local: undefined, hostPath: { path } }
  it.each<[string, Partial<Seen>, string[]]>([
    [
      'needs no helper once it is there',
      { volume: volume('Pending'), creating: helper('create', 'Succeeded') },
      ['end helper-pod-create-pvc-u'],
    ],
    ['is left alone', { volume: volume('Bound') }, ['nothing']],
    ['that was released loses its folder', { volume: volume('Released') }, removes],
    ['of the host’s files, too', { volume: volume('Released', hostPath) }, removes],
    ['waits for that', { volume: volume('Released'), removing: helper('delete', 'Pending') }, ['wait 60 s']],
    ['is gone then', { volume: volume('Released'), removing: helper('delete', 'Succeeded') }, ['delete pvc-u']],
    [
      'stays when that takes too long',
      { volume: volume('Released'), removing: helper('delete', 'Running', {}, old) },
      ['fail retry, end helper', failedDelete(timeout)],
    ],
    [
      'waits for an earlier helper to go',
      { volume: volume('Released'), removing: helper('delete', 'Failed', going) },
      ['nothing'],
    ],
    [
      'that is to be retained is',
      { volume: volume('Released', { persistentVolumeReclaimPolicy: 'Retain' }) },
      ['nothing'],
    ],
    [
      'that is to be retained by now, too',
      {
        volume: volume('Released', { persistentVolumeReclaimPolicy: 'Retain' }),
        removing: helper('delete', 'Pending'),
      },
      ['end helper-pod-delete-pvc-u'],
    ],
    ['that its user deletes is', { volume: volume('Released', {}, going) }, ['nothing']],
    ['goes with its node', { volume: volume('Released'), node: () => undefined }, ['delete pvc-u']],
    [
      'without a path',
      { volume: volume('Released', { local: undefined }) },
      ['fail retry', failedDelete('no path set')],
    ],
    [
      'that is all of a machine',
      { volume: volume('Released', { local: { path: '/a' } }) },
      [
        'fail retry',
        failedDelete('invalid path delete for /a: cannot find parent dir or volume dir or parent dir is relative'),
      ],
    ],
    [
      'for any node',
      { volume: volume('Released', { nodeAffinity: undefined }) },
      ['fail retry', failedDelete('no NodeAffinity set')],
    ],
  ])('%s', (_, seen, expected) => {
    expect(short(decide(seen))).toEqual(expected)
  })

  it('is for its node and its claim alone', () => {
    expect(made).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name: volumeName,
        annotations: {
          'local.path.provisioner/selected-node': 'n1',
          'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path',
        },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: 'ns',
          name: 'c',
          uid: 'u',
          resourceVersion: '7',
        },
        local: { path },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['host-1'] }] },
            ],
          },
        },
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'local-path',
        volumeMode: 'Filesystem',
      },
    })
    expect(placeOf(made)).toEqual({ node: 'n1', path })
  })

  it.each<[string, Partial<StorageClass>, string]>([
    ['its own', { parameters: { pathPattern: '{{ .PVC.Namespace }}/{{ .PVC.Name }}/x' } }, '/data/ns/c/x'],
    ['any', { parameters: { pathPattern: 'all', allowUnsafePathPattern: 'true' } }, '/data/all'],
    [
      'any, as it was said before there was a parameter',
      {
        parameters: { pathPattern: 'all' },
        metadata: { name: 'local-path', annotations: { allowUnsafePathPattern: 'true', defaultVolumeType: 'local' } },
      },
      '/data/all',
    ],
  ])('is in the folder that its class gives it: %s', (_, more, want) =>
    expect(makeVolume(claim(), classOf(more), node, '/data').spec.local?.path).toBe(want),
  )

  it.each<[string, object, object, object]>([
    ['as its class says', {}, { defaultVolumeType: 'hostPath' }, { hostPath: { path, type: 'DirectoryOrCreate' } }],
    ['as its claim says', { volumeType: 'Local' }, { defaultVolumeType: 'hostPath' }, { local: { path } }],
    ['as it was before there was a choice', {}, {}, { hostPath: { path, type: 'DirectoryOrCreate' } }],
  ])('is of the type %s', (_, onClaim, onClass, expected) => {
    const storageClass = classOf({ metadata: { name: 'local-path', annotations: { ...onClass } } })
    expect(makeVolume(claim({}, onClaim), storageClass, node, '/data').spec).toMatchObject(expected)
  })
})

describe('the class', () => {
  it('is for claims that name none, unless another is', () => {
    const mark = 'storageclass.kubernetes.io/is-default-class'
    expect(localPathClass([]).metadata.annotations?.[mark]).toBe('true')
    expect(localPathClass([localPathClass([])]).metadata.annotations?.[mark]).toBeUndefined()
  })
})

function beta(): object {
  return {
    'volume.kubernetes.io/storage-provisioner': undefined,
    'volume.beta.kubernetes.io/storage-provisioner': 'rancher.io/local-path',
  }
}
