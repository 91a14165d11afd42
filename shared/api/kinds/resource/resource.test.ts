import { describe, expect, it } from 'vitest'
import type { DeviceTaint, ResourceSlice } from '../../types/resource-v1.ts'
import { createProblems, decoded, statusProblems, updateProblems, type Draft } from '../test-cases.ts'
import { deviceClass } from './deviceclasses/kind.ts'
import { resourceClaim } from './resourceclaims/kind.ts'
import { resourceClaimTemplate } from './resourceclaimtemplates/kind.ts'
import { resourceSlice } from './resourceslices/kind.ts'

type Fields = Record<string, unknown>

const exactly = (more: Fields = {}): Fields => ({ name: 'r', exactly: { deviceClassName: 'gpu', ...more } })
const claim = (request: Fields, more: Fields = {}): Draft => ({ spec: { devices: { requests: [request], ...more } } })
const selector = (expression: string): Fields => ({ selectors: [{ cel: { expression } }] })
const at = 'spec.devices.requests[0]'
const refText = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

it('fills in how many devices a request is for', () => {
  const { spec } = decoded(resourceClaim, claim(exactly({ tolerations: [{ key: 'a' }] }))) as unknown as {
    spec: object
  }
  expect(spec).toEqual({
    devices: {
      requests: [
        {
          name: 'r',
          exactly: {
            deviceClassName: 'gpu',
            allocationMode: 'ExactCount',
            count: 1,
            tolerations: [{ key: 'a', operator: 'Equal' }],
          },
        },
      ],
    },
  })
})

describe('claims', () => {
  const table: [string, Draft, (string | RegExp)[]][] = [
    ['one device', claim(exactly()), []],
    [
      'any of two',
      claim({
        name: 'r',
        firstAvailable: [
          { name: 'a', deviceClassName: 'x' },
          { name: 'b', deviceClassName: 'y' },
        ],
      }),
      [],
    ],
    [
      'nothing',
      claim({ name: 'r' }),
      [`${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
    ],
    [
      'both',
      claim({ ...exactly(), firstAvailable: [{ name: 'a', deviceClassName: 'x' }] }),
      [
        `${at}: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
      ],
    ],
    [
      'the same name twice',
      { spec: { devices: { requests: [exactly(), exactly()] } } },
      ['spec.devices.requests[1]: Duplicate value: "r"'],
    ],
    ['no class', claim(exactly({ deviceClassName: '' })), [`${at}.exactly.deviceClassName: Required value`]],
    [
      'a number of all',
      claim(exactly({ allocationMode: 'All', count: 2 })),
      [`${at}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`],
    ],
    [
      'another mode',
      claim(exactly({ allocationMode: 'Some' })),
      [`${at}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`],
    ],
    [
      'a selector',
      claim(
        exactly(
          selector(
            'device.driver == "gpu.example" && device.attributes["gpu.example"].model == "a" && device.capacity["gpu.example"].memory.compareTo(quantity("1Gi")) >= 0',
          ),
        ),
      ),
      [],
    ],
    [
      'a selector that is no question',
      claim(exactly(selector('device.driver'))),
      [
        `${at}.exactly.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string`,
      ],
    ],
    [
      'a selector of something else',
      claim(exactly(selector('node.name == "a"'))),
      [/cel.expression: Invalid value: .*: compilation failed: ERROR: <input>:1:1: undeclared reference to 'node'/],
    ],
    [
      'a selector that is too long',
      claim(exactly(selector(`true ${'|| true'.repeat(2000)}`))),
      [`${at}.exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes`],
    ],
    [
      'a toleration',
      claim(exactly({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b', effect: 'Never' }] })),
      [
        `${at}.exactly.tolerations[0].value: Invalid value: "b": must be empty for operator \`Exists\``,
        `${at}.exactly.tolerations[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"`,
      ],
    ],
    [
      'constraints',
      claim(exactly(), {
        constraints: [
          { requests: ['r'], matchAttribute: 'a.example/b' },
          { requests: ['q'], matchAttribute: 'b' },
        ],
      }),
      [
        `spec.devices.constraints[1].requests[0]: Invalid value: "q": ${refText}`,
        'spec.devices.constraints[1].matchAttribute: Invalid value: "b": a fully qualified name must be a domain and a name separated by a slash',
      ],
    ],
    [
      'words for a driver',
      claim(exactly(), {
        config: [{ requests: ['r'], opaque: { driver: 'a.example', parameters: { a: 1 } } }, {}],
      }),
      ['spec.devices.config[1].opaque: Required value'],
    ],
    [
      'too many requests',
      { spec: { devices: { requests: Array(33).fill(exactly()) } } },
      ['spec.devices.requests: Too many: 33: must have at most 32 items'],
    ],
  ]
  it.each(table)('%s', (_, draft, want) => {
    const wanted = want.map((one) => (typeof one === 'string' ? one : (expect.stringMatching(one) as string)))
    expect(createProblems(resourceClaim, draft)).toEqual(wanted)
  })

  it('never change', () => {
    const problems = updateProblems(
      resourceClaim,
      claim(exactly()),
      (obj) => (obj['spec'] = claim(exactly({ count: 2 }))['spec']),
    )
    expect(problems).toEqual([expect.stringMatching(/^spec: Invalid value: \{.*\}: field is immutable$/)])
  })
})

describe('the status of a claim', () => {
  const result = { request: 'r', driver: 'a.example', pool: 'p', device: 'd' }
  const allocation = { devices: { results: [result] } }
  const consumer = { resource: 'pods', name: 'a', uid: 'u' }
  const table: [string, Fields, Fields, string[]][] = [
    ['allocated and reserved', {}, { allocation, reservedFor: [consumer] }, []],
    [
      'reserved before it is allocated',
      {},
      { reservedFor: [consumer] },
      ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
    ],
    [
      'allocated for a request that is not there',
      {},
      { allocation: { devices: { results: [{ ...result, request: 'q' }] } } },
      [`status.allocation.devices.results[0].request: Invalid value: "q": ${refText}`],
    ],
    [
      'allocated anew',
      { allocation },
      { allocation: { devices: { results: [{ ...result, device: 'e' }] } } },
      [
        'status.allocation: Invalid value: {"devices":{"results":[{"request":"r","driver":"a.example","pool":"p","device":"e"}]}}: field is immutable',
      ],
    ],
    [
      'of a device that is not its own',
      { allocation },
      {
        allocation,
        devices: [
          {
            driver: 'a.example',
            pool: 'p',
            device: 'd',
            conditions: [],
            networkData: { ips: ['10.0.0.1/8', '2001:DB8::1/64'] },
          },
          { driver: 'a.example', pool: 'p', device: 'e', conditions: [], shareID: 'x' },
        ],
      },
      [
        'status.devices[0].networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")',
        'status.devices[1].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1',
        'status.devices[1]: Invalid value: "a.example/p/e/x": must be an allocated device in the claim',
      ],
    ],
  ]
  it.each(table)('%s', (_, before, now, want) => {
    expect(statusProblems(resourceClaim, claim(exactly()), now, before)).toEqual(want)
  })
})

describe('classes and templates', () => {
  it('are validated', () => {
    const draft = { spec: { ...selector('1'), config: [{}], extendedResourceName: 'cpu' } }
    expect(createProblems(deviceClass, draft)).toEqual([
      'spec.selectors[0].cel.expression: Invalid value: "1": must evaluate to bool or the unknown type, not int',
      'spec.config[0].opaque: Required value',
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ])
    const template = { spec: { metadata: { labels: { a: '/' }, name: 'x' }, ...claim({ name: 'r' }) } }
    expect(createProblems(resourceClaimTemplate, template)).toEqual([
      expect.stringMatching(/^spec.metadata.labels: Invalid value: "\/": a valid label must be/),
      'spec.metadata.name: Forbidden: cannot be set',
      'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ])
  })
})

describe('slices', () => {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 }
  const slice = (more: Fields, device?: Fields): Draft => ({
    spec: { driver: 'a.example', pool, nodeName: 'n', ...(device && { devices: [{ name: 'd', ...device }] }), ...more },
  })
  const device = 'spec.devices[0]'
  const table: [string, Draft, string[]][] = [
    ['a device', slice({}, { attributes: { model: { string: 'a' } }, capacity: { memory: { value: '1Gi' } } }), []],
    [
      'of no node',
      slice({ nodeName: undefined }),
      [
        'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
      ],
    ],
    [
      'of one node and of all',
      slice({ allNodes: true }),
      [
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
      ],
    ],
    [
      'of no pool',
      slice({ pool: { name: '', generation: -1, resourceSliceCount: 0 } }),
      [
        'spec.pool.name: Required value',
        'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
        'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
      ],
    ],
    [
      'attributes',
      slice({}, { attributes: { a: {}, b: { int: 1, bool: true }, 'x/y/z': { int: 1 }, v: { version: '1.2' } } }),
      [
        `${device}.attributes[a]: Invalid value: "": exactly one value must be specified`,
        `${device}.attributes[b]: Invalid value: {"int":1,"bool":true}: exactly one value must be specified`,
        `${device}.attributes: Invalid value: "x/y/z": must not contain more than one slash`,
        `${device}.attributes[v].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0`,
      ],
    ],
    [
      'a capacity that is shared out',
      slice(
        {},
        {
          allowMultipleAllocations: true,
          capacity: {
            memory: {
              value: '10',
              requestPolicy: { default: '3', validRange: { min: '2', max: '12', step: '2' } },
            },
            cores: { value: '4', requestPolicy: { default: '3', validValues: ['2', '1', '8'] } },
          },
        },
      ),
      [
        `${device}.capacity[memory].requestPolicy.validRange.max: Invalid value: "12": max is larger than capacity value: 10`,
        `${device}.capacity[memory].requestPolicy.validRange.step: Invalid value: "3": value is not a multiple of a given step (2) from (2)`,
        `${device}.capacity[cores].requestPolicy.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
        `${device}.capacity[cores].requestPolicy.validValues[2]: Invalid value: "8": option is larger than capacity value: 4`,
        `${device}.capacity[cores].requestPolicy.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
      ],
    ],
    [
      'a capacity that is not',
      slice({}, { capacity: { memory: { value: '10', requestPolicy: { default: '3' } } } }),
      [`${device}.capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true`],
    ],
    [
      'taints and counters',
      slice({}, { taints: [{ key: 'a' }], consumesCounters: [{ counterSet: 's', counters: {} }] }),
      [`${device}.taints[0].effect: Required value`, `${device}.consumesCounters[0].counters: Required value`],
    ],
    [
      'conditions of binding',
      slice({}, { bindingConditions: ['a', 'a'], bindingFailureConditions: ['a'] }),
      [
        `${device}.bindingConditions[1]: Duplicate value: "a"`,
        `${device}.bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions`,
      ],
    ],
    [
      'a node of its own',
      slice({}, { nodeName: 'n' }),
      [
        `${device}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
      ],
    ],
  ]
  it.each(table)('%s', (_, draft, want) => {
    expect(createProblems(resourceSlice, draft)).toEqual(want)
  })

  it('have taints since now, when they do not say', () => {
    const added = '2020-01-01T00:00:00Z'
    const taints: DeviceTaint[] = [
      { key: 'a', effect: 'NoExecute' },
      { key: 'b', effect: 'NoExecute', timeAdded: added },
    ]
    const object = slice({}, { taints }) as unknown as ResourceSlice
    resourceSlice.defaults?.(object)
    expect(taints[0]).toEqual({ key: 'a', effect: 'NoExecute' })
    resourceSlice.defaults?.(object, Date.UTC(2026, 0, 2))
    resourceSlice.defaults?.(object, Date.UTC(2026, 0, 3))
    expect(taints.map(({ timeAdded }) => timeAdded)).toEqual(['2026-01-02T00:00:00Z', added])
  })

  it('stay with their driver, pool and node', () => {
    const problems = updateProblems(resourceSlice, slice({}), (obj) => {
      Object.assign(obj['spec'] as Fields, { driver: 'b.example', nodeName: 'm', pool: { ...pool, name: 'q' } })
    })
    expect(problems).toEqual([
      'spec.pool.name: Invalid value: "q": field is immutable',
      'spec.driver: Invalid value: "b.example": field is immutable',
      'spec.nodeName: Invalid value: "m": field is immutable',
    ])
  })
})
