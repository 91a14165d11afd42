import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../machinery/object.ts'
import type { Pod, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import { add, amountsOf, equal, exceeding, listOf, mask, subtract, withoutZeros } from './amounts.ts'
import { evaluatorOf } from './evaluators.ts'
import { claimChanges } from './persistent-volume-claims.ts'
import { podFrees } from './pods.ts'

const now = Date.parse('2026-01-01T00:01:00Z')

const object = (rest: object): KubeObject => ({ apiVersion: '', kind: '', metadata: {}, ...rest }) as KubeObject

interface Shape {
  requests?: Record<string, string>
  limits?: Record<string, string>
  spec?: object
  status?: object
  metadata?: object
}

const pod = ({ requests, limits, spec, status, metadata }: Shape): KubeObject =>
  object({
    metadata: metadata ?? {},
    spec: { containers: [{ name: 'c', resources: { requests, limits } }], ...spec },
    status: status ?? {},
  })

const used = (group: string, plural: string, of: KubeObject): Record<string, string> =>
  listOf(evaluatorOf(group, plural)?.usage(of, now) ?? new Map())

describe('amounts', () => {
  const a = amountsOf({ cpu: '1500m', pods: '2' })
  const b = amountsOf({ cpu: '2', memory: '1Gi' })
  it('adds', () => expect(listOf(add(a, b))).toEqual({ cpu: '3500m', pods: '2', memory: '1Gi' }))
  it('subtracts down to nothing', () => expect(listOf(subtract(a, b))).toEqual({ cpu: '0', pods: '2', memory: '0' }))
  it('masks', () => expect(listOf(mask(a, ['cpu', 'x']))).toEqual({ cpu: '1500m' }))
  it('drops zeros', () => expect(listOf(withoutZeros(subtract(a, b)))).toEqual({ pods: '2' }))
  it('finds what is too much', () => expect(exceeding(b, a)).toEqual(['cpu']))
  it('compares values, not texts', () => {
    expect(equal(amountsOf({ cpu: '1000m' }), amountsOf({ cpu: '1' }))).toBe(true)
    expect(equal(amountsOf({ cpu: '1' }), amountsOf({ memory: '1' }))).toBe(false)
  })
})

describe('usage', () => {
  const cases: { name: string; got: Record<string, string>; want: Record<string, string> }[] = [
    {
      name: 'a Pod under all its names',
      got: used(
        '',
        'pods',
        pod({
          requests: { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '4Mi', 'example.com/dongle': '3' },
          limits: { cpu: '2', 'example.com/dongle': '3' },
        }),
      ),
      want: {
        'count/pods': '1',
        pods: '1',
        cpu: '1',
        'requests.cpu': '1',
        memory: '1Gi',
        'requests.memory': '1Gi',
        'hugepages-2Mi': '4Mi',
        'requests.hugepages-2Mi': '4Mi',
        'requests.example.com/dongle': '3',
        'limits.cpu': '2',
      },
    },
    {
      name: 'a Pod that ended is only stored',
      got: used('', 'pods', pod({ requests: { cpu: '1' }, status: { phase: 'Succeeded' } })),
      want: { 'count/pods': '1' },
    },
    {
      name: 'a Pod stuck on its way out is only stored',
      got: used(
        '',
        'pods',
        pod({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 } }),
      ),
      want: { 'count/pods': '1' },
    },
    {
      name: 'a Pod on its way out still counts',
      got: used(
        '',
        'pods',
        pod({ metadata: { deletionTimestamp: '2026-01-01T00:00:40Z', deletionGracePeriodSeconds: 30 } }),
      ),
      want: { 'count/pods': '1', pods: '1' },
    },
    {
      name: 'a Service',
      got: used('', 'services', object({ spec: { ports: [{ port: 1 }] } })),
      want: { 'count/services': '1', services: '1', 'services.loadbalancers': '0', 'services.nodeports': '0' },
    },
    {
      name: 'a load balancer with node ports to come',
      got: used('', 'services', object({ spec: { type: 'LoadBalancer', ports: [{ port: 1 }, { port: 2 }] } })),
      want: { 'count/services': '1', services: '1', 'services.loadbalancers': '1', 'services.nodeports': '2' },
    },
    {
      name: 'a load balancer that wants none but one',
      got: used(
        '',
        'services',
        object({
          spec: {
            type: 'LoadBalancer',
            allocateLoadBalancerNodePorts: false,
            ports: [{ port: 1, nodePort: 30000 }, { port: 2 }],
          },
        }),
      ),
      want: { 'count/services': '1', services: '1', 'services.loadbalancers': '1', 'services.nodeports': '1' },
    },
    {
      name: 'a claim, by class and in whole bytes',
      got: used(
        '',
        'persistentvolumeclaims',
        object({ spec: { storageClassName: 'gold', resources: { requests: { storage: '1500m' } } } }),
      ),
      want: {
        'count/persistentvolumeclaims': '1',
        persistentvolumeclaims: '1',
        'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
        'requests.storage': '2',
        'gold.storageclass.storage.k8s.io/requests.storage': '2',
      },
    },
    {
      name: 'a claim that was given more than it asks for',
      got: used(
        '',
        'persistentvolumeclaims',
        object({
          spec: { resources: { requests: { storage: '1Gi' } } },
          status: { allocatedResources: { storage: '2Gi' } },
        }),
      ),
      want: { 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '2Gi' },
    },
    {
      name: 'devices: the largest alternative, all as 32',
      got: used(
        'resource.k8s.io',
        'resourceclaims',
        object({
          spec: {
            devices: {
              requests: [
                { name: 'a', exactly: { deviceClassName: 'gold', allocationMode: 'ExactCount', count: 2 } },
                {
                  name: 'b',
                  firstAvailable: [
                    { name: 'x', deviceClassName: 'gold', count: 3 },
                    { name: 'y', deviceClassName: 'gold' },
                    { name: 'z', deviceClassName: 'iron', allocationMode: 'All' },
                  ],
                },
              ],
            },
          },
        }),
      ),
      want: {
        'count/resourceclaims.resource.k8s.io': '1',
        'gold.deviceclass.resource.k8s.io/devices': '5',
        'iron.deviceclass.resource.k8s.io/devices': '32',
      },
    },
    {
      name: 'an older name beside the new',
      got: used('', 'secrets', object({})),
      want: { 'count/secrets': '1', secrets: '1' },
    },
    {
      name: 'any kind there is',
      got: used('example.com', 'widgets', object({})),
      want: { 'count/widgets.example.com': '1' },
    },
    { name: 'never events', got: used('', 'events', object({})), want: {} },
  ]
  for (const { name, got, want } of cases) it(name, () => expect(got).toEqual(want))
})

describe('what is counted where', () => {
  const cases: [plural: string, name: string, counts: boolean][] = [
    ['pods', 'requests.cpu', true],
    ['pods', 'requests.example.com/dongle', true],
    ['pods', 'example.com/dongle', false],
    ['pods', 'requests.hugepages-2Mi', true],
    ['pods', 'services', false],
    ['services', 'services.nodeports', true],
    ['persistentvolumeclaims', 'gold.storageclass.storage.k8s.io/requests.storage', true],
    ['persistentvolumeclaims', 'requests.memory', false],
    ['configmaps', 'configmaps', true],
    ['configmaps', 'count/configmaps', true],
  ]
  for (const [plural, name, counts] of cases)
    it(`${plural} ${name}`, () => expect(evaluatorOf('', plural)?.counts(name)).toBe(counts))
})

describe('a Pod and what its quota demands', () => {
  const lacks = (names: string[], of: KubeObject) => evaluatorOf('', 'pods')?.lacks(names, of)
  it('names resources and containers in order', () => {
    const bare = pod({ spec: { containers: [{ name: 'b' }, { name: 'a' }] } })
    expect(lacks(['requests.memory', 'cpu', 'pods'], bare)).toBe('must specify cpu for: a,b; requests.memory for: a,b')
  })
  it('is content with what is there', () => {
    expect(lacks(['cpu', 'limits.cpu'], pod({ requests: { cpu: '1' }, limits: { cpu: '1' } }))).toBeUndefined()
  })
  it('is content with what the Pod as a whole asks for', () => {
    const whole = (resources: object) => pod({ spec: { resources } })
    expect(lacks(['cpu', 'limits.cpu'], whole({ requests: { memory: '1Gi' } }))).toBeUndefined()
    expect(lacks(['cpu'], whole({ limits: { cpu: '1' } }))).toBeUndefined()
    expect(lacks(['cpu'], whole({}))).toBe('must specify cpu for: c')
  })
  it('demands no storage', () => expect(lacks(['requests.ephemeral-storage'], pod({}))).toBeUndefined())
})

describe('scopes of Pods', () => {
  const term = { topologyKey: 'k', namespaces: ['other'] }
  const exists = (scopeName: string): ScopedResourceSelectorRequirement => ({ scopeName, operator: 'Exists' })
  const classes = (operator: string, ...values: string[]) => ({ scopeName: 'PriorityClass', operator, values })
  const deadline = pod({ spec: { activeDeadlineSeconds: 5 } })
  const high = pod({ spec: { priorityClassName: 'high' } })
  const across = pod({
    spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
  })
  const cases: [name: string, scope: ScopedResourceSelectorRequirement, pod: KubeObject, within: boolean][] = [
    ['a deadline', exists('Terminating'), deadline, true],
    ['no deadline', exists('Terminating'), pod({}), false],
    ['a deadline for the others', exists('NotTerminating'), deadline, false],
    ['nothing asked for', exists('BestEffort'), pod({}), true],
    ['something asked for', exists('NotBestEffort'), pod({ requests: { cpu: '1' } }), true],
    ['any class', exists('PriorityClass'), high, true],
    ['no class', exists('PriorityClass'), pod({}), false],
    ['this class', classes('In', 'low', 'high'), high, true],
    ['another class', classes('In', 'low'), high, false],
    ['not this class', classes('NotIn', 'low'), pod({}), true],
    ['without class', classes('DoesNotExist'), pod({}), true],
    ['other namespaces', exists('CrossNamespacePodAffinity'), across, true],
    ['own namespace', exists('CrossNamespacePodAffinity'), pod({}), false],
    ['unheard of', exists('Other'), pod({}), false],
  ]
  for (const [name, scope, of, within] of cases)
    it(name, () => expect(evaluatorOf('', 'pods')?.matchesScope(scope, of)).toBe(within))
})

describe('writes that matter', () => {
  const handles = (plural: string, operation: 'CREATE' | 'UPDATE' | 'DELETE', subresource = '') =>
    evaluatorOf('', plural)?.handles({
      operation,
      subresource,
      object: object({ spec: {} }),
      old: object({ spec: {} }),
    })
  it('Pods are created and resized', () => {
    expect(handles('pods', 'CREATE')).toBe(true)
    expect(handles('pods', 'UPDATE')).toBe(false)
    expect(handles('pods', 'UPDATE', 'resize')).toBe(true)
    expect(handles('pods', 'CREATE', 'binding')).toBe(false)
  })
  it('Services change their type', () => {
    expect(handles('services', 'UPDATE')).toBe(true)
    expect(handles('services', 'UPDATE', 'status')).toBe(false)
  })
  it('others only come', () => {
    expect(handles('configmaps', 'CREATE')).toBe(true)
    expect(handles('configmaps', 'UPDATE')).toBe(false)
    expect(handles('persistentvolumeclaims', 'UPDATE', 'status')).toBe(false)
  })
  it('ended Pods set free what they had', () => {
    const ended = pod({ status: { phase: 'Failed' } })
    expect(podFrees(pod({}) as Pod, ended as Pod, now)).toBe(true)
    expect(podFrees(ended as Pod, ended as Pod, now)).toBe(false)
  })
  it('Pods move to another scope when they get a deadline', () => {
    const [plain, limited] = [pod({}), pod({ spec: { activeDeadlineSeconds: 5 } })]
    const update = { operation: 'UPDATE', subresource: '', object: limited } as const
    expect(evaluatorOf('', 'pods')?.handles({ ...update, old: plain })).toBe(true)
    expect(evaluatorOf('', 'pods')?.handles({ ...update, old: limited })).toBe(false)
    expect(podFrees(plain as Pod, limited as Pod, now)).toBe(true)
    expect(podFrees(limited as Pod, limited as Pod, now)).toBe(false)
  })
  it('Pods hold what they have until they are resized', () => {
    const told = { name: 'c', resources: { requests: { cpu: '2' } } }
    const shrinking = pod({ requests: { cpu: '1' }, status: { containerStatuses: [told] } })
    const shrunk = pod({
      requests: { cpu: '1' },
      status: { containerStatuses: [{ ...told, resources: { requests: { cpu: '1' } } }] },
    })
    expect([used('', 'pods', shrinking)['requests.cpu'], used('', 'pods', shrunk)['requests.cpu']]).toEqual(['2', '1'])
    expect(podFrees(shrinking as Pod, shrunk as Pod, now)).toBe(true)
    expect(podFrees(shrunk as Pod, shrunk as Pod, now)).toBe(false)
  })
  it('claims get another class', () => {
    const claim = (name: string) => object({ spec: { volumeAttributesClassName: name } }) as never
    expect(claimChanges(claim('a'), claim('b'))).toBe(true)
    expect(claimChanges(claim('a'), claim('a'))).toBe(false)
  })
})
