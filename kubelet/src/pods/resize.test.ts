import { describe, expect, it } from 'vitest'
import type { ContainerResizePolicy, Node, Pod, ResourceRequirements } from '@kubets/shared/api/types/core-v1.ts'
import type { ContainerStatus } from '../runtime/types.ts'
import { resizeRefusal } from './admission.ts'
import { container, exited, pod, running } from './fixtures.ts'
import {
  givenTo,
  resizeActions,
  resizeClaims,
  resizeMessage,
  wantedResources,
  wantsResize,
  withAllocated,
} from './resize.ts'

const small = { requests: { cpu: '20m', memory: '35Mi' }, limits: { cpu: '20m', memory: '35Mi' } }
const one = (resources: ResourceRequirements, resizePolicy: ContainerResizePolicy[] = []): Pod =>
  pod({ containers: [container('a', { resources, resizePolicy })] })
const onMemory = [
  { resourceName: 'cpu', restartPolicy: 'NotRequired' },
  { resourceName: 'memory', restartPolicy: 'RestartContainer' },
]

describe('resizeActions', () => {
  it.each<[string, Pod, ContainerStatus[], ResourceRequirements, string | undefined]>([
    ['nothing changed', one(small), [running('a')], small, undefined],
    [
      'the same in other words',
      one({ requests: { cpu: '0.02', memory: '35Mi' } }),
      [running('a')],
      { requests: { cpu: '20m', memory: '35840Ki' } },
      undefined,
    ],
    ['more CPU', one({ ...small, limits: { cpu: '30m', memory: '35Mi' } }), [running('a')], small, 'update'],
    ['a new limit', one(small), [running('a')], { requests: small.requests }, 'update'],
    ['a new request', one({ requests: { cpu: '1m' } }), [running('a')], {}, 'update'],
    ['CPU where memory restarts', one({ requests: { cpu: '30m' } }, onMemory), [running('a')], {}, 'update'],
    ['memory where memory restarts', one({ requests: { memory: '1Mi' } }, onMemory), [running('a')], {}, 'restart'],
    ['a container that has ended', one(small), [exited('a', 0)], {}, undefined],
    ['disk is not looked at', one({ requests: { 'ephemeral-storage': '1' } }), [running('a')], {}, undefined],
  ])('%s', (_, of, containers, actuated, action) => {
    expect(resizeActions(of, { sandboxes: [], containers }, { a: actuated }).get('a')).toBe(action)
  })

  it('leaves alone what it knows nothing of', () => {
    expect(resizeActions(one(small), { sandboxes: [], containers: [running('a')] }, {}).size).toBe(0)
  })
})

describe('what is granted', () => {
  const init = [container('i', { resources: small }), container('s', { resources: small, restartPolicy: 'Always' })]
  const many = pod({ initContainers: init, containers: [container('a', { resources: small })] })
  const granted = { s: { requests: { cpu: '1' } }, a: small }

  it('is for containers and sidecars', () => {
    expect(wantedResources(many)).toEqual({ s: small, a: small })
  })

  it('stands in place of what is wanted', () => {
    const seen = withAllocated(many, { allocated: granted })
    expect(seen.spec.initContainers?.map(({ resources }) => resources)).toEqual([small, granted.s])
    expect(seen.spec.containers[0]?.resources).toEqual(small)
    expect(many.spec.initContainers?.[1]?.resources).toEqual(small)
  })

  it('changes nothing where it is what is wanted', () => {
    expect(wantsResize(many, { allocated: wantedResources(many) })).toBe(false)
    expect(withAllocated(many, { allocated: wantedResources(many) })).toBe(many)
    expect(withAllocated(many, undefined)).toBe(many)
    expect(wantsResize(many, { allocated: granted })).toBe(true)
  })
})

describe('the Pod as a whole', () => {
  const resources = { limits: { cpu: '2', memory: '64Mi' } }
  const own = container('own', { resources: { limits: { cpu: '1' } } })
  const whole = pod({ resources, containers: [own, container('shares')] })
  const state = { sandboxes: [], containers: [running('own'), running('shares')] }
  const given = Object.fromEntries(whole.spec.containers.map((one) => [one.name, givenTo(whole, one)]))

  it('lets containers have its limits where they have none', () => {
    expect(given).toEqual({
      own: { limits: { cpu: '1' }, inherited: { memory: '64Mi' } },
      shares: { inherited: { cpu: '2', memory: '64Mi' } },
    })
    const faster = pod({ ...whole.spec, resources: { limits: { cpu: '3', memory: '64Mi' } } })
    expect(resizeActions(whole, state, given).size).toBe(0)
    expect([...resizeActions(faster, state, given)]).toEqual([['shares', 'update']])
    const bigger = pod({ ...whole.spec, resources: { limits: { cpu: '2', memory: '1Gi' } } })
    bigger.spec.containers[1] = container('shares', { resizePolicy: onMemory })
    expect([...resizeActions(bigger, state, given)]).toEqual([
      ['own', 'update'],
      ['shares', 'restart'],
    ])
  })

  it('is granted what it wants, or has what it was granted', () => {
    const allocated = wantedResources(whole)
    const allocatedPod = { limits: { cpu: '1', memory: '64Mi' } }
    expect(wantsResize(whole, { allocated, allocatedPod: resources })).toBe(false)
    expect(wantsResize(whole, { allocated, allocatedPod })).toBe(true)
    expect(withAllocated(whole, { allocated, allocatedPod }).spec.resources).toEqual(allocatedPod)
    expect(withAllocated(whole, { allocated }).spec).not.toHaveProperty('resources')
    expect(resizeMessage('started', whole)).toMatch(/^Pod resize started: {"resources":{"limits":{"cpu":"2"/)
  })
})

describe('resizeRefusal', () => {
  const allocatable = { cpu: '2', memory: '1Gi', pods: '10' }
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: {}, spec: {}, status: { allocatable } }
  const other = one({ requests: { cpu: '1500m' } })
  it.each([
    [{ cpu: '500m' }, undefined, undefined],
    [{ cpu: '600m' }, 'Deferred', "Node didn't have enough resource: cpu, requested: 600, used: 1500, capacity: 2000"],
    [{ cpu: '3' }, 'Infeasible', "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000"],
    [
      { cpu: '3', memory: '2Gi' },
      'Infeasible',
      "Node didn't have enough capacity: memory, requested: 2147483648, capacity: 1073741824",
    ],
  ])('of %o', (requests, reason, message) => {
    const why = resizeRefusal(one({ requests }), [other], node)
    expect(why).toEqual(reason === undefined ? undefined : { reason, message })
  })
})

describe('what is told', () => {
  const pending = { reason: 'Deferred', message: 'm' }
  it.each([
    [{ pending: undefined, inProgress: undefined }, []],
    [{ pending, inProgress: undefined }, [{ type: 'PodResizePending', status: 'True', ...pending }]],
    [{ pending: undefined, inProgress: { error: undefined } }, [{ type: 'PodResizeInProgress', status: 'True' }]],
    [
      { pending: undefined, inProgress: { error: 'm' } },
      [{ type: 'PodResizeInProgress', status: 'True', reason: 'Error', message: 'm' }],
    ],
  ])('%o', (status, claims) => {
    expect(resizeClaims(status)).toEqual(claims)
  })

  it('in events', () => {
    const of = { ...one(small), metadata: { name: 'web', generation: 2 } }
    const text = '{"containers":[{"name":"a","resources":{"requests":{"cpu":"20m","memory":"35Mi"}'
    expect(resizeMessage('started', of)).toBe(
      `Pod resize started: ${text},"limits":{"cpu":"20m","memory":"35Mi"}}}],"generation":2}`,
    )
    const initContainers = [container('i'), container('s', { resources: small, restartPolicy: 'Always' })]
    const ofSidecar = pod({ initContainers, containers: [container('a')] }, { metadata: { generation: 3 } })
    const sidecar =
      '{"name":"s","resources":{"requests":{"cpu":"20m","memory":"35Mi"},"limits":{"cpu":"20m","memory":"35Mi"}}}'
    expect(resizeMessage('started', ofSidecar)).toBe(
      `Pod resize started: {"initContainers":[{"name":"i","resources":{}},${sidecar}],"containers":[{"name":"a","resources":{}}],"generation":3}`,
    )
    expect(resizeMessage('Deferred', of, 'm')).toMatch(/^Pod resize Deferred: .*"generation":2,"error":"m"\}$/)
  })
})
