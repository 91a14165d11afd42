import { describe, expect, it } from 'vitest'
import { checkpointText, parseCheckpoint } from './checkpoint.ts'
import {
  byNode,
  choose,
  deviceCapacity,
  deviceOptions,
  need,
  type Assignment,
  type Device,
  type Resource,
  type Wanted,
} from './model.ts'

const gpu = 'example.com/gpu'
const resource = (devices: Record<string, boolean>, goneAt?: number): Resource => ({
  devices: new Map(Object.entries(devices).map(([id, healthy]): [string, Device] => [id, { id, healthy, nodes: [] }])),
  goneAt,
})
const given = (podUid: string, container: string, ...ids: string[]): Assignment => ({
  podUid,
  container,
  resource: gpu,
  devices: new Map([[-1, ids]]),
  response: {},
})
const wants = (required: number, more: Partial<Wanted> = {}): Wanted => ({
  podUid: 'p',
  container: 'main',
  resource: gpu,
  required,
  reusable: new Set(),
  running: false,
  ...more,
})
const two = new Map([[gpu, resource({ a: true, b: true, sick: false })]])

describe('devices', () => {
  // pkg/kubelet/cm/devicemanager/manager_test.go TestPodContainerDeviceAllocation, TestInitContainerDeviceAllocation
  it.each<[string, Map<string, Resource>, Assignment[], Wanted, string[] | undefined]>([
    ['one', two, [], wants(1), ['a']],
    ['one that nobody has', two, [given('o', 'main', 'a')], wants(1), ['b']],
    ['no more when it has them', two, [given('p', 'main', 'a')], wants(1), undefined],
    ['none', two, [], wants(0), undefined],
    ['what an init container had', two, [given('p', 'init', 'a')], wants(1, { reusable: new Set(['a']) }), ['a']],
    ['that and another', two, [given('p', 'init', 'a')], wants(2, { reusable: new Set(['a']) }), ['a', 'b']],
    ['nothing new where it runs already', new Map(), [given('p', 'main', 'a')], wants(1, { running: true }), undefined],
  ])('a container gets %s', (_, resources, assignments, wanted, ids) => {
    const found = need(resources, assignments, wanted)
    expect(found && choose(found, [])).toEqual(ids)
  })

  it.each<[Map<string, Resource>, Assignment[], Wanted, string]>([
    [new Map(), [], wants(1), `cannot allocate unregistered device ${gpu}`],
    [
      new Map([[gpu, resource({ a: true }, 5)]]),
      [],
      wants(1),
      `no healthy devices present; cannot allocate unhealthy devices ${gpu}`,
    ],
    [two, [], wants(3), `requested number of devices unavailable for ${gpu}. Requested: 3, Available: 2`],
    [two, [given('o', 'main', 'a')], wants(2, { reusable: new Set(['x']) }), ''],
    [
      two,
      [given('p', 'main', 'sick')],
      wants(1),
      `previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${gpu}`,
    ],
    [
      two,
      [given('p', 'main', 'a')],
      wants(2),
      `pod "p" container "main" changed request for resource "${gpu}" from 1 to 2`,
    ],
  ])('are refused %#', (resources, assignments, wanted, message) => {
    if (message === '') expect(need(resources, assignments, wanted)?.more).toBe(1)
    else expect(() => need(resources, assignments, wanted)).toThrow(new Error(message))
  })

  it('are those that the plugin would rather give, if it can', () => {
    const found = need(two, [], wants(1))
    expect(found && choose(found, ['sick', 'b'])).toEqual(['b'])
    expect(found && choose(found, ['x'])).toEqual(['a'])
  })

  it('are counted: all of them, and those that can be had; and forgotten when their plugin stays away', () => {
    expect(deviceCapacity(two, 0)).toEqual({ capacity: { [gpu]: '3' }, allocatable: { [gpu]: '2' }, forgotten: [] })
    const gone = new Map([[gpu, resource({ a: true, b: true }, 1000)]])
    const empty = { capacity: { [gpu]: '2' }, allocatable: { [gpu]: '0' }, forgotten: [] }
    expect(deviceCapacity(gone, 301_000)).toEqual(empty)
    expect(deviceCapacity(gone, 301_001)).toEqual({ capacity: {}, allocatable: {}, forgotten: [gpu] })
  })

  it('come with what containers need for them; of two things in one place the first', () => {
    const options = deviceOptions([
      { envs: { A: '1', B: '2' }, mounts: [{ container_path: '/m', host_path: '/h', read_only: true }] },
      {
        envs: { A: '3', C: '4' },
        mounts: [{ container_path: '/m', host_path: '/other', read_only: false }],
        devices: [{ container_path: '/dev/x', host_path: '/dev/y', permissions: 'rw' }],
        annotations: { k: 'v' },
      },
    ])
    expect(Object.fromEntries(options.envs)).toEqual({ A: '1', B: '2', C: '4' })
    expect(options.mounts).toEqual([{ containerPath: '/m', hostPath: '/h', readonly: true }])
    expect(options.devices).toEqual([{ containerPath: '/dev/x', hostPath: '/dev/y', permissions: 'rw' }])
    expect(Object.fromEntries(options.annotations)).toEqual({ k: 'v' })
  })

  it('are told by their NUMA nodes', () => {
    const near = (id: string, ...nodes: number[]): [string, Device] => [id, { id, healthy: true, nodes }]
    const all = { devices: new Map([near('a', 0), near('b', 0, 1), near('c')]), goneAt: undefined }
    expect(Object.fromEntries(byNode(all, ['a', 'b', 'c']))).toEqual({ 0: ['a', 'b'], 1: ['b'], [-1]: ['c'] })
  })
})

describe('the checkpoint of devices', () => {
  // as upstream's kubelet wrote them
  it.each([
    '{"Data":{"PodDeviceEntries":null,"RegisteredDevices":{"nvidia.com/gpu":["GPU-0650a168-e770-3ea8-8ac3-8a1d419763e0"]}},"Checksum":3952659280}',
    '{"Data":{"PodDeviceEntries":[{"PodUID":"bf52b2cd-b611-4e79-86b1-280b283185c3","ContainerName":"check","ResourceName":"nvidia.com/gpu","DeviceIDs":{"-1":["tegra"]},"AllocResp":"Ch8KFk5WSURJQV9WSVNJQkxFX0RFVklDRVMSBXRlZ3Jh"}],"RegisteredDevices":{"nvidia.com/gpu":["tegra"]}},"Checksum":3660592824}',
  ])("is upstream's: %s", (text) => {
    expect(checkpointText(parseCheckpoint(text))).toBe(text)
  })

  it('has what the plugin answered', () => {
    const text =
      '{"Data":{"PodDeviceEntries":[{"PodUID":"u","ContainerName":"c","ResourceName":"r","DeviceIDs":{"-1":["tegra"]},"AllocResp":"Ch8KFk5WSURJQV9WSVNJQkxFX0RFVklDRVMSBXRlZ3Jh"}],"RegisteredDevices":{}}'
    expect(() => parseCheckpoint(`${text},"Checksum":1}`)).toThrow(new Error('checkpoint is corrupted'))
    for (const broken of ['{', 'null', '{"Data":{}}', '{"Data":3}']) {
      expect(() => parseCheckpoint(broken)).toThrow(new Error('checkpoint is corrupted'))
    }
    const long = 'x'.repeat(300)
    const assignment: Assignment = { ...given('u', 'c', 'a', 'b'), response: { envs: { LONG: long } } }
    const read = parseCheckpoint(checkpointText({ assignments: [assignment], registered: new Map() }))
    expect(read.assignments[0]?.response.envs).toEqual({ LONG: long })
  })
})
