import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../machinery/object.ts'
import type { Pod, ScopedResourceSelectorRequirement } from '../types/core-v1.ts'
import { add, amountsOf, equal, exceeding, listOf, mask, subtract, withoutZeros } from './amounts.ts'
import { evaluatorOf } from './evaluators.ts'
import { claimChanges } from './persistent-volume-claims.ts'
import { podFrees } from './pods.ts'
import { noDevices } from './resource-claims.ts'

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
  listOf(evaluatorOf(group, plural, noDevices)?.usage(of, now) ?? new Map())

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
      name: 'a Pod that asks for devices by their class',
      got: used(
        '',
        'pods',
        pod({ requests: { 'deviceclass.resource.kubernetes.io/gpu': '2', 'kubernetes.io/x': '1' } }),
      ),
      want: { 'count/pods': '1', pods: '1', 'requests.deviceclass.resource.kubernetes.io/gpu': '2' },
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
    ['pods', 'requests.deviceclass.resource.kubernetes.io/gpu', true],
    ['pods', 'requests.kubernetes.io/x', false],
    ['pods', 'deviceclass.resource.kubernetes.io/gpu', false],
    ['pods', 'limits.example.com/dongle', false],
    ['services', 'count/services', true],
    ['services', 'services.other', false],
    ['persistentvolumeclaims', 'gold.storageclass.storage.k8s.io/requests.memory', false],
    ['persistentvolumeclaims', 'count/persistentvolumeclaims', true],
    ['services', 'services.nodeports', true],
    ['persistentvolumeclaims', 'gold.storageclass.storage.k8s.io/requests.storage', true],
    ['persistentvolumeclaims', 'requests.memory', false],
    ['configmaps', 'configmaps', true],
    ['configmaps', 'count/configmaps', true],
  ]
  for (const [plural, name, counts] of cases)
    it(`${plural} ${name}`, () => expect(evaluatorOf('', plural, noDevices)?.counts(name)).toBe(counts))
})

describe('a Pod and what its quota demands', () => {
  const lacks = (names: string[], of: KubeObject) => evaluatorOf('', 'pods', noDevices)?.lacks(names, of)
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
  const near = (kind: string, how: 'required' | 'preferred', podAffinityTerm: object) =>
    pod({
      spec: {
        affinity: {
          [kind]: {
            [`${how}DuringSchedulingIgnoredDuringExecution`]:
              how === 'required' ? [podAffinityTerm] : [{ weight: 1, podAffinityTerm }],
          },
        },
      },
    })
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
    [
      'other namespaces by their labels, though all',
      exists('CrossNamespacePodAffinity'),
      near('podAffinity', 'required', { topologyKey: 'k', namespaceSelector: {} }),
      true,
    ],
    [
      'other namespaces preferred',
      exists('CrossNamespacePodAffinity'),
      near('podAffinity', 'preferred', { topologyKey: 'k', namespaces: ['other'] }),
      true,
    ],
    [
      'an affinity within the namespace',
      exists('CrossNamespacePodAffinity'),
      near('podAntiAffinity', 'preferred', { topologyKey: 'k', namespaces: [] }),
      false,
    ],
    ['a deadline of nothing', exists('Terminating'), pod({ spec: { activeDeadlineSeconds: 0 } }), true],
    ['what its status says of its quality', exists('BestEffort'), pod({ status: { qosClass: 'Burstable' } }), false],
    ['not this class, as it has another', classes('NotIn', 'low'), high, true],
    ['some class, though none was wanted', classes('DoesNotExist'), high, false],
    ['unheard of', exists('Other'), pod({}), false],
  ]
  for (const [name, scope, of, within] of cases)
    it(name, () => expect(evaluatorOf('', 'pods', noDevices)?.matchesScope(scope, of)).toBe(within))
})

describe('scopes of claims', () => {
  const claim = (spec?: string, current?: string, target?: string) =>
    object({
      spec: spec === undefined ? {} : { volumeAttributesClassName: spec },
      status: {
        ...(current === undefined ? {} : { currentVolumeAttributesClassName: current }),
        ...(target === undefined ? {} : { modifyVolumeStatus: { targetVolumeAttributesClassName: target } }),
      },
    })
  const classes = (operator: string, ...values: string[]) => ({
    scopeName: 'VolumeAttributesClass',
    operator,
    ...(values.length > 0 ? { values } : {}),
  })
  it.each<[string, ScopedResourceSelectorRequirement, KubeObject, boolean]>([
    ['any class', classes('Exists'), claim('gold'), true],
    ['no class', classes('Exists'), claim(), false],
    ['no class that says nothing', classes('Exists'), claim(''), false],
    ['without class', classes('DoesNotExist'), claim(), true],
    ['with one, though', classes('DoesNotExist'), claim('gold'), false],
    ['the class that is wanted', classes('In', 'gold'), claim('gold', 'iron'), true],
    ['the class it has', classes('In', 'iron'), claim('gold', 'iron'), true],
    ['the class it is on its way to', classes('In', 'clay'), claim('gold', 'iron', 'clay'), true],
    ['another class', classes('In', 'clay'), claim('gold', 'iron'), false],
    ['one that is not this class', classes('NotIn', 'gold'), claim('gold', 'iron'), true],
    ['only this class', classes('NotIn', 'gold'), claim('gold', 'gold'), false],
    ['not this class, as it has none', classes('NotIn', 'gold'), claim(), true],
    ['a scope of Pods', { scopeName: 'BestEffort', operator: 'Exists' }, claim('gold'), false],
  ])('%s', (_, scope, of, within) => {
    expect(evaluatorOf('', 'persistentvolumeclaims', noDevices)?.matchesScope(scope, of)).toBe(within)
  })

  it.each(['services', 'configmaps', 'replicationcontrollers'])('%s are in none', (plural) => {
    const found = evaluatorOf('', plural, noDevices)?.matchesScope(classes('Exists'), claim('gold'))
    expect(found).toBe(false)
  })
})

describe('writes that matter', () => {
  const handles = (plural: string, operation: 'CREATE' | 'UPDATE' | 'DELETE', subresource = '') =>
    evaluatorOf('', plural, noDevices)?.handles({
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
    expect(evaluatorOf('', 'pods', noDevices)?.handles({ ...update, old: plain })).toBe(true)
    expect(evaluatorOf('', 'pods', noDevices)?.handles({ ...update, old: limited })).toBe(false)
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
