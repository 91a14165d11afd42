import type { Node } from '@kubets/shared/api/types/core-v1.ts'
import type {
  AllocationResult,
  Device,
  DeviceClass,
  DeviceClaim,
  DeviceRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceSlice,
  ResourceSliceSpec,
} from '@kubets/shared/api/types/resource-v1.ts'
import { describe, expect, it } from 'vitest'
import { AllocatedDevices } from './allocated-devices.ts'
import { allocate } from './allocator.ts'
import { poolsOf } from './pools.ts'

const driver = 'driver-a'
const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels: { zone: 'z1' } }, spec: {} }

interface SliceCase extends Partial<Omit<ResourceSliceSpec, 'pool' | 'devices'>> {
  pool?: string
  generation?: number
  count?: number
  devices?: (string | Device)[]
}
let slices = 0
const slice = ({ pool = 'pool-1', generation = 1, count = 1, devices, ...spec }: SliceCase = {}): ResourceSlice => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  metadata: { name: `slice-${String(slices++).padStart(4, '0')}` },
  spec: {
    driver,
    pool: { name: pool, generation, resourceSliceCount: count },
    ...(spec.allNodes || spec.nodeSelector || spec.perDeviceNodeSelection ? {} : { nodeName: 'node-1' }),
    ...spec,
    ...(devices ? { devices: devices.map((one) => (typeof one === 'string' ? { name: one } : one)) } : {}),
  },
})
const deviceClass = (name: string, spec: DeviceClass['spec'] = {}): DeviceClass => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'DeviceClass',
  metadata: { name },
  spec,
})
const classes = [
  deviceClass('any'),
  deviceClass('big', { selectors: [{ cel: { expression: 'device.attributes["driver-a"].big' } }] }),
  deviceClass('configured', { config: [{ opaque: { driver, parameters: { of: 'class' } } }] }),
  deviceClass('broken', { selectors: [{ cel: { expression: 'device.attributes["driver-a"].big ==' } }] }),
]
const exactly = (name: string, more: Partial<ExactDeviceRequest> = {}): DeviceRequest => ({
  name,
  exactly: { deviceClassName: 'any', allocationMode: 'ExactCount', count: 1, ...more },
})
const first = (name: string, ...ways: (Partial<ExactDeviceRequest> & { name: string })[]): DeviceRequest => ({
  name,
  firstAvailable: ways.map((way) => ({ deviceClassName: 'any', allocationMode: 'ExactCount', count: 1, ...way })),
})
const claim = (requests: DeviceRequest[], more: Partial<DeviceClaim> = {}, name = 'claim'): ResourceClaim => ({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  metadata: { name, namespace: 'ns', uid: name },
  spec: { devices: { requests, ...more } },
})
const cel = (expression: string) => ({ selectors: [{ cel: { expression } }] })
const numbered = (count: number, more: (i: number) => Partial<Device> = () => ({})): Device[] =>
  Array.from({ length: count }, (_, i) => ({ name: `d${i}`, ...more(i) }))

interface Case {
  claims: ResourceClaim[]
  slices: ResourceSlice[]
  /** What others have already: devices of pool-1, or whole results. */
  taken?: string[]
  shared?: NonNullable<NonNullable<AllocationResult['devices']>['results']>
  /** How many steps it may take. */
  steps?: number
}

function results({ claims, slices: all, taken = [], shared = [], steps = 10_000 }: Case) {
  const allocated = new AllocatedDevices()
  const others = taken.map((device) => ({ request: 'r', driver, pool: 'pool-1', device }))
  allocated.set('other', { devices: { results: [...others, ...shared] } })
  let shares = 0
  let tried = 0
  return allocate({
    claims,
    pools: poolsOf(all),
    deviceClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    allocated,
    node,
    expired: () => ++tried > steps,
    newShareID: () => `share-${shares++}`,
  })
}

/** "request=device request=device; …" claim by claim, "none", or what is wrong. */
function outcome(given: Case): string {
  try {
    const found = results(given)
    const shown = (one: AllocationResult): string =>
      (one.devices?.results ?? []).map(({ request, device }) => `${request}=${device}`).join(' ')
    return found ? found.map(shown).join('; ') : 'none'
  } catch (error) {
    return (error as Error).message
  }
}

const two = [slice({ devices: ['d0', 'd1'] })]
const sized = numbered(4, (i) => ({
  attributes: { big: { bool: i > 1 }, numa: { int: i % 2 }, id: { string: `${i}` } },
}))
const mixed = [slice({ devices: sized })]
const noSchedule = { key: 'broken', value: 'yes', effect: 'NoSchedule' }
const share = (device: string, memory: string) => ({
  request: 'r',
  driver,
  pool: 'pool-1',
  device,
  shareID: 'x',
  consumedCapacity: { memory },
})
const many = (value: string, requestPolicy?: object): Device => ({
  name: 'd0',
  allowMultipleAllocations: true,
  capacity: { memory: { value, ...(requestPolicy ? { requestPolicy } : {}) } } as Device['capacity'] & object,
})
const wants = (memory: string) => ({ capacity: { requests: { memory } } })
const counterSets = [{ name: 'gpu', counters: { memory: { value: '40Gi' } } }]
const part = (name: string, value: string): Device => ({
  name,
  consumesCounters: [{ counterSet: 'gpu', counters: { memory: { value } } }],
})
const partitioned = (...devices: Device[]) => [
  slice({ count: 2, sharedCounters: counterSets }),
  slice({ count: 2, devices }),
]
const prepared = { bindingConditions: ['attached'], bindingFailureConditions: ['lost'] }
const perDevice = (devices: Device[]) => slice({ perDeviceNodeSelection: true, devices })

// dynamic-resource-allocation/structured/internal/allocatortesting/allocator_testing.go TestAllocator
describe('the allocator', () => {
  it.each<[string, string, Case]>([
    ['nothing for no claims', '', { claims: [], slices: two }],
    ['one device', 'r=d0', { claims: [claim([exactly('r')])], slices: two }],
    ['several of one request', 'r=d0 r=d1', { claims: [claim([exactly('r', { count: 2 })])], slices: two }],
    ['more than there are', 'none', { claims: [claim([exactly('r', { count: 3 })])], slices: two }],
    ['several requests', 'a=d0 b=d1', { claims: [claim([exactly('a'), exactly('b')])], slices: two }],
    [
      'several claims get different devices',
      'r=d0; r=d1',
      { claims: [claim([exactly('r')]), claim([exactly('r')], {}, 'two')], slices: two },
    ],
    [
      'all of the claims or none',
      'none',
      { claims: [claim([exactly('r', { count: 2 })]), claim([exactly('r')], {}, 'two')], slices: two },
    ],
    ['a claim without requests', '', { claims: [claim([])], slices: two }],
    ['what others have is passed over', 'r=d1', { claims: [claim([exactly('r')])], slices: two, taken: ['d0'] }],
    ['nothing is left', 'none', { claims: [claim([exactly('r')])], slices: two, taken: ['d0', 'd1'] }],
    ['no slices', 'none', { claims: [claim([exactly('r')])], slices: [] }],
    ['no devices in the slice', 'none', { claims: [claim([exactly('r')])], slices: [slice({ devices: [] })] }],
    [
      'from several pools',
      'r=d0 r=d1',
      {
        claims: [claim([exactly('r', { count: 2 })])],
        slices: [slice({ devices: ['d0'] }), slice({ pool: 'pool-2', devices: ['d1'] })],
      },
    ],
    [
      'from several slices of a pool',
      'r=d0 r=d1',
      {
        claims: [claim([exactly('r', { count: 2 })])],
        slices: [slice({ count: 2, devices: ['d0'] }), slice({ count: 2, devices: ['d1'] })],
      },
    ],

    ['the class selects', 'r=d2', { claims: [claim([exactly('r', { deviceClassName: 'big' })])], slices: mixed }],
    [
      'the request selects',
      'r=d3',
      { claims: [claim([exactly('r', cel('device.attributes["driver-a"].id == "3"'))])], slices: mixed },
    ],
    [
      'both select',
      'none',
      {
        claims: [claim([exactly('r', { deviceClassName: 'big', ...cel('device.attributes["driver-a"].id == "0"') })])],
        slices: mixed,
      },
    ],
    [
      'tries others first where a later request needs the device',
      'small=d1 one=d0',
      {
        claims: [claim([exactly('small'), exactly('one', cel('device.attributes["driver-a"].id == "0"'))])],
        slices: mixed,
      },
    ],
    [
      'even in another claim',
      'r=d1; r=d0',
      {
        claims: [
          claim([exactly('r')]),
          claim([exactly('r', cel('device.attributes["driver-a"].id == "0"'))], {}, 'two'),
        ],
        slices: mixed,
      },
    ],
    [
      'a class whose selector is wrong',
      expect.stringContaining('class broken: selector #0: CEL compile error: compilation failed') as unknown as string,
      { claims: [claim([exactly('r', { deviceClassName: 'broken' })])], slices: mixed },
    ],
    [
      'a selector that fails on a device',
      'claim ns/claim: selector #0 on device driver-a/pool-1/d0: CEL runtime error: no such key: nothing',
      { claims: [claim([exactly('r', cel('device.attributes["driver-a"].nothing'))])], slices: mixed },
    ],
    [
      'a class that is not there',
      'claim ns/claim, request r: could not retrieve device class none: deviceclass.resource.k8s.io "none" not found',
      { claims: [claim([exactly('r', { deviceClassName: 'none' })])], slices: two },
    ],
    [
      'a selector of a kind to come',
      'claim ns/claim, request r, selector #0: CEL expression empty (unsupported selector type?)',
      { claims: [claim([exactly('r', { selectors: [{}] })])], slices: two },
    ],
    [
      'a request of a kind to come',
      'claim ns/claim, request r: unknown request type',
      { claims: [claim([{ name: 'r' }])], slices: two },
    ],
    [
      'a mode to come',
      'claim ns/claim, request r: unsupported count mode Some',
      { claims: [claim([exactly('r', { allocationMode: 'Some' })])], slices: two },
    ],

    ['all', 'r=d0 r=d1', { claims: [claim([exactly('r', { allocationMode: 'All', count: 0 })])], slices: two }],
    [
      'all of those that are selected',
      'r=d2 r=d3',
      { claims: [claim([exactly('r', { allocationMode: 'All', deviceClassName: 'big' })])], slices: mixed },
    ],
    [
      'all, of which there must be one',
      'none',
      { claims: [claim([exactly('r', { allocationMode: 'All' })])], slices: [slice({ devices: [] })] },
    ],
    [
      'all, of which somebody has one',
      'none',
      { claims: [claim([exactly('r', { allocationMode: 'All' })])], slices: two, taken: ['d1'] },
    ],
    [
      'all of a pool that is being written',
      'claim ns/claim, request r: asks for all devices, but resource pool driver-a/pool-1 is currently being updated',
      {
        claims: [claim([exactly('r', { allocationMode: 'All' })])],
        slices: [slice({ count: 2, devices: ['d0'] })],
      },
    ],
    [
      'all of a pool that contradicts itself',
      'claim ns/claim, request r: asks for all devices, but resource pool driver-a/pool-1 is currently invalid',
      {
        claims: [claim([exactly('r', { allocationMode: 'All' })])],
        slices: [slice({ count: 2, devices: ['d0'] }), slice({ count: 2, devices: ['d0'] })],
      },
    ],

    [
      'a pool that is being written is passed over',
      'r=e0',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ count: 2, devices: ['d0'] }), slice({ pool: 'pool-2', devices: ['e0'] })],
      },
    ],
    [
      'a pool that contradicts itself, too',
      'r=e0',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ devices: ['d0', 'd0'] }), slice({ pool: 'pool-2', devices: ['e0'] })],
      },
    ],
    [
      'and is told of where there is no other',
      'invalid resource pools were encountered',
      { claims: [claim([exactly('r')])], slices: [slice({ devices: ['d0', 'd0'] })] },
    ],
    [
      'slices of older generations are of no account',
      'r=new',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ devices: ['old'] }), slice({ generation: 2, devices: ['new'] }), slice({ devices: ['old2'] })],
      },
    ],
    [
      'even where the newer ones are for other nodes',
      'none',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ devices: ['old'] }), slice({ generation: 2, nodeName: 'node-2', devices: ['new'] })],
      },
    ],

    [
      'of another node',
      'none',
      { claims: [claim([exactly('r')])], slices: [slice({ nodeName: 'node-2', devices: ['d0'] })] },
    ],
    ['of all nodes', 'r=d0', { claims: [claim([exactly('r')])], slices: [slice({ allNodes: true, devices: ['d0'] })] }],
    [
      'of nodes by label',
      'r=d0',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ nodeSelector: selector('zone', 'z1'), devices: ['d0'] })],
      },
    ],
    [
      'of nodes with another label',
      'none',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ nodeSelector: selector('zone', 'z2'), devices: ['d0'] })],
      },
    ],
    [
      'each device on nodes of its own',
      'r=all r=here r=zone',
      {
        claims: [claim([exactly('r', { count: 3 })])],
        slices: [
          perDevice([
            { name: 'there', nodeName: 'node-2' },
            { name: 'all', allNodes: true },
            { name: 'here', nodeName: 'node-1' },
            { name: 'zone', nodeSelector: selector('zone', 'z1') },
          ]),
        ],
      },
    ],

    [
      'the first that is available',
      'r/a=d2',
      { claims: [claim([first('r', { name: 'a', deviceClassName: 'big' }, { name: 'b' })])], slices: mixed },
    ],
    [
      'or the second',
      'r/b=d0',
      {
        claims: [claim([first('r', { name: 'a', deviceClassName: 'big' }, { name: 'b' })])],
        slices: mixed,
        taken: ['d2', 'd3'],
      },
    ],
    [
      'or none of them',
      'none',
      { claims: [claim([first('r', { name: 'a', count: 5 }, { name: 'b', count: 6 })])], slices: mixed },
    ],
    [
      'the second where a later request needs what the first would take',
      'r/b=d0 s=d2 s=d3',
      {
        claims: [
          claim([
            first('r', { name: 'a', deviceClassName: 'big' }, { name: 'b' }),
            exactly('s', { deviceClassName: 'big', count: 2 }),
          ]),
        ],
        slices: mixed,
      },
    ],
    [
      'fewer devices where the first way would be too many',
      expect.stringMatching(/^r\/b=d0 s=d1 s=d2 /) as unknown as string,
      {
        claims: [claim([first('r', { name: 'a', count: 20 }, { name: 'b' }), exactly('s', { count: 20 })])],
        slices: [slice({ devices: numbered(40) })],
      },
    ],
    [
      'too many devices',
      'claim ns/claim: number of requested devices 33 exceeds the claim limit of 32',
      { claims: [claim([exactly('r', { count: 33 })])], slices: [slice({ devices: numbered(40) })] },
    ],
    [
      'as many as there may be',
      expect.stringMatching(/ r=d31$/) as unknown as string,
      { claims: [claim([exactly('r', { count: 32 })])], slices: [slice({ devices: numbered(40) })] },
    ],

    [
      'alike in an attribute',
      'r=d0 r=d2',
      {
        claims: [claim([exactly('r', { count: 2 })], { constraints: [{ matchAttribute: 'driver-a/numa' }] })],
        slices: mixed,
      },
    ],
    [
      'alike where none are',
      'none',
      {
        claims: [claim([exactly('r', { count: 2 })], { constraints: [{ matchAttribute: 'driver-a/id' }] })],
        slices: mixed,
      },
    ],
    [
      'alike in an attribute that none has',
      'none',
      { claims: [claim([exactly('r')], { constraints: [{ matchAttribute: 'driver-a/none' }] })], slices: mixed },
    ],
    [
      'alike in some requests',
      'a=d0 b=d1 c=d2',
      {
        claims: [
          claim([exactly('a'), exactly('b'), exactly('c')], {
            constraints: [{ matchAttribute: 'driver-a/numa', requests: ['a', 'c'] }],
          }),
        ],
        slices: mixed,
      },
    ],
    [
      'alike in one way to satisfy a request',
      'r/b=d0 s=d1',
      {
        claims: [
          claim([first('r', { name: 'a', count: 3 }, { name: 'b' }), exactly('s')], {
            constraints: [{ matchAttribute: 'driver-a/numa', requests: ['r/a', 's'] }],
          }),
        ],
        slices: mixed,
      },
    ],
    [
      'all devices, that are not alike',
      'claim ns/claim, request r: cannot add device driver-a/pool-1/d1 because a claim constraint would not be satisfied',
      {
        claims: [
          claim([exactly('r', { allocationMode: 'All' })], { constraints: [{ matchAttribute: 'driver-a/numa' }] }),
        ],
        slices: mixed,
      },
    ],
    [
      'alike in one of several values',
      'r=d0 r=d2',
      {
        claims: [claim([exactly('r', { count: 2 })], { constraints: [{ matchAttribute: 'driver-a/lanes' }] })],
        slices: [
          slice({ devices: numbered(3, (i) => ({ attributes: { lanes: { ints: [[1, 2], [3], [2, 4]][i] ?? [] } } })) }),
        ],
      },
    ],
    [
      'different in an attribute',
      'r=d0 r=d1',
      {
        claims: [claim([exactly('r', { count: 2 })], { constraints: [{ distinctAttribute: 'driver-a/numa' }] })],
        slices: mixed,
      },
    ],
    [
      'different where there are not as many values',
      'none',
      {
        claims: [claim([exactly('r', { count: 3 })], { constraints: [{ distinctAttribute: 'driver-a/numa' }] })],
        slices: mixed,
      },
    ],
    [
      'a constraint of a kind to come',
      'claim ns/claim, constraint #0: empty constraint (unsupported constraint type?)',
      { claims: [claim([exactly('r')], { constraints: [{}] })], slices: two },
    ],

    [
      'with administrators, whoever has it',
      'r=d0',
      { claims: [claim([exactly('r', { adminAccess: true })])], slices: two, taken: ['d0'] },
    ],
    [
      'with administrators, each device once in a claim',
      'r=d0 r=d1',
      { claims: [claim([exactly('r', { adminAccess: true, count: 2 })])], slices: two, taken: ['d0', 'd1'] },
    ],
    [
      'with administrators in two claims, the same device',
      'r=d0; r=d0',
      {
        claims: [claim([exactly('r', { adminAccess: true })]), claim([exactly('r', { adminAccess: true })], {}, 'two')],
        slices: two,
      },
    ],

    [
      'tainted',
      'r=d1',
      { claims: [claim([exactly('r')])], slices: [slice({ devices: [{ name: 'd0', taints: [noSchedule] }, 'd1'] })] },
    ],
    [
      'tainted, and tolerated',
      'r=d0',
      {
        claims: [claim([exactly('r', { tolerations: [{ key: 'broken', operator: 'Exists' }] })])],
        slices: [slice({ devices: [{ name: 'd0', taints: [noSchedule] }] })],
      },
    ],
    [
      'tainted with another value',
      'none',
      {
        claims: [claim([exactly('r', { tolerations: [{ key: 'broken', operator: 'Equal', value: 'no' }] })])],
        slices: [slice({ devices: [{ name: 'd0', taints: [noSchedule] }] })],
      },
    ],
    [
      'tainted, to tell only',
      'r=d0',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ devices: [{ name: 'd0', taints: [{ key: 'note', effect: 'None' }] }] })],
      },
    ],
    [
      'tolerated in one way to satisfy a request',
      'r/b=d0',
      {
        claims: [claim([first('r', { name: 'a' }, { name: 'b', tolerations: [{ operator: 'Exists' }] })])],
        slices: [slice({ devices: [{ name: 'd0', taints: [{ key: 'k', effect: 'NoExecute' }] }] })],
      },
    ],

    [
      'parts of a device',
      'r=p0 r=p1',
      {
        claims: [claim([exactly('r', { count: 2 })])],
        slices: partitioned(part('p0', '20Gi'), part('p1', '20Gi'), part('whole', '40Gi')),
      },
    ],
    [
      'more parts than there is of it',
      'none',
      {
        claims: [claim([exactly('r', { count: 3 })])],
        slices: partitioned(part('p0', '20Gi'), part('p1', '20Gi'), part('whole', '40Gi')),
      },
    ],
    [
      'a part of which somebody has another',
      'r=p1',
      {
        claims: [claim([exactly('r')])],
        slices: partitioned(part('whole', '40Gi'), part('p1', '20Gi'), part('p2', '20Gi')),
        taken: ['p2'],
      },
    ],
    [
      'a part of which another node has the rest',
      'none',
      {
        claims: [claim([exactly('r')])],
        slices: [
          slice({ count: 2, sharedCounters: counterSets, allNodes: true }),
          {
            ...perDevice([
              { ...part('p0', '30Gi'), nodeName: 'node-1' },
              { ...part('p1', '20Gi'), nodeName: 'node-2' },
            ]),
          },
        ].map((one) => ({ ...one, spec: { ...one.spec, pool: { ...one.spec.pool, resourceSliceCount: 2 } } })),
        taken: ['p1'],
      },
    ],
    [
      'a part of what is not there',
      'invalid resource pools were encountered',
      {
        claims: [claim([exactly('r')])],
        slices: [slice({ devices: [part('p0', '1Gi')] })],
      },
    ],

    [
      'a share',
      'a=d0 b=d0',
      {
        claims: [claim([exactly('a', wants('4Gi')), exactly('b', wants('4Gi'))])],
        slices: [slice({ devices: [many('8Gi')] })],
      },
    ],
    [
      'more shares than there is',
      'none',
      {
        claims: [claim([exactly('a', wants('4Gi')), exactly('b', wants('5Gi'))])],
        slices: [slice({ devices: [many('8Gi')] })],
      },
    ],
    [
      'a share beside those of others',
      'r=d0',
      {
        claims: [claim([exactly('r', wants('2Gi'))])],
        slices: [slice({ devices: [many('8Gi')] })],
        shared: [share('d0', '6Gi')],
      },
    ],
    [
      'of a device whose shares are gone',
      'none',
      {
        claims: [claim([exactly('r', wants('3Gi'))])],
        slices: [slice({ devices: [many('8Gi')] })],
        shared: [share('d0', '6Gi')],
      },
    ],
    [
      'all of a device for many where nothing is said',
      'none',
      {
        claims: [claim([exactly('a'), exactly('b')])],
        slices: [slice({ devices: [many('8Gi')] })],
      },
    ],
    [
      'the default share',
      'a=d0 b=d0',
      {
        claims: [claim([exactly('a'), exactly('b')])],
        slices: [slice({ devices: [many('8Gi', { default: '4Gi', validValues: ['2Gi', '4Gi'] })] })],
      },
    ],
    [
      'a share that the policy does not know',
      'none',
      {
        claims: [claim([exactly('a', wants('5Gi'))])],
        slices: [slice({ devices: [many('8Gi', { default: '4Gi', validValues: ['2Gi', '4Gi'] })] })],
      },
    ],
    [
      'a capacity that the device does not have',
      'none',
      {
        claims: [claim([exactly('a', { capacity: { requests: { cores: '1' } } })])],
        slices: [slice({ devices: [many('8Gi')] })],
      },
    ],
    [
      'a device for one that is large enough',
      'r=d1',
      {
        claims: [claim([exactly('r', wants('4Gi'))])],
        slices: [slice({ devices: numbered(2, (i) => ({ capacity: { memory: { value: `${2 + 3 * i}Gi` } } })) })],
      },
    ],

    [
      'that is there at once before one that is prepared first',
      'r=d1 r=d0',
      {
        claims: [claim([exactly('r', { count: 2 })])],
        slices: [slice({ devices: [{ name: 'd0', ...prepared }, 'd1'] })],
      },
    ],
    [
      'one device more than there are of the kind, without trying them all in every order',
      'none',
      {
        claims: [claim([exactly('r', { deviceClassName: 'big', count: 26 })])],
        slices: [slice({ devices: numbered(50, (i) => ({ attributes: { big: { bool: i % 2 === 0 } } })) })],
        steps: 1000,
      },
    ],
    [
      'for too long',
      'timed out trying to allocate devices',
      {
        claims: [claim([exactly('r')])],
        slices: two,
        steps: 0,
      },
    ],
  ])('%s', (_name, want, given) => expect(outcome(given)).toEqual(want))
})

function selector(key: string, value: string) {
  return { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }] }
}

describe('an allocation', () => {
  const allocationOf = (given: Case): AllocationResult | undefined => results(given)?.[0]

  it('is for the node of its devices', () => {
    const { nodeSelector } = allocationOf({ claims: [claim([exactly('r')])], slices: two }) ?? {}
    const only = { key: 'metadata.name', operator: 'In', values: ['node-1'] }
    expect(nodeSelector).toEqual({ nodeSelectorTerms: [{ matchFields: [only] }] })
  })

  it('is for all nodes where its devices are', () => {
    const given = { claims: [claim([exactly('r')])], slices: [slice({ allNodes: true, devices: ['d0'] })] }
    expect(allocationOf(given)).not.toHaveProperty('nodeSelector')
  })

  it('is for the nodes that reach all of its devices, told once', () => {
    const spread = (pool: string, key: string, value: string) =>
      slice({ pool, nodeSelector: selector(key, value), devices: [pool] })
    const { nodeSelector } =
      allocationOf({
        claims: [claim([exactly('r', { count: 2 })])],
        slices: [spread('p', 'zone', 'z1'), spread('q', 'zone', 'z1')],
      }) ?? {}
    expect(nodeSelector).toEqual(selector('zone', 'z1'))
  })

  it('has what classes and the claim tell drivers', () => {
    const opaque = (of: string) => ({ opaque: { driver, parameters: { of } } })
    const { devices } =
      allocationOf({
        claims: [
          claim(
            [
              exactly('a', { deviceClassName: 'configured' }),
              first('b', { name: 'no', count: 9 }, { name: 'yes', deviceClassName: 'configured' }),
              exactly('c'),
            ],
            {
              config: [
                opaque('all'),
                { requests: ['c'], ...opaque('c') },
                { requests: ['b/no'], ...opaque('no') },
                { requests: ['b/yes'], ...opaque('yes') },
              ],
            },
          ),
        ],
        slices: mixed,
      }) ?? {}
    expect(devices?.config).toEqual([
      { source: 'FromClass', requests: ['a', 'b/yes'], ...opaque('class') },
      { source: 'FromClaim', ...opaque('all') },
      { source: 'FromClaim', requests: ['c'], ...opaque('c') },
      { source: 'FromClaim', requests: ['b/yes'], ...opaque('yes') },
    ])
  })

  it('keeps the tolerations, and that an administrator looks', () => {
    const tolerations = [{ key: 'k', operator: 'Exists' }]
    const found = allocationOf({ claims: [claim([exactly('r', { adminAccess: true, tolerations })])], slices: two })
    const result = { request: 'r', driver, pool: 'pool-1', device: 'd0', adminAccess: true, tolerations }
    expect(found?.devices?.results).toEqual([result])
  })

  it('is for one node, and tells what to wait for, where devices are prepared for it', () => {
    const devices = [{ name: 'd0', bindsToNode: true, ...prepared }]
    const found = allocationOf({ claims: [claim([exactly('r')])], slices: [slice({ allNodes: true, devices })] })
    expect(found?.devices?.results).toMatchObject([prepared])
    const only = { key: 'metadata.name', operator: 'In', values: ['node-1'] }
    expect(found?.nodeSelector).toEqual({ nodeSelectorTerms: [{ matchFields: [only] }] })
  })

  it('tells how much of a device for many it has, rounded up as the device wants', () => {
    const policy = { default: '1Gi', validRange: { min: '1Gi', step: '2Gi' } }
    const found = allocationOf({
      claims: [
        claim([exactly('a', wants('2Gi')), exactly('b', { capacity: { requests: { 'driver-a/memory': '100Mi' } } })]),
      ],
      slices: [slice({ devices: [many('8Gi', policy)] })],
    })
    expect(found?.devices?.results).toMatchObject([
      { shareID: 'share-0', consumedCapacity: { memory: '3Gi' } },
      { shareID: 'share-1', consumedCapacity: { memory: '1Gi' } },
    ])
  })
})
