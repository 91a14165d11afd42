import { describe, expect, it } from 'vitest'
import type { HorizontalPodAutoscaler, MetricSpec } from '@kubets/shared/api/types/autoscaling-v2.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { evaluate, tolerancesOf } from './evaluate.ts'
import type { Reading } from './evaluate.ts'
import { selectorText } from '../selector-text.ts'
import { usageOfPods, valuesOfPods } from './readings.ts'
import type { Situation } from './replicas.ts'

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'app', resources: { requests: { cpu: '1', memory: '1Gi' } } }] },
  status: {
    phase: 'Running',
    startTime: '2026-01-01T00:00:00Z',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  },
})
const situation: Situation = {
  specReplicas: 2,
  statusReplicas: 2,
  pods: [pod('a'), pod('b')],
  tolerances: { down: 0.1, up: 0.1 },
  initialization: { cpuMs: 0, readinessMs: 0 },
  now: Date.parse('2026-01-01T12:00:00Z'),
}
const ofPods = (value: number): Reading => ({
  pods: new Map(['a', 'b'].map((name) => [name, { value, timestamp: situation.now, windowMs: 30_000 }])),
})
const resource = (name: string, target: object, container?: string): MetricSpec =>
  container === undefined
    ? { type: 'Resource', resource: { name, target: { type: '', ...target } } }
    : { type: 'ContainerResource', containerResource: { name, container, target: { type: '', ...target } } }
const metric = { name: 'qps', selector: { matchLabels: { b: '2', a: '1' } } }
const describedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const selector =
  '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}'
const object = (type: string, target: object): MetricSpec => ({
  type: 'Object',
  object: { metric, describedObject, target: { type, ...target } },
})
const external = (target: object): MetricSpec => ({
  type: 'External',
  external: { metric, target: { type: '', ...target } },
})

describe('a metric that was read', () => {
  it.each<[string, MetricSpec, Reading, number, string, object]>([
    [
      'CPU as a share of requests',
      resource('cpu', { averageUtilization: 50 }),
      ofPods(1000),
      4,
      'cpu resource utilization (percentage of request)',
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '1' } },
      },
    ],
    [
      'memory as an amount',
      resource('memory', { averageValue: '512Mi' }),
      ofPods(1024 ** 3 * 1000),
      4,
      'memory resource',
      { type: 'Resource', resource: { name: 'memory', current: { averageValue: '1Gi' } } },
    ],
    [
      'a container',
      resource('cpu', { averageUtilization: 50 }, 'app'),
      ofPods(250),
      1,
      'cpu container resource utilization (percentage of request)',
      {
        type: 'ContainerResource',
        containerResource: {
          name: 'cpu',
          container: 'app',
          current: { averageUtilization: 25, averageValue: '250m' },
        },
      },
    ],
    [
      'of Pods',
      { type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '10' } } },
      ofPods(20_500),
      5,
      'pods metric qps',
      { type: 'Pods', pods: { metric: { name: 'qps' }, current: { averageValue: '20500m' } } },
    ],
    [
      'of an object',
      object('Value', { value: '10' }),
      { values: [30_000] },
      6,
      'Deployment metric qps',
      { type: 'Object', object: { metric, describedObject, current: { value: '30' } } },
    ],
    [
      'of an object, shared among Pods',
      object('AverageValue', { averageValue: '10' }),
      { values: [30_000] },
      3,
      `external metric qps(${selector})`,
      { type: 'Object', object: { metric, describedObject, current: { averageValue: '15' } } },
    ],
    [
      'external',
      external({ value: '10' }),
      { values: [10_000, 20_000] },
      6,
      `external metric qps(${selector})`,
      { type: 'External', external: { metric, current: { value: '30' } } },
    ],
    [
      'external, shared among Pods',
      external({ averageValue: '10' }),
      { values: [10_000, 20_000] },
      3,
      `external metric qps(${selector})`,
      { type: 'External', external: { metric, current: { averageValue: '15' } } },
    ],
  ])('%s', (_, spec, reading, replicas, name, status) => {
    expect(evaluate(spec, reading, situation, 'ns')).toEqual({ replicas, name, status })
  })
})

describe('a metric that was not read', () => {
  const reading = { error: 'E' }
  it.each<[string, MetricSpec, string, string, string]>([
    [
      'CPU',
      resource('cpu', { averageUtilization: 50 }),
      'FailedGetResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: E',
      'failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: E',
    ],
    [
      'memory',
      resource('memory', { averageValue: '1' }),
      'FailedGetResourceMetric',
      'failed to get memory usage: unable to get metrics for resource memory: E',
      'failed to get memory resource metric value: failed to get memory usage: unable to get metrics for resource memory: E',
    ],
    [
      'without a target',
      resource('cpu', {}),
      'FailedGetResourceMetric',
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
      'failed to get cpu resource metric value: invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    ],
    [
      'a container',
      resource('cpu', { averageUtilization: 50 }, 'app'),
      'FailedGetContainerResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: E',
      'failed to get app container metric value: failed to get cpu utilization: unable to get metrics for resource cpu: E',
    ],
    [
      'of Pods',
      { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '10' } } },
      'FailedGetPodsMetric',
      'unable to get metric qps: E',
      'failed to get pods metric value: unable to get metric qps: E',
    ],
    [
      'of an object',
      object('Value', { value: '10' }),
      'FailedGetObjectMetric',
      'unable to get metric qps on Deployment ns/web: E',
      'failed to get object metric value: unable to get metric qps on Deployment ns/web: E',
    ],
    [
      'of an object, shared among Pods',
      object('AverageValue', { averageValue: '10' }),
      'FailedGetObjectMetric',
      'unable to get metric qps on Deployment ns/web: E',
      'failed to get object metric value: failed to get qps object metric: unable to get metric qps on Deployment ns/web: E',
    ],
    [
      'of an object, without a target',
      object('Value', {}),
      'FailedGetObjectMetric',
      'invalid object metric source: neither a value target nor an average value target was set',
      'failed to get object metric value: invalid object metric source: neither a value target nor an average value target was set',
    ],
    [
      'external',
      external({ value: '10' }),
      'FailedGetExternalMetric',
      `unable to get external metric ns/qps/${selector}: E`,
      `failed to get qps external metric value: failed to get external metric qps: unable to get external metric ns/qps/${selector}: E`,
    ],
    [
      'external, shared among Pods',
      external({ averageValue: '10' }),
      'FailedGetExternalMetric',
      `unable to get external metric ns/qps/${selector}: E`,
      `failed to get qps external metric value: failed to get qps external metric: unable to get external metric ns/qps/${selector}: E`,
    ],
    [
      'external, without a target',
      external({}),
      'FailedGetExternalMetric',
      'invalid external metric source: neither a value target nor an average value target was set',
      'failed to get qps external metric value: invalid external metric source: neither a value target nor an average value target was set',
    ],
  ])('%s', (_, spec, reason, cause, error) => {
    expect(evaluate(spec, reading, situation, 'ns')).toEqual({ reason, cause, error })
  })

  it('of a type nobody knows', () => {
    const error = 'unknown metric source type "Moon"'
    const failed = { reason: 'InvalidMetricSourceType', cause: error, error, isSpec: true }
    expect(evaluate({ type: 'Moon' }, reading, situation, 'ns')).toEqual(failed)
  })
})

describe('readings', () => {
  const item = (name: string, ...usages: Record<string, string>[]) => ({
    metadata: { name },
    timestamp: '2026-01-01T12:00:00Z',
    window: '1m0.5s',
    containers: usages.map((usage, i) => ({ name: `c${i}`, usage })),
  })
  const read = { timestamp: situation.now, windowMs: 60_500 }

  it('add up the containers of a Pod, if all are measured', () => {
    const items = [item('a', { cpu: '1' }, { cpu: '250m' }), item('b', { cpu: '1' }, { memory: '1' }), item('c')]
    expect([...usageOfPods(items, 'cpu', undefined)]).toEqual([['a', { value: 1250, ...read }]])
  })

  it('take one container', () => {
    const items = [item('a', { cpu: '1' }, { cpu: '250m' }), item('b', { cpu: '1' })]
    expect([...usageOfPods(items, 'cpu', 'c1')]).toEqual([['a', { value: 250, ...read }]])
  })

  it('of custom metrics are of a minute unless they say otherwise', () => {
    const value = (name: string, more: object) => ({
      describedObject: { name },
      timestamp: '2026-01-01T12:00:00Z',
      value: '2',
      ...more,
    })
    expect([...valuesOfPods([value('a', {}), value('b', { windowSeconds: 5 })])]).toEqual([
      ['a', { value: 2000, timestamp: situation.now, windowMs: 60_000 }],
      ['b', { value: 2000, timestamp: situation.now, windowMs: 5000 }],
    ])
  })

  it('are named by selectors as Go prints them', () => {
    expect(selectorText(undefined)).toBe('nil')
    const matchExpressions = [{ key: 'k', operator: 'In', values: ['x', 'y'] }]
    expect(selectorText({ matchExpressions })).toBe(
      '&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
    )
  })
})

it('tolerances are those of the autoscaler, or else of all', () => {
  const autoscaler = (behavior: HorizontalPodAutoscaler['spec']['behavior']): HorizontalPodAutoscaler => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'hpa' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3, ...(behavior && { behavior }) },
  })
  expect(tolerancesOf(autoscaler(undefined), 0.1)).toEqual({ down: 0.1, up: 0.1 })
  expect(tolerancesOf(autoscaler({ scaleUp: { tolerance: '50m' } }), 0.1)).toEqual({ down: 0.1, up: 0.05 })
})
