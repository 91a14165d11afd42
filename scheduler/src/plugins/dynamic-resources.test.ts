import { reservedFor } from '@kubets/shared/api/resource-claims.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type {
  AllocationResult,
  DeviceClass,
  DeviceRequest,
  ResourceClaim,
  ResourceSlice,
} from '@kubets/shared/api/types/resource-v1.ts'
import { describe, expect, it, vi } from 'vitest'
import { podInfo, type PodInfo } from '../cache/pod-info.ts'
import { cacheOf, node, pod, profileOf } from '../cases.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { TrackedClaims } from '../dynamic-resources/tracked-claims.ts'
import type { ClusterEvent } from '../framework/events.ts'
import { fitErrorMessage } from '../framework/fit-error.ts'
import { schedule } from '../framework/schedule.ts'

const driver = 'gpu.example.com'
const a = node('a')
const b = node('b')
const gpu: DeviceClass = { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: 'gpu' }, spec: {} }
const slice = (on: string, ...devices: string[]): ResourceSlice => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  metadata: { name: on },
  spec: {
    driver,
    nodeName: on,
    pool: { name: on, generation: 1, resourceSliceCount: 1 },
    devices: devices.map((name) => ({ name, attributes: { kind: { string: name } } })),
  },
})
const one: DeviceRequest = { name: 'one', exactly: { deviceClassName: 'gpu' } }
const claim = (name: string, more: Partial<ResourceClaim> = {}, requests: DeviceRequest[] = [one]): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  spec: { devices: { requests } },
  ...more,
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', ...more.metadata },
})
const on = (where: string, device = 'd0'): AllocationResult => ({
  devices: { results: [{ request: 'one', driver, pool: where, device }] },
  nodeSelector: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [where] }] }],
  },
})
const using = (name: string, ...claims: string[]): Pod =>
  pod(name, {
    spec: { resourceClaims: claims.map((each) => ({ name: each, resourceClaimName: each })) },
  })
const templated = (status: Pod['status'] = {}): Pod => ({
  ...pod('p', { spec: { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'template' }] } }),
  status,
})
const made = { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'c' }] }
const owner = (uid: string) => ({
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid, controller: true }],
})
const users = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ resource: 'pods', name: `u${i}`, uid: `uid-u${i}` }))

interface World {
  nodes?: Node[]
  claims?: ResourceClaim[]
  classes?: DeviceClass[]
  slices?: ResourceSlice[]
}

function setUp({ nodes = [a, b], claims = [], classes = [gpu], slices = [] }: World) {
  const known = new Map(claims.map((each) => [`default/${each.metadata.name}`, each]))
  const tracked = new TrackedClaims((key) => known.get(key))
  const say = (each: ResourceClaim): void => {
    known.set(`default/${each.metadata.name}`, each)
    tracked.changed(each)
  }
  for (const each of claims) tracked.changed(each)
  const binder = {
    bind: vi.fn((given: ResourceClaim, allocation: AllocationResult | undefined, by: Pod) => {
      const status = allocation ? { ...given.status, allocation } : given.status
      const metadata = { ...given.metadata, resourceVersion: '2' }
      return Promise.resolve(reservedFor({ ...given, metadata, ...(status ? { status } : {}) }, by))
    }),
    release: vi.fn(() => Promise.resolve()),
    deallocate: vi.fn(() => Promise.resolve()),
  }
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'))
  const waits = vi.fn()
  const profile = profileOf({
    resources: {
      clock,
      waits,
      objects: {
        claim: (key) => known.get(key),
        deviceClass: (name) => classes.find(({ metadata }) => metadata.name === name),
        slices: () => slices,
      },
      claims: tracked,
      binder,
    },
  })
  const plugin = profile.plugins.get('DynamicResources')
  if (!plugin) throw new Error('the plugin is not on')
  const cache = cacheOf(nodes)
  const options = { profile, percentageOfNodesToScore: 0, startIndex: 0, random: () => 0.99 }
  /** The node, or why there is none. */
  const place = (info: PodInfo): string => {
    const result = schedule(info, cache, options)
    if (!('node' in result)) return fitErrorMessage(result)
    plugin.reserve?.(info, result.node)
    return result.node.name
  }
  return { plugin, binder, place, say, clock, waits }
}

const signal = new AbortController().signal
const preemption = (count: number): string =>
  ` preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`

// pkg/scheduler/framework/plugins/dynamicresources/dynamicresources_test.go TestPlugin
describe('DynamicResources', () => {
  it.each<[string, Pod, ResourceClaim[], string | undefined]>([
    ['nothing for a Pod without claims', pod('p'), [], undefined],
    ['a claim that is there', using('p', 'c'), [claim('c')], undefined],
    ['a claim that is not there', using('p', 'c'), [], 'could not find ResourceClaim "default/c"'],
    ['a claim not made yet', templated(), [], 'pod "default/p": ResourceClaim not created yet'],
    ['a claim made, but not seen', templated(made), [], 'could not find ResourceClaim "default/c"'],
    ['a claim made for it', templated(made), [claim('c', { metadata: owner('uid-p') })], undefined],
    [
      'a claim made for another',
      templated(made),
      [claim('c', { metadata: owner('uid-q') })],
      'ResourceClaim default/c was not created for pod default/p (pod is not owner)',
    ],
    ['a claim that it turned out not to need', templated({ resourceClaimStatuses: [{ name: 'gpu' }] }), [], undefined],
    [
      'a claim that is going',
      using('p', 'c'),
      [claim('c', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
      'resourceclaim "c" is being deleted',
    ],
    [
      'a claim of a kind to come',
      pod('p', { spec: { resourceClaims: [{ name: 'gpu' }] } }),
      [],
      'pod "default/p", spec.resourceClaim "gpu": none of the supported fields are set',
    ],
  ])('keeps out of the queue: %s', (_name, incoming, claims, want) => {
    expect(setUp({ claims }).plugin.preEnqueue?.(podInfo(incoming))?.reasons[0]).toBe(want)
  })

  const no = (reason: string): string =>
    `0/2 nodes are available: ${reason}. no new claims to deallocate,${preemption(2)}`
  it.each<[string, string, World]>([
    ['where the devices are', 'b', { claims: [claim('c')], slices: [slice('b', 'd0')] }],
    ['where the claim has them already', 'a', { claims: [claim('c', { status: { allocation: on('a') } })] }],
    ['for a claim that has nothing to ask', 'a', { nodes: [a], claims: [claim('c', {}, [])] }],
    [
      'nowhere without devices',
      `0/2 nodes are available: 2 cannot allocate all claims. still not schedulable,${preemption(2)}`,
      { claims: [claim('c')] },
    ],
    [
      'nowhere without its class',
      no('request one: device class gpu does not exist'),
      { claims: [claim('c')], classes: [] },
    ],
    [
      'nowhere without the class of one of its choices',
      no('request r/x: device class none does not exist'),
      { claims: [claim('c', {}, [{ name: 'r', firstAvailable: [{ name: 'x', deviceClassName: 'none' }] }])] },
    ],
    [
      'nowhere with a request to come',
      no('resource claim default/c, request r: unknown request type'),
      { claims: [claim('c', {}, [{ name: 'r' }])] },
    ],
    ['nowhere without its claim', no('could not find ResourceClaim "default/c"'), {}],
    [
      'nowhere where as many use the claim as may',
      no('resourceclaim in use'),
      { claims: [claim('c', { status: { allocation: on('a'), reservedFor: users(256) } })] },
    ],
    [
      'nowhere while a slice contradicts itself',
      `0/1 nodes are available: 1 invalid resource pools were encountered. still not schedulable,${preemption(1)}`,
      { nodes: [a], claims: [claim('c')], slices: [slice('a', 'd0', 'd0')] },
    ],
  ])('lets a Pod: %s', (_name, want, world) => {
    expect(setUp(world).place(podInfo(using('p', 'c')))).toBe(want)
  })

  it('ends the attempt where a selector is wrong', () => {
    const wrong = { name: 'one', exactly: { deviceClassName: 'gpu', selectors: [{ cel: { expression: 'device.x' } }] } }
    const { place } = setUp({ nodes: [a], claims: [claim('c', {}, [wrong])], slices: [slice('a', 'd0')] })
    const message = 'running "DynamicResources" filter plugin: claim default/c: selector #0: CEL compile error: '
    expect(() => place(podInfo(using('p', 'c')))).toThrow(message)
  })

  it('gives up what an idle claim has where that is in the way', () => {
    const idle = claim('c', { status: { allocation: on('gone') } })
    const { place, binder } = setUp({ claims: [idle] })
    const why = '0/2 nodes are available: 2 resourceclaim not available on the node.'
    expect(place(podInfo(using('p', 'c')))).toBe(`${why} deallocation of ResourceClaim completed,${preemption(2)}`)
    expect(binder.deallocate).toHaveBeenCalledWith(idle)
  })

  it('but not what somebody uses', () => {
    const { place, binder } = setUp({
      claims: [claim('c', { status: { allocation: on('gone'), reservedFor: users(1) } })],
    })
    expect(place(podInfo(using('p', 'c')))).toContain('still not schedulable')
    expect(binder.deallocate).not.toHaveBeenCalled()
  })

  it('prefers nodes where the better choice is', () => {
    const kind = (name: string) => ({
      name,
      deviceClassName: 'gpu',
      selectors: [{ cel: { expression: `device.attributes["${driver}"].kind == "${name}"` } }],
    })
    const choices = claim('c', {}, [{ name: 'r', firstAvailable: [kind('good'), kind('poor')] }])
    for (const [first, second, want] of [
      ['good', 'poor', 'a'],
      ['poor', 'good', 'b'],
    ] as const)
      expect(
        setUp({ claims: [choices], slices: [slice('a', first), slice('b', second)] }).place(podInfo(using('p', 'c'))),
      ).toBe(want)
  })

  const both: World = { nodes: [a], claims: [claim('c'), claim('d')], slices: [slice('a', 'd0')] }
  const full = `0/1 nodes are available: 1 cannot allocate all claims. still not schedulable,${preemption(1)}`

  it('gives a device once, before the API knows of it', () => {
    const { place } = setUp(both)
    expect(place(podInfo(using('p', 'c')))).toBe('a')
    expect(place(podInfo(using('q', 'd')))).toBe(full)
    expect(place(podInfo(using('r', 'c')))).toBe(
      '0/1 nodes are available: resource claim default/c is in the process of being allocated. ' +
        `no new claims to deallocate,${preemption(1)}`,
    )
  })

  it('gives it to the next one when the Pod does not get its node', () => {
    const { place, plugin, binder } = setUp(both)
    const first = podInfo(using('p', 'c'))
    place(first)
    plugin.unreserve?.(first, 'a')
    expect(place(podInfo(using('q', 'd')))).toBe('a')
    expect(binder.release).not.toHaveBeenCalled()
  })

  it('writes what a Pod gets, and keeps it before the API tells', async () => {
    const { place, plugin, binder, say } = setUp(both)
    const first = podInfo(using('p', 'c'))
    place(first)
    expect(plugin.willPreBind?.(first)).toBe(true)
    await plugin.preBind?.(first, 'a', signal)
    expect(binder.bind).toHaveBeenCalledWith(claim('c'), on('a'), first.pod, signal)
    // older news change nothing
    say(claim('c'))
    expect(place(podInfo(using('q', 'd')))).toBe(full)
    expect(place(podInfo(using('r', 'c')))).toBe('a')
    say(claim('c', { metadata: { resourceVersion: '3' } }))
    expect(place(podInfo(using('q', 'd')))).toBe('a')
  })

  it('takes a reservation back that it has written', async () => {
    const { place, plugin, binder } = setUp(both)
    const first = podInfo(using('p', 'c'))
    place(first)
    await plugin.preBind?.(first, 'a', signal)
    plugin.unreserve?.(first, 'a')
    expect(binder.release).toHaveBeenCalledOnce()
    expect(place(podInfo(using('q', 'd')))).toBe(full)
  })

  it('frees what could not be written', async () => {
    const { place, plugin, binder } = setUp(both)
    binder.bind.mockRejectedValueOnce(new Error('claim default/c got allocated elsewhere in the meantime'))
    const first = podInfo(using('p', 'c'))
    place(first)
    await expect(plugin.preBind?.(first, 'a', signal)).rejects.toThrow('allocated elsewhere')
    expect(place(podInfo(using('q', 'd')))).toBe('a')
  })

  it('reserves a claim that has its devices', async () => {
    const { place, plugin, binder } = setUp({ claims: [claim('c', { status: { allocation: on('a') } })] })
    const info = podInfo(using('p', 'c'))
    place(info)
    await plugin.preBind?.(info, 'a', signal)
    expect(binder.bind).toHaveBeenCalledWith(expect.anything(), undefined, info.pod, signal)
  })

  it('writes nothing where the claim is reserved for the Pod already', async () => {
    const reservations = [{ resource: 'pods', name: 'p', uid: 'uid-p' }]
    const status = { allocation: on('a'), reservedFor: reservations }
    const { place, plugin, binder } = setUp({ claims: [claim('c', { status })] })
    const info = podInfo(using('p', 'c'))
    expect(place(info)).toBe('a')
    await plugin.preBind?.(info, 'a', signal)
    expect(binder.bind).not.toHaveBeenCalled()
  })

  describe('waits for devices that are prepared for a Pod', () => {
    const conditions = { bindingConditions: ['attached'], bindingFailureConditions: ['lost'] }
    const offered: ResourceSlice = {
      ...slice('a'),
      spec: { ...slice('a').spec, devices: [{ name: 'd0', ...conditions }] },
    }
    const saying = (type: string): ResourceClaim => {
      const result = { request: 'one', driver, pool: 'a', device: 'd0' }
      const condition = {
        type,
        status: 'True',
        reason: 'Said',
        message: 'so',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      }
      return claim('c', {
        metadata: { resourceVersion: '3' },
        status: {
          allocation: {
            devices: { results: [{ ...result, ...conditions }] },
            allocationTimestamp: '2026-01-01T00:00:00Z',
          },
          devices: [{ driver, pool: 'a', device: 'd0', conditions: [condition] }],
        },
      })
    }
    const start = () => {
      const world = setUp({ nodes: [a], claims: [claim('c')], slices: [offered] })
      const info = podInfo(using('p', 'c'))
      world.place(info)
      return { ...world, info, binding: world.plugin.preBind?.(info, 'a', signal) }
    }

    it('until they are', async () => {
      const { binding, say, info, waits } = start()
      await vi.waitFor(() => expect(waits).toHaveBeenCalledWith(info.pod, 'a'))
      say(saying('attached'))
      await binding
    })

    it('or will not be, and then gives them up', async () => {
      const { binding, say, info, waits, place, plugin, binder } = start()
      const refused = expect(binding).rejects.toThrow('claim c binding failed: reason=Said, message="so"')
      await vi.waitFor(() => expect(waits).toHaveBeenCalled())
      say(saying('lost'))
      await refused
      plugin.unreserve?.(info, 'a')
      expect(place(podInfo(using('p', 'c')))).toContain('deallocation of ResourceClaim completed')
      expect(binder.deallocate).toHaveBeenCalledOnce()
    })

    it('ten minutes at most', async () => {
      const { binding, clock, waits } = start()
      const refused = expect(binding).rejects.toThrow('device binding timeout')
      await vi.waitFor(() => expect(waits).toHaveBeenCalled())
      await clock.advance(600_000)
      await refused
    })
  })

  const change = (now: ResourceClaim, old?: ResourceClaim): ClusterEvent => ({
    kind: 'ResourceClaimChange',
    claim: now,
    old,
  })
  const held = claim('other', { status: { allocation: on('a') } })
  it.each<[string, ClusterEvent, boolean]>([
    ['a node', { kind: 'NodeAdd', node: a }, true],
    ['a node with other labels', { kind: 'NodeUpdate', old: a, node: b }, true],
    ['a node with the same', { kind: 'NodeUpdate', old: a, node: a }, false],
    ['a class', { kind: 'DeviceClassChange' }, true],
    ['devices', { kind: 'ResourceSliceChange' }, true],
    ['its claim', change(claim('c')), true],
    ['its claim with another status', change(claim('c', { status: { reservedFor: users(1) } }), claim('c')), true],
    ['its claim with the same', change(claim('c'), claim('c', { metadata: { labels: { a: 'b' } } })), false],
    ['another claim', change(claim('other')), false],
    ['another claim that lost its devices', change(claim('other'), held), true],
    ['another claim that got some', change(held, claim('other')), false],
    ['its own change', { kind: 'PodUpdate', pod: podInfo(using('p', 'c')) }, true],
    ['the change of another', { kind: 'PodUpdate', pod: podInfo(using('q', 'c')) }, false],
    ['its own change, with a claim that is not there', { kind: 'PodUpdate', pod: podInfo(using('p', 'x')) }, false],
    ['a Pod with claims that goes', { kind: 'AssignedPodDelete', pod: podInfo(using('q', 'd')) }, true],
    ['a Pod without', { kind: 'AssignedPodDelete', pod: podInfo(pod('q')) }, false],
    ['anything else', { kind: 'VolumeChange' }, false],
  ])('may be helped by: %s', (_name, event, want) => {
    const { plugin } = setUp({ claims: [claim('c')] })
    expect(plugin.queueingHint?.(podInfo(using('p', 'c')), event)).toBe(want)
  })

  it('is not helped by anything while a claim is missing', () => {
    const { plugin } = setUp({ claims: [claim('c')] })
    expect(plugin.queueingHint?.(podInfo(using('p', 'c', 'x')), change(claim('other'), held))).toBe(false)
  })
})
