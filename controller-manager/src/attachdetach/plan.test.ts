import { attachmentName, uniqueNameOf, volumeIdOf } from '@kubets/shared/api/csi-volumes.ts'
import type { Node, PersistentVolume, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { VolumeAttachment } from '@kubets/shared/api/types/storage-v1.ts'
import { describe, expect, it } from 'vitest'
import { listed, sameForVolumes, sameList } from './listed.ts'
import { noMemory, plan } from './plan.ts'
import type { Memory, VolumeSeen } from './plan.ts'
import { isManaged, mayBeOnSeveralNodes, needsAttach, needsVolumes } from './wanted.ts'

const uniqueName = 'kubernetes.io/csi/csi.example.com^vol-1'
const minute = 60_000

const volume = (accessModes = ['ReadWriteOnce']): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'pv1' },
  spec: { accessModes, csi: { driver: 'csi.example.com', volumeHandle: 'vol-1' } },
})

interface NodeLike {
  inUse?: boolean
  attached?: boolean
  ready?: boolean
  taint?: string
}
const node = (name: string, { inUse, attached, ready = true, taint }: NodeLike = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } },
  spec: taint === undefined ? {} : { taints: [{ key: taint, effect: 'NoExecute' }] },
  status: {
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
    volumesInUse: inUse ? [uniqueName] : [],
    volumesAttached: attached ? [{ name: uniqueName, devicePath: '' }] : [],
  },
})

const pod = (name: string, namespace = 'here'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [] },
})

const attachment = (
  nodeName: string,
  state: Partial<VolumeAttachment['status']> = { attached: true },
  deleted = false,
): VolumeAttachment => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  metadata: { name: `to-${nodeName}`, deletionTimestamp: deleted ? '2026-01-01T00:00:00Z' : undefined },
  spec: { attacher: 'csi.example.com', nodeName, source: { persistentVolumeName: 'pv1' } },
  status: { attached: false, ...state },
})

interface Given {
  volume?: PersistentVolume | undefined
  wanted?: Record<string, Pod[]>
  attachments?: VolumeAttachment[]
  nodes?: Node[]
  memory?: Partial<Memory>
  neverForce?: boolean
}
const look = (given: Given, now = 0): { does: string[]; next: number | undefined; memory: Memory } => {
  const seen: VolumeSeen = {
    uniqueName,
    id: { driver: 'csi.example.com', handle: 'vol-1' },
    volume: 'volume' in given ? given.volume : volume(),
    wanted: new Map(Object.entries(given.wanted ?? {})),
    attachments: given.attachments ?? [],
    node: (name) => given.nodes?.find(({ metadata }) => metadata.name === name),
    neverForce: given.neverForce ?? false,
    memory: { ...noMemory, ...given.memory },
  }
  const { steps, memory, nextLookMs } = plan(seen, now)
  const does = steps.map((step) => {
    if (step.step === 'tell') return `${step.pod.metadata.name ?? ''}: ${step.event.reason}: ${step.event.message}`
    return step.step === 'detach' ? `detach ${step.node}${step.verify ? '' : ' by force'}` : `${step.step} ${step.node}`
  })
  return { does, next: nextLookMs, memory }
}

describe('attaching', () => {
  const succeeded = 'p: SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "pv1" '
  const elsewhere = 'p: FailedAttachVolume: Multi-Attach error for volume "pv1" '
  const failed = 'p: FailedAttachVolume: AttachVolume.Attach failed for volume "pv1" : '
  const onA = { wanted: { a: [pod('p')] }, nodes: [node('a')] }
  const error = { attachError: { time: 'then', message: 'rpc error: busy' } }
  it.each<[string, Given, string[]]>([
    ['a volume that a Pod needs', onA, ['attach a']],
    ['one on its way', { ...onA, attachments: [attachment('a', {})] }, []],
    ['one that is there, and is told once', { ...onA, attachments: [attachment('a')] }, ['list a', succeeded]],
    [
      'one whose list is not seen yet',
      { ...onA, attachments: [attachment('a')], memory: { told: new Map([['a', '']]) } },
      ['list a'],
    ],
    [
      'one that the program before told of',
      { wanted: onA.wanted, nodes: [node('a', { attached: true })], attachments: [attachment('a')] },
      [],
    ],
    [
      'one that was listed with another',
      {
        wanted: onA.wanted,
        nodes: [node('a', { attached: true })],
        attachments: [attachment('a')],
        memory: { waitingSince: new Map([['a', 0]]) },
      },
      [succeeded],
    ],
    ['a driver that fails', { ...onA, attachments: [attachment('a', error)] }, [`${failed}rpc error: busy`]],
    [
      'a failure that was told',
      { ...onA, attachments: [attachment('a', error)], memory: { told: new Map([['a', 'then 0 rpc error: busy']]) } },
      [],
    ],
    ['one that still goes from the node', { ...onA, attachments: [attachment('a', {}, true)] }, []],
    ['one whose volume is gone', { ...onA, volume: undefined }, []],
    ['two nodes at once: one of them', { wanted: { a: [pod('p')], b: [pod('q')] } }, ['attach a']],
    [
      'two nodes at once, where that may be',
      { wanted: { a: [pod('p')], b: [pod('q')] }, volume: volume(['ReadWriteMany']) },
      ['attach a', 'attach b'],
    ],
    [
      'another node has it, for nobody',
      { ...onA, attachments: [attachment('b')], nodes: [node('a'), node('b', { inUse: true })] },
      [`${elsewhere}Volume is already exclusively attached to one node and can't be attached to another`],
    ],
    [
      'another node has it, for others',
      {
        wanted: { a: [pod('p')], b: [pod('q'), pod('r'), pod('s', 'there')] },
        attachments: [attachment('b')],
        nodes: [node('b', { attached: true })],
      },
      [`${elsewhere}Volume is already used by pod(s) q, r and 1 pod(s) in different namespaces`],
    ],
    [
      'another node has it, for strangers',
      {
        wanted: { a: [pod('p')], b: [pod('s', 'there')] },
        attachments: [attachment('b')],
        nodes: [node('b', { attached: true })],
      },
      [`${elsewhere}Volume is already used by 1 pod(s) in different namespaces`],
    ],
    [
      'that was told',
      {
        ...onA,
        attachments: [attachment('b')],
        nodes: [node('b', { inUse: true })],
        memory: { toldElsewhere: new Set(['a']) },
      },
      [],
    ],
    ['another node may get it yet', { ...onA, attachments: [attachment('b', {}, true)], nodes: [node('b')] }, []],
  ])('%s', (_name, given, does) => {
    expect(look(given).does).toEqual(does)
  })

  it('says that a driver does not answer, every two minutes', () => {
    const given = { ...onA, attachments: [attachment('a', {})] }
    const first = look(given, 1000)
    expect(first).toMatchObject({ does: [], next: 2 * minute + 1000 })
    const second = look({ ...given, memory: first.memory }, 2 * minute + 1000)
    const text = `${failed}timed out waiting for external-attacher of csi.example.com CSI driver to attach volume vol-1`
    expect(second).toMatchObject({ does: [text], next: 4 * minute + 1000 })
    expect(look({ ...given, memory: second.memory }, 3 * minute).does).toEqual([])
    expect(look({ ...given, memory: second.memory }, 4 * minute + 1000).does).toEqual([text])
  })
})

describe('detaching', () => {
  const from = (state: NodeLike): Given => ({ attachments: [attachment('a')], nodes: [node('a', state)] })
  const long = { memory: { unneededSince: new Map([['a', 0]]) } }
  const late = 6 * minute + 1
  it.each<[string, Given, number, string[], number | undefined]>([
    ['what nobody needs: first the node’s list', from({ attached: true }), 5, ['withdraw a'], undefined],
    ['then the attachment', from({}), 5, ['detach a'], undefined],
    [
      'one that never came about',
      { attachments: [attachment('a', {})], nodes: [node('a')] },
      5,
      ['detach a'],
      undefined,
    ],
    ['what is mounted stays', from({ inUse: true, attached: true }), 5, [], late + 5],
    ['and stays on a node that is well', { ...from({ inUse: true }), ...long }, late, [], undefined],
    ['six minutes are not over', { ...from({ inUse: true, ready: false }), ...long }, late - 1, [], late],
    [
      'a lost node has had it for six minutes',
      { ...from({ inUse: true, ready: false }), ...long },
      late,
      ['detach a by force'],
      undefined,
    ],
    [
      'its list goes first too',
      { ...from({ inUse: true, attached: true, ready: false }), ...long },
      late,
      ['withdraw a'],
      undefined,
    ],
    ['never by force', { ...from({ inUse: true, ready: false }), ...long, neverForce: true }, late, [], undefined],
    ['a node that is gone may have it mounted', { attachments: [attachment('a')] }, 0, [], late],
    ['for six minutes', { attachments: [attachment('a')], ...long }, late, ['detach a by force'], undefined],
    [
      'a node out of service',
      from({ inUse: true, taint: 'node.kubernetes.io/out-of-service' }),
      5,
      ['detach a by force'],
      undefined,
    ],
    ['another taint', from({ inUse: true, taint: 'node.kubernetes.io/unreachable' }), 5, [], late + 5],
    ['what goes already', { attachments: [attachment('a', {}, true)], nodes: [node('a')] }, 5, [], undefined],
    ['what is gone as an object', { ...from({}), volume: undefined }, 5, ['detach a'], undefined],
  ])('%s', (_name, given, now, does, next) => {
    expect(look(given, now)).toMatchObject({ does, next })
  })

  it('begins to count again when a Pod came back meanwhile', () => {
    const needed = { ...from({ inUse: true, attached: true }), wanted: { a: [pod('p')] }, ...long }
    expect(look(needed, late).memory.unneededSince.size).toBe(0)
  })

  it('lets the other node have it only when it is gone', () => {
    const both = { wanted: { b: [pod('p')] }, attachments: [attachment('a')], nodes: [node('a'), node('b')] }
    expect(look(both).does[0]).toBe('detach a')
    expect(look({ ...both, attachments: [] }).does).toEqual(['attach b'])
  })
})

describe('names', () => {
  it('are upstream’s', () => {
    expect(uniqueNameOf(volume())).toBe(uniqueName)
    const hostPath = { ...volume(), spec: { hostPath: { path: '/' } } }
    expect(uniqueNameOf(hostPath)).toBeUndefined()
    expect(volumeIdOf(uniqueName)).toEqual({ driver: 'csi.example.com', handle: 'vol-1' })
    expect(volumeIdOf('kubernetes.io/aws-ebs/vol-1')).toBeUndefined()
    // echo -n vol-1csi.example.coma | sha256sum
    expect(attachmentName({ driver: 'csi.example.com', handle: 'vol-1' }, 'a')).toMatch(/^csi-[0-9a-f]{64}$/)
  })
})

describe('who needs what', () => {
  const terminated = {
    name: 'c',
    ready: false,
    restartCount: 0,
    image: '',
    imageID: '',
    state: { terminated: { exitCode: 0 } },
  }
  const running = { ...terminated, state: { running: {} } }
  const going = { ...pod('p'), metadata: { name: 'p', deletionTimestamp: '2026-01-01T00:00:00Z' } }
  const keeps = node('a')
  keeps.metadata.annotations = { 'volumes.kubernetes.io/keep-terminated-pod-volumes': 'true' }
  it.each<[string, Pod, Node, boolean]>([
    ['a Pod', pod('p'), node('a'), true],
    ['one that is over', { ...pod('p'), status: { phase: 'Succeeded' } }, node('a'), false],
    ['one that is over, on a node that keeps volumes', { ...pod('p'), status: { phase: 'Failed' } }, keeps, true],
    ['one that goes and runs', { ...going, status: { containerStatuses: [terminated, running] } }, node('a'), true],
    ['one that goes and has ended', { ...going, status: { containerStatuses: [terminated] } }, node('a'), false],
    ['one that goes and never ran', going, node('a'), false],
  ])('%s', (_name, one, on, needs) => {
    expect(needsVolumes(one, on)).toBe(needs)
  })

  it('drivers, nodes and access modes', () => {
    expect(isManaged(node('a'))).toBe(true)
    expect(isManaged({ ...node('a'), metadata: { name: 'a' } })).toBe(false)
    const driver = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'd' } }
    expect(needsAttach(undefined)).toBe(true)
    expect(needsAttach({ ...driver, spec: {} })).toBe(true)
    expect(needsAttach({ ...driver, spec: { attachRequired: false } })).toBe(false)
    expect(mayBeOnSeveralNodes(volume(['ReadWriteOncePod']))).toBe(false)
    expect(mayBeOnSeveralNodes(volume(['ReadWriteOnce', 'ReadOnlyMany']))).toBe(true)
    expect(mayBeOnSeveralNodes(volume([]))).toBe(true)
  })
})

describe('the list of a node', () => {
  it('has what is attached and stays, in order', () => {
    const all = [
      { uniqueName: 'b', attachment: attachment('a') },
      { uniqueName: 'a', attachment: attachment('a') },
      { uniqueName: 'c', attachment: attachment('a', {}) },
      { uniqueName: 'd', attachment: attachment('a', { attached: true }, true) },
    ]
    const list = [
      { name: 'a', devicePath: '' },
      { name: 'b', devicePath: '' },
    ]
    expect(listed(all)).toEqual(list)
    expect(sameList([...list].reverse(), list)).toBe(true)
    expect(sameList(undefined, list)).toBe(false)
    expect(sameList(undefined, [])).toBe(true)
  })

  it('looks again only at what says something about volumes', () => {
    const old = node('a')
    expect(sameForVolumes(old, { ...old, status: { ...old.status, images: [] } })).toBe(true)
    expect(sameForVolumes(old, node('a', { inUse: true }))).toBe(false)
    expect(sameForVolumes(old, node('a', { ready: false }))).toBe(false)
  })
})
