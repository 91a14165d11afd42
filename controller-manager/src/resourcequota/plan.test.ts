import { describe, expect, it } from 'vitest'
import { evaluatorOf } from '@kubets/shared/api/quota/evaluators.ts'
import { noDevices, resourceClaimEvaluator } from '@kubets/shared/api/quota/resource-claims.ts'
import type { Evaluator } from '@kubets/shared/api/quota/evaluator.ts'
import type { ResourceQuota } from '@kubets/shared/api/types/core-v1.ts'
import type { DeviceClass } from '@kubets/shared/api/types/resource-v1.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { concerns, planStatus } from './plan.ts'
import type { Counted } from './plan.ts'

const evaluator = (group: string, plural: string): Evaluator => {
  const found = evaluatorOf(group, plural, noDevices)
  if (!found) throw new Error(`${plural} is not counted`)
  return found
}

const pod = (cpu?: string, phase = 'Running'): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { containers: [{ name: 'c', resources: cpu === undefined ? {} : { requests: { cpu } } }] },
    status: { phase },
  }) as KubeObject

const pods = (...objects: KubeObject[]): Counted => ({ evaluator: evaluator('', 'pods'), objects })
const widgets = (count: number): Counted => ({ evaluator: evaluator('example.com', 'widgets'), objects: count })

const quota = (spec: ResourceQuota['spec'], status?: ResourceQuota['status']): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' },
  spec,
  ...(status ? { status } : {}),
})

const podOfGpus = {
  ...pod(),
  spec: { containers: [{ name: 'c', resources: { requests: { 'example.com/gpu': '2' } } }] },
} as KubeObject
const gpuClass = { metadata: { name: 'gpu' }, spec: { extendedResourceName: 'example.com/gpu' } } as DeviceClass
const gpuClaims: Counted = {
  evaluator: resourceClaimEvaluator({ ...noDevices, classes: () => [gpuClass] }),
  objects: [
    { metadata: {}, spec: { devices: { requests: [{ exactly: { deviceClassName: 'gpu', count: 3 } }] } } } as never,
  ],
}

describe('planStatus', () => {
  const cases: { name: string; got: unknown; want: unknown }[] = [
    {
      name: 'counts from nothing',
      got: planStatus(quota({ hard: { pods: '5', cpu: '1' } }), [pods(pod('100m'), pod('200m'))], 0),
      want: { hard: { pods: '5', cpu: '1' }, used: { pods: '2', cpu: '300m' } },
    },
    {
      name: 'shows zero where there is nothing',
      got: planStatus(quota({ hard: { pods: '5' } }), [pods()], 0),
      want: { hard: { pods: '5' }, used: { pods: '0' } },
    },
    {
      name: 'sets free what has ended',
      got: planStatus(
        quota({ hard: { pods: '5', 'count/pods': '9' } }, { hard: { pods: '5' }, used: { pods: '2' } }),
        [pods(pod('1'), pod('1', 'Failed'))],
        0,
      ),
      want: { hard: { pods: '5', 'count/pods': '9' }, used: { pods: '1', 'count/pods': '2' } },
    },
    {
      name: 'writes nothing when nothing changed, however it is written',
      got: planStatus(
        quota({ hard: { cpu: '1000m' } }, { hard: { cpu: '1' }, used: { cpu: '500m' } }),
        [pods(pod('0.5'))],
        0,
      ),
      want: undefined,
    },
    {
      name: 'looks at scopes',
      got: planStatus(quota({ hard: { pods: '5' }, scopes: ['BestEffort'] }), [pods(pod('1'), pod())], 0),
      want: { hard: { pods: '5' }, used: { pods: '1' } },
    },
    {
      name: 'counts any kind',
      got: planStatus(quota({ hard: { 'count/widgets.example.com': '5' } }), [pods(), widgets(3)], 0),
      want: { hard: { 'count/widgets.example.com': '5' }, used: { 'count/widgets.example.com': '3' } },
    },
    {
      name: 'keeps what nobody counts now, and says nothing of what nobody ever did',
      got: planStatus(
        quota(
          { hard: { 'count/widgets.example.com': '5', 'count/others.example.com': '1' } },
          { hard: {}, used: { 'count/widgets.example.com': '3', pods: '7' } },
        ),
        [pods()],
        0,
      ),
      want: {
        hard: { 'count/widgets.example.com': '5', 'count/others.example.com': '1' },
        used: { 'count/widgets.example.com': '3' },
      },
    },
    {
      name: 'adds what Pods ask for and what claims have of the same devices',
      got: planStatus(
        quota({ hard: { 'requests.example.com/gpu': '9', 'gpu.deviceclass.resource.k8s.io/devices': '9' } }),
        [pods(podOfGpus), gpuClaims],
        0,
      ),
      want: {
        hard: { 'requests.example.com/gpu': '9', 'gpu.deviceclass.resource.k8s.io/devices': '9' },
        used: { 'requests.example.com/gpu': '5', 'gpu.deviceclass.resource.k8s.io/devices': '3' },
      },
    },
    {
      name: 'shows an empty quota as counted',
      got: planStatus(quota({}), [pods(pod('1'))], 0),
      want: { hard: {}, used: {} },
    },
  ]
  for (const { name, got, want } of cases) it(name, () => expect(got).toEqual(want))

  it('knows which resources concern a quota', () => {
    const counting = quota({ hard: { 'requests.cpu': '1' } })
    expect(concerns(counting, evaluator('', 'pods'))).toBe(true)
    expect(concerns(counting, evaluator('', 'services'))).toBe(false)
  })
})
