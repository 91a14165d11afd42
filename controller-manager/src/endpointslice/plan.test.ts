import { describe, expect, it } from 'vitest'
import type { Node, Pod, Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { testPod, testService } from '../services/services.testing.ts'
import { failedWrite, plan } from './plan.ts'
import type { SlicesPlan, SlicesSeen } from './plan.ts'

const node = (name: string): Node | undefined =>
  name === 'lost'
    ? undefined
    : { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'topology.kubernetes.io/zone': 'z' } }, spec: {} }

const decide = (
  service: Service,
  pods: Pod[],
  slices: EndpointSlice[] = [],
  more: Partial<SlicesSeen> = {},
): SlicesPlan =>
  plan({
    service,
    pods,
    slices,
    node,
    triggerTime: undefined,
    maxEndpointsPerSlice: 100,
    zoneShares: undefined,
    wasShared: false,
    ...more,
  })

/** Applies plans as the server would. */
class Store {
  slices: EndpointSlice[] = []
  #count = 0

  apply({ create, update, delete: gone }: SlicesPlan): void {
    const names = new Set(gone.map((slice) => slice.metadata.name))
    this.slices = this.slices
      .filter((slice) => !names.has(slice.metadata.name))
      .map((slice) => update.find((next) => next.metadata.name === slice.metadata.name) ?? slice)
    for (const slice of create)
      this.slices.push({ ...slice, metadata: { ...slice.metadata, name: `web-${this.#count++}` } })
  }

  sizes(): number[] {
    return this.slices.map((slice) => (slice.endpoints ?? []).length)
  }
}

const many = (count: number, from = 0): Pod[] =>
  Array.from({ length: count }, (_, index) =>
    testPod(`p${from + index}`, { ip: `10.1.${(from + index) >> 8}.${(from + index) & 255}` }),
  )

const writes = ({ create, update, delete: gone }: SlicesPlan): [number, number, number] => [
  create.length,
  update.length,
  gone.length,
]

describe('plan', () => {
  it('describes an endpoint', () => {
    const [slice] = decide(testService({}, { tier: 'front' }), [testPod('a', { ip: '10.0.0.1' })]).create
    expect(slice?.metadata).toMatchObject({
      generateName: 'web-',
      labels: {
        tier: 'front',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Service', name: 'web', uid: 's', controller: true, blockOwnerDeletion: true }],
    })
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: ['10.0.0.1'],
          conditions: { ready: true, serving: true, terminating: false },
          targetRef: { kind: 'Pod', namespace: 'n', name: 'a', uid: 'uid-a' },
          nodeName: 'node',
          zone: 'z',
        },
      ],
    })
  })

  it('tells ready, serving and terminating apart', () => {
    const pods = [
      testPod('a', { ip: '10.0.0.1', ready: false }),
      testPod('b', { ip: '10.0.0.2', deleted: true }),
      testPod('c', { ip: '10.0.0.3', deleted: true, ready: false }),
    ]
    const conditions = (service: Service): unknown =>
      decide(service, pods).create[0]?.endpoints?.map((endpoint) => Object.values(endpoint.conditions ?? {}))
    expect(conditions(testService())).toEqual([
      [false, false, false],
      [false, true, true],
      [false, false, true],
    ])
    expect(conditions(testService({ publishNotReadyAddresses: true }))).toEqual([
      [true, false, false],
      [true, true, true],
      [true, false, true],
    ])
  })

  it('keeps one empty slice without Pods, and fills it later', () => {
    const store = new Store()
    store.apply(decide(testService(), []))
    expect(store.sizes()).toEqual([0])
    expect(writes(decide(testService(), [], store.slices))).toEqual([0, 0, 0])
    expect(writes(decide(testService(), many(2), store.slices))).toEqual([0, 1, 0])
    store.apply(decide(testService(), many(2), store.slices))
    expect(store.sizes()).toEqual([2])
    store.apply(decide(testService(), [], store.slices))
    expect(store.sizes()).toEqual([0])
  })

  it('holds a hundred a slice and touches only what changes', () => {
    const store = new Store()
    store.apply(decide(testService(), many(250)))
    expect(store.sizes()).toEqual([100, 100, 50])
    expect(writes(decide(testService(), [...many(250)].reverse(), store.slices))).toEqual([0, 0, 0])
    expect(writes(decide(testService(), many(251), store.slices))).toEqual([0, 1, 0])
    const unready = [...many(249), testPod('p249', { ip: '10.1.0.249', ready: false })]
    expect(writes(decide(testService(), unready, store.slices))).toEqual([0, 1, 0])
    store.apply(decide(testService(), many(150), store.slices))
    expect(store.sizes()).toEqual([100, 50])
  })

  it('fills a slice that changes anyway before one that has room', () => {
    const store = new Store()
    store.apply(decide(testService(), many(150)))
    const next = [...many(149, 1), testPod('new', { ip: '10.9.0.1' })]
    expect(writes(decide(testService(), next, store.slices))).toEqual([0, 1, 0])
  })

  it('writes labels that changed', () => {
    const store = new Store()
    store.apply(decide(testService(), many(1)))
    const { update } = decide(testService({ clusterIP: 'None' }, { a: 'b' }), many(1), store.slices)
    expect(update[0]?.metadata.labels).toMatchObject({ a: 'b', 'service.kubernetes.io/headless': '' })
  })

  it('separates Pods by the number behind a named port', () => {
    const service = testService({ ports: [{ port: 80, targetPort: 'www', protocol: 'TCP' }] })
    const pods = [
      testPod('a', { ip: '10.0.0.1', portName: 'www', port: 1000 }),
      testPod('b', { ip: '10.0.0.2', portName: 'www', port: 2000 }),
    ]
    expect(decide(service, pods).create.map((slice) => (slice.ports ?? [])[0]?.port)).toEqual([1000, 2000])
  })

  it('has a Pod without the named port as an endpoint without ports', () => {
    const service = testService({ ports: [{ port: 80, targetPort: 'www', protocol: 'TCP' }] })
    const pods = [testPod('a', { ip: '10.0.0.1', portName: 'www', port: 1000 }), testPod('b', { ip: '10.0.0.2' })]
    expect(decide(service, pods).create.map(({ ports, endpoints }) => [ports?.length, endpoints?.length])).toEqual([
      [1, 1],
      [0, 1],
    ])
  })

  it('waits for the node of a Pod, and tells of it', () => {
    const result = decide(testService({ ipFamilies: ['IPv4', 'IPv6'] }), [
      { ...testPod('a', { ip: '10.0.0.1', node: 'lost' }) },
    ])
    expect(result.incomplete).toBe(true)
    expect(result.create.map((slice) => (slice.endpoints ?? []).length)).toEqual([0, 0])
    const message =
      'Error updating Endpoint Slices for Service n/web: skipping Pod a for Service n/web: Node lost Not Found'
    expect(result.events).toEqual([{ type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message }])
  })

  it('does not wait for the node where every address is to be published', () => {
    const lost = testPod('a', { ip: '10.0.0.1', node: 'lost' })
    const result = decide(testService({ publishNotReadyAddresses: true }), [lost])
    expect([result.incomplete, result.events]).toEqual([false, []])
    expect(result.create[0]?.endpoints).toMatchObject([{ nodeName: 'lost', conditions: { ready: true } }])
    expect(result.create[0]?.endpoints?.[0]).not.toHaveProperty('zone')
  })

  it('does not take over the slices of an earlier Service of the same name', () => {
    const store = new Store()
    const before = testService()
    store.apply(decide({ ...before, metadata: { ...before.metadata, uid: 'earlier' } }, many(2)))
    const now = decide(testService(), many(2), store.slices)
    expect(writes(now)).toEqual([1, 0, 1])
    expect(now.create[0]?.metadata.ownerReferences).toMatchObject([{ uid: 's' }])
  })

  it('makes no new slices for a Service that is going', () => {
    const service = testService()
    const going = { ...service, metadata: { ...service.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    expect(writes(decide(going, many(2)))).toEqual([0, 0, 0])
  })

  it('fills the fullest of the slices that change first', () => {
    const store = new Store()
    store.apply(decide(testService(), many(10), [], { maxEndpointsPerSlice: 5 }))
    // one of the first slice goes and three of the second, two come
    const pods = [...many(4), ...many(2, 5), ...many(2, 20)]
    store.apply(decide(testService(), pods, store.slices, { maxEndpointsPerSlice: 5 }))
    expect(store.sizes()).toEqual([5, 3])
  })

  it('drops the slices of a family the Service no longer has', () => {
    const store = new Store()
    store.apply(decide(testService({ ipFamilies: ['IPv4', 'IPv6'] }), many(1)))
    expect(store.slices.map((slice) => slice.addressType).sort()).toEqual(['IPv4', 'IPv6'])
    store.apply(decide(testService({ ipFamilies: ['IPv4'] }), many(1), store.slices))
    expect(store.slices.map((slice) => slice.addressType)).toEqual(['IPv4'])
  })

  it('hints at the zone where traffic should stay close', () => {
    const [slice] = decide(testService({ trafficDistribution: 'PreferClose' }), many(1)).create
    expect(slice?.endpoints?.[0]?.hints).toEqual({ forZones: [{ name: 'z' }] })
  })

  it('has zones share out the endpoints where the Service asks for it, and says so', () => {
    const service = testService({ trafficDistribution: 'PreferClose' })
    const auto = {
      ...service,
      metadata: { ...service.metadata, annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } },
    }
    const zoned = (name: string): Node => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'topology.kubernetes.io/zone': name } },
      spec: {},
    })
    const pods = ['a', 'a', 'b', 'b'].map((zone, i) => testPod(`p${i}`, { ip: `10.1.0.${i}`, node: zone }))
    const seen = { node: zoned, zoneShares: new Map(Object.entries({ a: 0.5, b: 0.5 })) }
    const hints = ({ create, update }: SlicesPlan): unknown =>
      [...create, ...update].flatMap(({ endpoints }) => (endpoints ?? []).map((one) => one.hints?.forZones?.[0]?.name))
    const store = new Store()
    const first = decide(auto, pods, [], seen)
    expect(hints(first)).toEqual(['a', 'a', 'b', 'b'])
    expect([first.isShared, first.events.map(({ message }) => message)]).toEqual([
      true,
      ['Topology Aware Hints has been enabled, addressType: IPv4'],
    ])
    store.apply(first)
    const again = decide(auto, pods, store.slices, { ...seen, wasShared: true })
    expect([writes(again), again.events]).toEqual([[0, 0, 0], []])
    const lost = decide(auto, pods, store.slices, { ...seen, zoneShares: undefined, wasShared: true })
    expect([hints(lost), lost.isShared, lost.events[0]?.reason]).toEqual([
      [undefined, undefined, undefined, undefined],
      false,
      'TopologyAwareHintsDisabled',
    ])
    const plain = decide(testService(), pods, store.slices, { ...seen, wasShared: true })
    expect([writes(plain), plain.events[0]?.message]).toEqual([
      [0, 1, 0],
      'Topology Aware Hints has been disabled, addressType: IPv4',
    ])
  })
})

describe('failedWrite', () => {
  const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 's-x' } }
  it.each([
    ['create', 'failed to create EndpointSlice for Service n/s: no'],
    ['update', 'failed to update s-x EndpointSlice for Service n/s: no'],
    ['delete', 'failed to delete s-x EndpointSlice for Service n/s: no'],
  ] as const)('tells of a %s', (verb, want) =>
    expect(failedWrite(verb, { ...slice, addressType: 'IPv4', endpoints: [], ports: [] }, 'n/s', 'no')).toBe(want),
  )
})
