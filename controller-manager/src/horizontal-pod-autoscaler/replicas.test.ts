import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { PodMetrics } from './readings.ts'
import { forAverage, forUtilization, forValue, forValuePerPod, groupPods, sumOf } from './replicas.ts'
import type { Situation } from './replicas.ts'

const now = Date.parse('2026-01-01T12:00:00Z')
const minute = 60_000

/**
 * One word a Pod: "+" is ready, "!" was never ready, "*" started just now, "?" is pending, "x" failed, "o" succeeded,
 * "~" goes. They are called a, b, c …, and each requests one CPU.
 */
const podsOf = (line: string): Pod[] =>
  [...line].map((mark, index) => {
    const started = formatTime(mark === '*' ? now : now - 3 * minute)
    const phase = { '?': 'Pending', x: 'Failed', o: 'Succeeded' }[mark] ?? 'Running'
    const name = String.fromCharCode(97 + index)
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, ...(mark === '~' ? { deletionTimestamp: formatTime(now) } : {}) },
      spec: { containers: [{ name: 'one', resources: { requests: { cpu: '1' } } }] },
      status: {
        phase,
        startTime: started,
        conditions: [{ type: 'Ready', status: '+*~'.includes(mark) ? 'True' : 'False', lastTransitionTime: started }],
      },
    }
  })

/** Of the Pods a, b, c … */
const metricsOf = (...values: readonly number[]): PodMetrics =>
  new Map(values.map((value, i) => [String.fromCharCode(97 + i), { value, timestamp: now, windowMs: minute }]))

const situation = (pods: readonly Pod[], replicas: number, more: Partial<Situation> = {}): Situation => ({
  specReplicas: replicas,
  statusReplicas: replicas,
  pods,
  tolerances: { down: 0.1, up: 0.1 },
  initialization: { cpuMs: 2 * minute, readinessMs: 10_000 },
  now,
  ...more,
})

describe('a share of requested CPU', () => {
  type Case = [
    what: string,
    pods: string,
    replicas: number,
    values: number[],
    target: number,
    want: number,
    utilization: number,
  ]
  it.each<Case>([
    ['scales up', '+++', 3, [300, 500, 700], 30, 5, 50],
    ['scales up less with a Pod that is not ready', '!++', 3, [300, 500, 700], 30, 4, 60],
    ['scales up less with a Pod that has just started', '*++', 3, [300, 500, 700], 30, 4, 60],
    ['does not scale up for Pods that may take the load', '+!!', 3, [400, 500, 700], 30, 3, 40],
    ['does not count failed Pods', '++xx', 2, [500, 700], 30, 4, 60],
    ['does not count succeeded Pods', '++oo', 2, [500, 700], 30, 4, 60],
    ['does not count Pods that go', '++~~', 2, [500, 700], 30, 4, 60],
    ['scales down', '+++++', 5, [100, 300, 500, 250, 250], 50, 3, 28],
    ['scales down by the ready Pods', '+++!!', 5, [100, 300, 500, 250, 250], 50, 2, 30],
    ['scales down by the scheduled Pods', '+????', 5, [100], 50, 1, 10],
    ['scales down by Pods past their start', '+++**', 5, [100, 300, 500, 250, 250], 50, 2, 30],
    ['does not count failed Pods on the way down', '+++++xx', 5, [100, 300, 500, 250, 250], 50, 3, 28],
    ['does not count metrics of Pods that go', '+++++~~', 5, [100, 300, 500, 250, 250, 900, 900], 50, 3, 28],
    ['takes metrics of more Pods than there are', '++++', 4, [4000, 9500, 3000, 7000, 3200, 2000], 100, 24, 587],
    ['takes Pods without metrics to use all they request', '++++', 4, [400, 95], 100, 3, 24],
    ['changes nothing at the target', '++', 2, [1000], 100, 2, 100],
    ['changes nothing when a missing metric may be 0', '++', 2, [1900], 100, 2, 190],
    ['changes nothing when a missing metric may be all', '++', 2, [600], 100, 2, 60],
    ['changes nothing for a Pod that is not ready', '!++', 3, [100, 450], 50, 3, 45],
    ['scales up though one is not ready and one missing', '!++', 3, [100, 2000], 50, 4, 200],
    ['scales down though one is not ready and one missing', '!+++', 4, [100, 100, 100], 50, 3, 10],
    ['does not grow on the way down', '+++', 2, [100, 100], 50, 2, 10],
    ['is met within the tolerance', '+++', 3, [1010, 1030, 1020], 100, 3, 102],
    ['is met at the edge of the tolerance', '++', 2, [900, 900], 100, 2, 90],
  ])('%s', (_, pods, replicas, values, target, want, utilization) => {
    const share = { resource: 'cpu', container: undefined, target }
    const proposal = forUtilization(situation(podsOf(pods), replicas), metricsOf(...values), share)
    expect([proposal.replicas, proposal.utilization]).toEqual([want, utilization])
  })

  it.each([
    ['above a wide one, upwards', { down: 0.1, up: 2 }, 1900, 3],
    ['above a narrow one, upwards', { down: 2, up: 0.08 }, 1090, 4],
    ['below a wide one, downwards', { down: 0.36, up: 0.1 }, 650, 3],
    ['below a narrow one, downwards', { down: 0.34, up: 0.1 }, 650, 2],
    ['no tolerance at all', { down: 0, up: 0 }, 1010, 4],
  ])('knows tolerances of its own: %s', (_, tolerances, value, want) => {
    const share = { resource: 'cpu', container: undefined, target: 100 }
    const given = situation(podsOf('+++'), 3, { tolerances })
    expect(forUtilization(given, metricsOf(value, value, value), share).replicas).toBe(want)
  })

  it('assumes a missing Pod at the target, where that is more than it requests', () => {
    const pods = podsOf('!+++')
    const requests = ['1', '1', '2', '2']
    pods.forEach((pod, i) => (pod.spec.containers[0]!.resources = { requests: { cpu: requests[i] ?? '' } }))
    const share = { resource: 'cpu', container: undefined, target: 300 }
    const found = forUtilization(situation(pods, 4), metricsOf(400, 200, 200), share)
    expect(found).toEqual({ replicas: 2, utilization: 13, usage: 200 })
  })

  const share = { resource: 'cpu', container: undefined, target: 50 }
  const named = (name: string): Pod[] => podsOf('+').map((pod) => ({ ...pod, metadata: { name } }))
  it.each<[string, () => unknown]>([
    [
      'no pods returned by selector while calculating replica count',
      () => forUtilization(situation([], 1), metricsOf(1), share),
    ],
    [
      'did not receive metrics for targeted pods (pods might be unready)',
      () => forUtilization(situation(podsOf('!'), 1), metricsOf(1), share),
    ],
    [
      'no metrics returned matched known pods',
      () => forUtilization(situation(named('other'), 1), metricsOf(100), share),
    ],
    [
      'missing request for memory in container one of Pod a',
      () => forUtilization(situation(podsOf('+'), 1), metricsOf(1), { ...share, resource: 'memory' }),
    ],
    [
      'container two not found in Pod a',
      () => forUtilization(situation(podsOf('+'), 1), metricsOf(1), { ...share, container: 'two' }),
    ],
  ])('cannot be had: %s', (message, compute) => {
    expect(compute).toThrow(message)
  })

  it('is of what containers, sidecars or the Pod as a whole request', () => {
    const [pod] = podsOf('+') as [Pod]
    const cpu = (amount: string): { requests: { cpu: string } } => ({ requests: { cpu: amount } })
    pod.spec.containers = [
      { name: 'one', resources: cpu('1') },
      { name: 'two', resources: cpu('500m') },
    ]
    pod.spec.initContainers = [
      { name: 'first', resources: cpu('9') },
      { name: 'beside', restartPolicy: 'Always', resources: cpu('500m') },
    ]
    const utilization = (container?: string): number | undefined =>
      forUtilization(situation([pod], 1), metricsOf(1000), { ...share, container }).utilization
    expect([utilization(), utilization('two'), utilization('beside')]).toEqual([50, 200, 200])
    pod.spec.resources = cpu('4')
    expect([utilization(), utilization('two')]).toEqual([25, 200])
    pod.spec.resources = { requests: { memory: '1Gi' } }
    pod.spec.containers = [{ name: 'one' }]
    pod.spec.initContainers = []
    expect(() => utilization()).toThrow('missing pod-level request for cpu in Pod a')
  })
})

describe('an average over Pods', () => {
  it.each<[string, string, number, number[], number, number, number]>([
    ['scales up', '+++', 3, [20_000, 10_000, 30_000], 15_000, 4, 20_000],
    ['counts Pods that are not ready or have just started', '+!*', 3, [50_000, 10_000, 30_000], 15_000, 6, 30_000],
    ['rounds usage down', '!+*', 3, [50_000, 15_000, 30_000], 15_000, 7, 31_666],
    ['scales down', '+++++', 5, [12_000, 12_000, 12_000, 12_000, 12_000], 20_000, 3, 12_000],
    ['is met within the tolerance', '+++', 3, [20_000, 21_000, 21_000], 20_000, 3, 20_666],
    ['changes nothing where metrics are missing', '+++++', 5, [20_000, 19_000, 21_000], 20_000, 5, 20_000],
    ['does not grow on the way down', '+++', 2, [10_000, 10_000], 17_000, 2, 10_000],
    ['does not count failed Pods', '++xx', 2, [20_000, 20_000], 10_000, 4, 20_000],
    ['does not take Pods that are done for missing ones on the way down', '++oo', 4, [5000, 5000], 20_000, 1, 5000],
    ['does not take Pods that are done for missing ones on the way up', '++oo', 2, [20_000, 20_000], 10_000, 4, 20_000],
    ['does not count metrics of Pods that go', '++~', 3, [20_000, 20_000, 90_000], 10_000, 4, 20_000],
    ['counts Pods that are pending as using nothing', '++??', 4, [50_000, 50_000], 10_000, 10, 50_000],
  ])('%s', (_, pods, replicas, values, target, want, usage) => {
    const given = situation(podsOf(pods), replicas)
    expect(forAverage(given, metricsOf(...values), target, undefined)).toEqual({ replicas: want, usage })
  })

  it('of CPU leaves out Pods that have just started', () => {
    const found = forAverage(situation(podsOf('*++'), 3), metricsOf(300, 500, 700), 300, 'cpu')
    expect(found).toEqual({ replicas: 4, usage: 600 })
  })
})

describe('a value of all Pods', () => {
  it.each<[string, string, number, number, number, number]>([
    ['scales up', '+++', 3, 20_000, 15_000, 4],
    ['goes by the Pods that are ready', '!+!', 3, 50_000, 10_000, 5],
    ['scales down by the Pods that are ready', '!+!', 3, 8600, 4400, 2],
    ['scales down', '+++++', 5, 12_000, 20_000, 3],
    ['is met within the tolerance', '+++', 3, 20_666, 20_000, 3],
    ['has a bound', '+++', 3, 2 ** 63 - 1024, 1, 2 ** 31 - 1],
    ['scales from zero', '', 0, 20_000, 15_000, 2],
    ['stays at zero of nothing', '', 0, 0, 15_000, 0],
    ['counts Pods that go while they are ready', '++~', 3, 30_000, 15_000, 6],
    ['does not count failed Pods, nor ones that are done', '++xo', 4, 30_000, 15_000, 4],
    ['goes to zero where no Pod is ready', '!!', 2, 30_000, 15_000, 0],
  ])('%s', (_, pods, replicas, usage, target, want) => {
    expect(forValue(situation(podsOf(pods), replicas), usage, target)).toEqual({ replicas: want, usage })
  })

  it('needs Pods', () => {
    const message = 'unable to calculate ready pods: no pods returned by selector while calculating replica count'
    expect(() => forValue(situation([], 3), 9, 3)).toThrow(message)
  })

  it.each<[string, number, number, number, number, number]>([
    ['scales up', 3, 8600, 2150, 4, 2867],
    ['scales down', 5, 8600, 2867, 3, 1720],
    ['is met within the tolerance', 3, 8600, 2900, 3, 2867],
    ['without Pods', 0, 20_000, 5000, 4, 0],
    ['without Pods and of nothing', 0, 0, 5000, 0, 0],
    ['has a bound', 1, 2 ** 63 - 1024, 1, 2 ** 31 - 1, 2 ** 63 - 1024],
  ])('shared among them %s', (_, replicas, total, target, want, usage) => {
    expect(forValuePerPod(situation([], replicas), total, target)).toEqual({ replicas: want, usage })
  })

  it('is the sum of external values, within bounds', () => {
    expect([sumOf([1, 2]), sumOf([2 ** 62, 2 ** 62, 2 ** 62])]).toEqual([3, 2 ** 63 - 1024])
  })
})

describe('a Pod and its CPU', () => {
  const pod = (status: Pod['status']): Pod => ({ ...(podsOf('+')[0] as Pod), status })
  const ready = (status: string, ago: number): NonNullable<Pod['status']>['conditions'] => [
    { type: 'Ready', status, lastTransitionTime: formatTime(now - ago) },
  ]
  const startTime = (ago: number): string => formatTime(now - ago)
  it.each<[string, Pod['status'], 'ready' | 'unready' | 'missing' | 'ignored']>([
    ['that nobody has looked at', { phase: 'Running' }, 'unready'],
    ['that has no start', { phase: 'Running', conditions: ready('True', minute) }, 'unready'],
    [
      'measured whole since it became ready',
      { phase: 'Running', startTime: startTime(minute), conditions: ready('True', minute) },
      'ready',
    ],
    [
      'measured in part before it became ready',
      { phase: 'Running', startTime: startTime(minute), conditions: ready('True', minute - 1000) },
      'unready',
    ],
    [
      'that became unready in its first seconds',
      { phase: 'Running', startTime: startTime(9 * minute), conditions: ready('False', 9 * minute - 5000) },
      'unready',
    ],
    [
      'that was ready once',
      { phase: 'Running', startTime: startTime(9 * minute), conditions: ready('False', minute) },
      'ready',
    ],
    ['that is pending', { phase: 'Pending' }, 'unready'],
    ['that has failed', { phase: 'Failed' }, 'ignored'],
    ['that is done', { phase: 'Succeeded' }, 'ignored'],
    [
      'that is not ready in its first minutes',
      { phase: 'Running', startTime: startTime(minute), conditions: ready('False', 1000) },
      'unready',
    ],
    [
      'of which nobody knows whether it is ready',
      { phase: 'Running', startTime: startTime(9 * minute), conditions: ready('Unknown', 9 * minute) },
      'ready',
    ],
  ])('%s', (_, status, want) => {
    const { ready: count, ...groups } = groupPods(situation([pod(status)], 1), metricsOf(1), 'cpu')
    expect([count, groups]).toEqual([
      want === 'ready' ? 1 : 0,
      { unready: [], missing: [], ignored: [], ...(want === 'ready' ? {} : { [want]: ['a'] }) },
    ])
  })

  it('may be missing', () => {
    const [one] = podsOf('+') as [Pod]
    expect(groupPods(situation([one], 1), new Map(), 'cpu')).toMatchObject({ ready: 0, missing: ['a'] })
  })

  it('does not matter for other metrics', () => {
    const unseen = pod({ phase: 'Running' })
    expect(groupPods(situation([unseen], 1), metricsOf(1), 'memory').ready).toBe(1)
  })
})
