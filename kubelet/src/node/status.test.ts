import type { NodeStatus } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { nothingReserved } from '../cgroups/allocatable.ts'
import { conditionEvents, nodeStatus, statusPatch, worthWriting, type NodeSeen } from './status.ts'

const seen: NodeSeen = {
  name: 'n',
  ips: ['192.0.2.1'],
  port: 10250,
  maxPods: 110,
  reservation: nothingReserved,
  staticCpus: false,
  devices: { capacity: {}, allocatable: {}, removed: [] },
  machine: {
    cpus: 2,
    memoryBytes: 8 * 1024 * 1024,
    diskBytes: 1024 * 1024,
    maxProcesses: 32768,
    hugePages: { '2Mi': 4 * 1024 * 1024 },
    info: {
      architecture: 'amd64',
      bootID: 'b',
      kernelVersion: '6',
      machineID: 'm',
      operatingSystem: 'linux',
      osImage: 'o',
      systemUUID: 's',
    },
  },
  runtimeVersion: '20.10',
  runtimeHandlers: [{ name: '', recursiveReadOnlyMounts: false, userNamespaces: false }],
  images: [],
  pressure: [],
  volumesInUse: [],
  problems: [],
  now: 0,
}
const own = nodeStatus(seen, undefined)
const foo = 'example.com/foo'

describe('nodeStatus', () => {
  it('has huge pages, which are no other memory', () => {
    expect(own.capacity).toMatchObject({ memory: '8192Ki', 'hugepages-2Mi': '4Mi' })
    expect(own.allocatable).toMatchObject({ memory: '4Mi', 'hugepages-2Mi': '4Mi' })
  })

  it('has the devices of plugins, and none of a plugin that stays away', () => {
    const devices = { capacity: { [foo]: '3' }, allocatable: { [foo]: '2' }, removed: [] }
    const with3 = nodeStatus({ ...seen, devices }, undefined)
    expect([with3.capacity?.[foo], with3.allocatable?.[foo]]).toEqual(['3', '2'])
    const without = nodeStatus({ ...seen, devices: { capacity: {}, allocatable: {}, removed: [foo] } }, with3)
    expect([without.capacity?.[foo], without.allocatable?.[foo]]).toEqual(['0', '0'])
  })

  it('says what the runtime can and cannot do', () => {
    expect(own.runtimeHandlers).toEqual([
      { name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } },
    ])
    expect(own.features).toEqual({ supplementalGroupsPolicy: false })
    expect(nodeStatus({ ...seen, runtimeHandlers: [] }, undefined).runtimeHandlers).toBeUndefined()
    expect(own.declaredFeatures).toContain('GuaranteedQoSPodCPUResize')
    expect(nodeStatus({ ...seen, staticCpus: true }, undefined).declaredFeatures).not.toContain(
      'GuaranteedQoSPodCPUResize',
    )
  })

  it.each<[string, NodeStatus, string | undefined, object]>([
    [
      'offers a resource that somebody added',
      { ...own, capacity: { ...own.capacity, [foo]: '3' } },
      '3',
      { [foo]: '3' },
    ],
    [
      'follows its amount',
      { ...own, capacity: { ...own.capacity, [foo]: '5' }, allocatable: { ...own.allocatable, [foo]: '3' } },
      '5',
      { [foo]: '5' },
    ],
    [
      'takes it back when it is gone',
      { ...own, allocatable: { ...own.allocatable, [foo]: '3' } },
      undefined,
      { [foo]: null },
    ],
    [
      "corrects what is the machine's",
      { ...own, capacity: { ...own.capacity, cpu: '99' }, allocatable: { ...own.allocatable, cpu: '99' } },
      undefined,
      { cpu: '2' },
    ],
    ['leaves what is right', own, undefined, {}],
  ])('%s', (_name, before, allocatable, patch) => {
    const after = nodeStatus(seen, before)
    expect(after.allocatable?.[foo]).toBe(allocatable)
    expect(statusPatch(before, after)).toMatchObject({ allocatable: patch })
    expect(worthWriting(before, after)).toBe(Object.keys(patch).length > 0)
  })
})

describe('statusPatch', () => {
  it('names what has changed, so that nothing is undone that another writes meanwhile', () => {
    const addresses = [
      { $patch: 'replace' },
      { type: 'InternalIP', address: '192.0.2.2' },
      { type: 'Hostname', address: 'n' },
    ]
    const image = { id: 'i', repoTags: ['a:1'], repoDigests: [], size: 5, uid: undefined, username: '' }
    const later = nodeStatus({ ...seen, ips: ['192.0.2.2'], images: [image], now: 1000 }, own)
    expect(statusPatch(own, later)).toEqual({
      capacity: {},
      allocatable: {},
      addresses,
      conditions: later.conditions,
      images: [{ names: ['a:1'], sizeBytes: 5 }],
    })
    const used = nodeStatus({ ...seen, volumesInUse: ['v'] }, own)
    expect(statusPatch(own, used)).toEqual({ capacity: {}, allocatable: {}, volumesInUse: ['v'] })
    expect(statusPatch(used, own)).toEqual({ capacity: {}, allocatable: {}, volumesInUse: null })
  })
})

describe('conditionEvents', () => {
  it('tell what is new', () => {
    const short = nodeStatus({ ...seen, pressure: ['MemoryPressure', 'PIDPressure'], problems: ['x'] }, own)
    const sufficient = ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure', 'NodeHasSufficientPID']
    expect(conditionEvents(undefined, own)).toEqual(sufficient)
    expect(conditionEvents(own, short)).toEqual(['NodeHasInsufficientMemory', 'NodeHasInsufficientPID', 'NodeNotReady'])
    expect(conditionEvents(short, own)).toEqual(['NodeHasSufficientMemory', 'NodeHasSufficientPID', 'NodeReady'])
    expect(conditionEvents(own, own)).toEqual([])
  })
})
