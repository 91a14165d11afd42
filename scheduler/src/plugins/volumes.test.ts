import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '@kubets/shared/api/types/core-v1.ts'
import type { CSINode, StorageClass } from '@kubets/shared/api/types/storage-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod, storageOf } from '../cases.ts'
import { isRejection, type Plugin } from '../framework/plugin.ts'
import { AssumedVolumes } from '../volumes/assumed.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { volumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

const zone = 'topology.kubernetes.io/zone'
const nodes = [
  node('a', { labels: { [zone]: 'z1' } }),
  node('b', { labels: { [zone]: 'z2' } }),
  node('nowhere', { labels: { disk: 'fast' } }),
]

interface ClaimCase {
  volume?: string
  storageClass?: string
  modes?: string[]
  size?: string
  phase?: string
  /** The node that was chosen for it. */
  chosen?: string
  owner?: string
  leaving?: boolean
}
const claim = (name: string, options: ClaimCase = {}): PersistentVolumeClaim => {
  const { volume, storageClass = 'later', modes = ['ReadWriteOnce'], size = '1Gi', phase, chosen, owner } = options
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion: '1',
      annotations: {
        ...(volume ? { 'pv.kubernetes.io/bind-completed': 'yes' } : {}),
        ...(chosen ? { 'volume.kubernetes.io/selected-node': chosen } : {}),
      },
      ...(owner
        ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: owner, controller: true }] }
        : {}),
      ...(options.leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      accessModes: modes,
      storageClassName: storageClass,
      resources: { requests: { storage: size } },
      ...(volume ? { volumeName: volume } : {}),
    },
    ...(phase ? { status: { phase } } : {}),
  }
}
interface VolumeCase {
  /** Reachable from the nodes of this zone alone. */
  only?: string
  labels?: Record<string, string>
  size?: string
  handle?: string
}
const volume = (name: string, { only, labels, size = '1Gi', handle }: VolumeCase = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, resourceVersion: '1', ...(labels ? { labels } : {}) },
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: size },
    storageClassName: 'later',
    ...(handle ? { csi: { driver: 'csi.example.com', volumeHandle: handle } } : { hostPath: { path: '/data' } }),
    ...(only
      ? {
          nodeAffinity: {
            required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: [only] }] }] },
          },
        }
      : {}),
  },
})
const storageClass = (name: string, volumeBindingMode: string, more: Partial<StorageClass> = {}): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'kubernetes.io/no-provisioner',
  volumeBindingMode,
  ...more,
})
const later = 'WaitForFirstConsumer'
const classes = [
  storageClass('later', later),
  storageClass('now', 'Immediate'),
  storageClass('made', later, { provisioner: 'csi.example.com' }),
  storageClass('made-in-z2', later, {
    provisioner: 'csi.example.com',
    allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: ['z2'] }] }],
  }),
]
const using = (...claims: string[]): Pod =>
  pod('p', {
    spec: { volumes: claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })) },
  })
const withEphemeral = pod('p', { spec: { volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: {} } } }] } })

/** The nodes that pass, or what is said of them; one word when no node was looked at. */
function verdicts(plugin: Plugin, incoming: Pod, running: Pod[] = []): string | string[] {
  const cache = cacheOf(nodes, running)
  const filter = plugin.preFilter?.(podInfo(incoming), cache)
  if (isRejection(filter)) return filter.reasons.join(', ')
  return cache.nodes.map((each) => {
    const rejection = filter?.(each)
    return rejection ? `${each.name}: ${rejection.reasons.join(', ')}` : each.name
  })
}

type Storage = Parameters<typeof storageOf>[0]
const everywhere = ['a', 'b', 'nowhere']
const affinity = (name: string): string => `${name}: node(s) had volume node affinity conflict`
const noVolume = (name: string): string => `${name}: node(s) didn't find available persistent volumes to bind`
const noSpace = (name: string): string => `${name}: node(s) did not have enough free storage`

describe('VolumeBinding', () => {
  it.each<[string, Pod, Storage, string | string[]]>([
    ['a Pod without claims', pod('p'), {}, everywhere],
    ['a claim that is not there', using('c'), {}, 'persistentvolumeclaim "c" not found'],
    [
      'a claim that is going',
      using('c'),
      { claims: [claim('c', { leaving: true })] },
      'persistentvolumeclaim "c" is being deleted',
    ],
    [
      'a claim that lost its volume',
      using('c'),
      { claims: [claim('c', { volume: 'v', phase: 'Lost' })] },
      'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"',
    ],
    [
      'an ephemeral claim that is yet to come',
      withEphemeral,
      {},
      'waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v"',
    ],
    [
      "somebody else's claim of that name",
      withEphemeral,
      { claims: [claim('p-v', { owner: 'uid-other' })] },
      'PVC default/p-v was not created for pod default/p (pod is not owner)',
    ],
    [
      'its own',
      withEphemeral,
      { claims: [claim('p-v', { owner: 'uid-p', volume: 'v' })], volumes: [volume('v')] },
      everywhere,
    ],
    [
      'a claim that waits for the controller',
      using('c'),
      { claims: [claim('c', { storageClass: 'now' })] },
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'a claim of an unknown class',
      using('c'),
      { claims: [claim('c', { storageClass: 'unknown' })] },
      'pod has unbound immediate PersistentVolumeClaims',
    ],
    [
      'a bound claim whose volume is in one zone',
      using('c'),
      { claims: [claim('c', { volume: 'v' })], volumes: [volume('v', { only: 'z2' })] },
      [affinity('a'), 'b', affinity('nowhere')],
    ],
    [
      'a bound claim whose volume is gone',
      using('c'),
      { claims: [claim('c', { volume: 'v' })] },
      everywhere.map((name) => `${name}: node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)`),
    ],
    [
      'a claim that finds its volume in one zone',
      using('c'),
      { claims: [claim('c')], volumes: [volume('v', { only: 'z1' }), volume('small', { size: '1Mi' })] },
      ['a', noVolume('b'), noVolume('nowhere')],
    ],
    [
      'two claims for one volume',
      using('c', 'd'),
      { claims: [claim('c'), claim('d')], volumes: [volume('v'), volume('w', { only: 'z2' })] },
      [noVolume('a'), 'b', noVolume('nowhere')],
    ],
    [
      'two claims, of which the larger needs the larger volume',
      using('large', 'small'),
      {
        claims: [claim('large', { size: '2Gi' }), claim('small')],
        volumes: [volume('v', { size: '5Gi' }), volume('w')],
      },
      everywhere,
    ],
    ['a volume that can be made', using('c'), { claims: [claim('c', { storageClass: 'made' })] }, everywhere],
    [
      'a volume that can be made in one zone',
      using('c'),
      { claims: [claim('c', { storageClass: 'made-in-z2' })] },
      [noVolume('a'), 'b', noVolume('nowhere')],
    ],
    [
      'a volume that is being made for a node',
      using('c'),
      { claims: [claim('c', { storageClass: 'made', chosen: 'b' })] },
      [noVolume('a'), 'b', noVolume('nowhere')],
    ],
    [
      'a volume for which there is space in one zone',
      using('c'),
      {
        claims: [claim('c', { storageClass: 'made', size: '5Gi' })],
        drivers: [
          {
            apiVersion: 'storage.k8s.io/v1',
            kind: 'CSIDriver',
            metadata: { name: 'csi.example.com' },
            spec: { storageCapacity: true },
          },
        ],
        capacities: [
          { name: 'z1', capacity: '10Gi' },
          { name: 'z2', capacity: '10Gi', maximumVolumeSize: '4Gi' },
        ].map(({ name, ...sizes }) => ({
          apiVersion: 'storage.k8s.io/v1',
          kind: 'CSIStorageCapacity',
          metadata: { name, namespace: 'default' },
          storageClassName: 'made',
          nodeTopology: { matchLabels: { [zone]: name } },
          ...sizes,
        })),
      },
      ['a', noSpace('b'), noSpace('nowhere')],
    ],
    [
      'more than one reason',
      using('bound', 'free'),
      {
        claims: [claim('bound', { volume: 'v' }), claim('free', { size: '9Gi' })],
        volumes: [volume('v', { only: 'z1' })],
      },
      [
        noVolume('a'),
        "b: node(s) had volume node affinity conflict, node(s) didn't find available persistent volumes to bind",
        "nowhere: node(s) had volume node affinity conflict, node(s) didn't find available persistent volumes to bind",
      ],
    ],
  ])('%s', (_name, incoming, storage, want) => {
    const objects = new AssumedVolumes(storageOf({ classes, ...storage }))
    expect(verdicts(volumeBinding(objects, { bind: () => Promise.resolve() }), incoming)).toEqual(want)
  })

  it('promises volumes and places to one Pod at a time, and takes them back', async () => {
    const objects = new AssumedVolumes(
      storageOf({
        classes,
        claims: [claim('c'), claim('d'), claim('m', { storageClass: 'made' })],
        volumes: [volume('v')],
      }),
    )
    const told: object[] = []
    const plugin = volumeBinding(objects, { bind: async (_pod, _node, volumes) => void told.push(volumes) })
    const cache = cacheOf(nodes)
    const first = podInfo(using('c', 'm'))
    const place = cache.node('a')
    if (!place) throw new Error('there is no node')
    expect(plugin.willPreBind?.(first)).toBe(false)
    expect(plugin.reserve?.(first, place)).toBeUndefined()
    expect(plugin.willPreBind?.(first)).toBe(true)
    expect(objects.volume('v')).toMatchObject({
      metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
      spec: { claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c', uid: 'uid-c' } },
    })
    expect(objects.claim('default/m')?.metadata.annotations).toMatchObject({
      'volume.kubernetes.io/selected-node': 'a',
    })
    const second = using('d')
    expect(verdicts(plugin, second)).toEqual(everywhere.map(noVolume))
    plugin.unreserve?.(first, 'a')
    expect(verdicts(plugin, second)).toEqual(everywhere)
    plugin.reserve?.(first, place)
    await plugin.preBind?.(first, 'a', new AbortController().signal)
    expect(told).toMatchObject([{ bindings: [{ claim: { metadata: { name: 'c' } } }], provisions: [{}] }])
    expect(plugin.willPreBind?.(first)).toBe(false)
  })
})

const disk = (source: Omit<Volume, 'name'>, more: Parameters<typeof pod>[1] = {}): Pod =>
  pod(more.on ? 'other' : 'p', { ...more, spec: { volumes: [{ name: 'v', ...source }] } })
const inUse = ['a: node(s) had no available disk', 'b', 'nowhere']
const rbd = (monitors: string[], readOnly = false) => ({ rbd: { monitors, image: 'i', pool: 'p', readOnly } })
const iscsi = (lun: number, readOnly = false) => ({ iscsi: { targetPortal: 't', iqn: 'q', lun, readOnly } })

describe('VolumeRestrictions', () => {
  it.each<[string, Omit<Volume, 'name'>, Omit<Volume, 'name'>, string[]]>([
    ['a disk', { gcePersistentDisk: { pdName: 'd' } }, { gcePersistentDisk: { pdName: 'd' } }, inUse],
    [
      'a disk that both only read',
      { gcePersistentDisk: { pdName: 'd', readOnly: true } },
      { gcePersistentDisk: { pdName: 'd', readOnly: true } },
      everywhere,
    ],
    ['another disk', { gcePersistentDisk: { pdName: 'd' } }, { gcePersistentDisk: { pdName: 'e' } }, everywhere],
    [
      'an EBS volume, read or not',
      { awsElasticBlockStore: { volumeID: 'd', readOnly: true } },
      { awsElasticBlockStore: { volumeID: 'd', readOnly: true } },
      inUse,
    ],
    ['an iSCSI target, whatever the unit', iscsi(0), iscsi(1), inUse],
    ['an iSCSI target that both only read', iscsi(0, true), iscsi(0, true), everywhere],
    ['an RBD image by one of its monitors', rbd(['x', 'y']), rbd(['y', 'z']), inUse],
    ['an RBD image of other monitors', rbd(['x']), rbd(['z']), everywhere],
  ])('%s', (_name, ours, theirs, want) => {
    expect(verdicts(volumeRestrictions(storageOf()), disk(ours), [disk(theirs, { on: 'a' })])).toEqual(want)
  })

  const alone = { claims: [claim('c', { modes: ['ReadWriteOncePod'] }), claim('d')] }
  const user = (name: string): Pod => pod('other', { on: 'b', spec: { volumes: using(name).spec.volumes ?? [] } })
  const taken = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'

  it.each<[string, string, Pod[], string | string[]]>([
    ['a claim for one Pod that has none', 'c', [], everywhere],
    ['a claim for one Pod that has one', 'c', [user('c')], everywhere.map((name) => `${name}: ${taken}`)],
    ['a claim for many', 'd', [user('d')], everywhere],
    ['a claim that is not there', 'e', [], 'persistentvolumeclaim "e" not found'],
  ])('%s', (_name, name, running, want) => {
    const found = verdicts(volumeRestrictions(storageOf(alone)), using(name), running)
    expect(found).toEqual(want)
  })

  it('has room again when the Pod that uses the claim would go', () => {
    const other = user('c')
    const cache = cacheOf(nodes, [other])
    const filter = volumeRestrictions(storageOf(alone)).preFilter?.(podInfo(using('c')), cache)
    const place = cache.node('b')
    if (typeof filter !== 'function' || !place) throw new Error('there is no filter')
    filter.shift?.(podInfo(other), place, -1)
    expect(filter(place)).toBeUndefined()
  })
})

describe('VolumeZone', () => {
  const away = (name: string): string => `${name}: node(s) had no available volume zone`
  const labelled = (labels: Record<string, string>): Storage => ({
    claims: [claim('c', { volume: 'v' })],
    volumes: [volume('v', { labels })],
  })
  it.each<[string, Storage, string | string[]]>([
    ['a volume without a zone', labelled({}), everywhere],
    ['a volume of one zone', labelled({ [zone]: 'z2' }), [away('a'), 'b', 'nowhere']],
    ['a volume of two zones', labelled({ [zone]: 'z1__z2' }), everywhere],
    [
      'a volume that says so with an old label',
      labelled({ 'failure-domain.beta.kubernetes.io/zone': 'z1' }),
      ['a', away('b'), 'nowhere'],
    ],
    [
      'a region that no node names',
      labelled({ 'topology.kubernetes.io/region': 'r' }),
      [away('a'), away('b'), 'nowhere'],
    ],
    ['a claim that waits for its Pod', { claims: [claim('c')] }, everywhere],
    ['a claim that does not', { claims: [claim('c', { storageClass: 'now' })] }, 'PersistentVolume had no name'],
    [
      'a claim without class and volume',
      { claims: [claim('c', { storageClass: '' })] },
      'PersistentVolumeClaim had no pv name and storageClass name',
    ],
    [
      'a claim of an unknown class',
      { claims: [claim('c', { storageClass: 'unknown' })] },
      'storageclass.storage.k8s.io "unknown" not found',
    ],
    ['a claim that is not there', {}, 'persistentvolumeclaim "c" not found'],
    ['a volume that is not there', { claims: [claim('c', { volume: 'v' })] }, 'persistentvolume "v" not found'],
  ])('%s', (_name, storage, want) => {
    expect(verdicts(volumeZone(storageOf({ classes, ...storage })), using('c'))).toEqual(want)
  })
})

describe('NodeVolumeLimits', () => {
  const csiNode = (name: string, count?: number): CSINode => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name },
    spec: {
      drivers: [
        {
          name: 'csi.example.com',
          nodeID: name,
          topologyKeys: [],
          ...(count === undefined ? {} : { allocatable: { count } }),
        },
      ],
    },
  })
  const storage: Storage = {
    classes,
    claims: [
      ...['1', '2', '3'].map((id) => claim(`c${id}`, { volume: `v${id}` })),
      claim('new', { storageClass: 'made' }),
      claim('plain', { volume: 'path' }),
    ],
    volumes: [...['1', '2', '3'].map((id) => volume(`v${id}`, { handle: id })), volume('path')],
    csiNodes: [csiNode('a', 2), csiNode('b')],
  }
  const full = ['a: node(s) exceed max volume count', 'b', 'nowhere']
  const running = (...claims: string[]): Pod => {
    return pod('other', { on: 'a', spec: { volumes: using(...claims).spec.volumes ?? [] } })
  }
  const attachment = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name: 'x' },
    spec: { attacher: 'csi.example.com', nodeName: 'a', source: { persistentVolumeName: 'v2' } },
  }
  it.each<[string, string[], Pod[], Storage, string[]]>([
    ['as many as the node can attach', ['c1', 'c2'], [], {}, everywhere],
    ['more than that', ['c1', 'c2', 'c3'], [], {}, full],
    ['more than is left', ['c2', 'c3'], [running('c1')], {}, full],
    ['one that is there already', ['c1', 'c2'], [running('c1')], {}, everywhere],
    ['one that is yet to be made', ['new'], [running('c1', 'c2')], {}, full],
    ['one that another Pod left attached', ['c3'], [running('c1')], { attachments: [attachment] }, full],
    ['no volume of a driver', ['plain'], [running('c1', 'c2', 'c3')], {}, everywhere],
  ])('%s', (_name, claims, others, more, want) => {
    expect(verdicts(nodeVolumeLimits(storageOf({ ...storage, ...more })), using(...claims), others)).toEqual(want)
  })

  const ebs = 'ebs.csi.aws.com'
  const portworx = 'pxd.portworx.com'
  const migrating = (name: string, count?: number, annotations: Record<string, string> = {}): CSINode => ({
    ...csiNode(name),
    metadata: { name, annotations },
    spec: {
      drivers: [ebs, portworx].map((driver) => ({
        name: driver,
        nodeID: name,
        topologyKeys: [],
        ...(count === undefined ? {} : { allocatable: { count } }),
      })),
    },
  })
  const inTree = (name: string, source: object): PersistentVolume => {
    const { hostPath: _, ...spec } = volume(name).spec ?? { hostPath: undefined }
    return { ...volume(name), spec: { ...spec, ...source } }
  }
  const disk = (volumeID: string) => ({ awsElasticBlockStore: { volumeID } })
  const inline = (...sources: object[]): Pod =>
    pod('p', { spec: { volumes: sources.map((source, i) => ({ name: `v${String(i)}`, ...source })) } })
  const listed = { 'storage.alpha.kubernetes.io/migrated-plugins': 'kubernetes.io/portworx-volume' }
  const old: Storage = {
    classes: [...classes, storageClass('old', later, { provisioner: 'kubernetes.io/aws-ebs' })],
    claims: [
      claim('c1', { volume: 'e1' }),
      claim('c2', { volume: 'e2' }),
      claim('px', { volume: 'px' }),
      claim('made', { volume: 'csi' }),
      claim('new', { storageClass: 'old' }),
    ],
    volumes: [
      inTree('e1', disk('vol-1')),
      inTree('e2', disk('aws://us-east-1a/vol-2')),
      inTree('px', { portworxVolume: { volumeID: 'p1' } }),
      inTree('csi', { csi: { driver: ebs, volumeHandle: 'vol-1' } }),
    ],
    csiNodes: [migrating('a', 1), migrating('b')],
  }
  it.each<[string, Pod, Pod[], Storage, string[]]>([
    ['as many as their driver can attach', using('c1'), [], {}, everywhere],
    ['more than that', using('c1', 'c2'), [], {}, full],
    ['one that the driver knows by another object', using('c1', 'made'), [], {}, everywhere],
    ['one more in the Pod itself', inline(disk('vol-1'), disk('aws://us-east-1a/vol-9')), [], {}, full],
    ['one beside that of a Pod that is there', using('c1'), [{ ...inline(disk('vol-3')) }], {}, full],
    ['one that is yet to be made', using('c1', 'new'), [], {}, full],
    [
      'those of a plugin that the node does not say is migrated',
      inline(...['1', '2'].map((volumeID) => ({ portworxVolume: { volumeID } }))),
      [],
      {},
      everywhere,
    ],
    [
      'those of a plugin that the node says is migrated',
      inline(...['1', '2'].map((volumeID) => ({ portworxVolume: { volumeID } }))),
      [],
      { csiNodes: [migrating('a', 1, listed)] },
      full,
    ],
  ])('of what drivers took over from Kubernetes: %s', (_name, incoming, others, more, want) => {
    const on = others.map((one) => ({ ...one, spec: { ...one.spec, nodeName: 'a' } }))
    expect(verdicts(nodeVolumeLimits(storageOf({ ...old, ...more })), incoming, on)).toEqual(want)
  })
})
