import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  customResourceDefinitions,
  deployments,
  events,
  horizontalPodAutoscalers,
  pods,
} from '@kubets/shared/api/resources.gen.ts'
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec } from '@kubets/shared/api/types/autoscaling-v2.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { startMetricsApi } from '@kubets/shared/testing/metrics-api.ts'
import type { MetricsApi } from '@kubets/shared/testing/metrics-api.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager } from '../manager.testing.ts'
import type { TestManager } from '../manager.testing.ts'

let manager: TestManager
let metrics: MetricsApi | undefined
const namespace = 'autoscaled'

beforeAll(async () => {
  manager = await startTestManager()
  await manager.makeNamespace(namespace)
})
afterAll(async () => {
  await metrics?.stop()
  await manager.stop()
})

const requests = { cpu: '1' }
const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }] },
})
const run = async (app: string): Promise<void> => {
  await manager.client.create(
    deployments,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: app },
      spec: { replicas: 1, selector: { matchLabels: { app } }, template: template(app) },
    },
    { namespace },
  )
}
const autoscale = (name: string, spec: Partial<HorizontalPodAutoscalerSpec>): Promise<HorizontalPodAutoscaler> =>
  manager.client.create(
    horizontalPodAutoscalers,
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, maxReplicas: 5, ...spec },
    },
    { namespace },
  )
const awaitStatus = (
  name: string,
  test: (status: NonNullable<HorizontalPodAutoscaler['status']>) => boolean,
): Promise<HorizontalPodAutoscaler> =>
  waitFor(async () => {
    const found = await manager.client.get(horizontalPodAutoscalers, name, { namespace })
    return found.status && test(found.status) ? found : undefined
  })
const condition = (
  { conditions = [] }: NonNullable<HorizontalPodAutoscaler['status']>,
  type: string,
): { status?: string; reason?: string; message?: string } => conditions.find((one) => one.type === type) ?? {}

/** Lets the Pods of the application be ready, as they would be long after their start. */
const ready = async (app: string): Promise<number> => {
  const { items } = await manager.client.list(pods, { namespace, labelSelector: `app=${app}` })
  const since = '2026-01-01T00:00:00Z'
  for (const { metadata, status } of items) {
    if (status?.phase === 'Running') continue
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: since }]
    const body = { status: { phase: 'Running', startTime: since, conditions } }
    const options = { type: 'strategic', namespace, subresource: 'status' } as const
    await manager.client.patch(pods, metadata.name ?? '', body, options)
  }
  return items.length
}
const awaitReady = (app: string, count: number): Promise<true> =>
  waitFor(async () => ((await ready(app)) === count ? (true as const) : undefined))
/** Waits until the metrics of the namespace have been read so many times more. */
const readMore = async (times: number): Promise<void> => {
  const before = metrics?.asked(namespace) ?? 0
  await waitFor(() => (metrics?.asked(namespace) ?? 0) > before + times)
}
const told = async (name: string): Promise<string[]> => {
  const { items } = await manager.client.list(events, { namespace })
  return items
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message }) => `${reason}: ${message}`)
}

describe('the horizontal Pod autoscaler', () => {
  it('says why it cannot scale without metrics', async () => {
    await run('web')
    await autoscale('web', { maxReplicas: 3 })
    await awaitReady('web', 1)
    const { status } = await awaitStatus('web', (now) => condition(now, 'ScalingActive').status === 'False')
    expect(status && condition(status, 'ScalingActive')).toMatchObject({
      reason: 'FailedGetResourceMetric',
      message:
        'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
    })
    expect(status && condition(status, 'AbleToScale').reason).toBe('SucceededGetScale')
  })

  it('scales a Deployment up and down by the CPU of its Pods, and then leaves it alone', async () => {
    metrics = await startMetricsApi(manager.client, namespace)
    metrics.use(namespace, { cpu: '2' })
    await awaitReady('web', 3)
    metrics.use(namespace, { cpu: '800m' })
    const steady = await awaitStatus(
      'web',
      ({ currentMetrics }) => currentMetrics?.[0]?.resource?.current.averageUtilization === 80,
    )
    expect(steady.status).toMatchObject({
      currentReplicas: 3,
      desiredReplicas: 3,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 80, averageValue: '800m' } } },
      ],
      lastScaleTime: expect.any(String) as string,
    })
    await readMore(5)
    const later = await manager.client.get(horizontalPodAutoscalers, 'web', { namespace })
    expect(later.metadata.resourceVersion).toBe(steady.metadata.resourceVersion)

    metrics.use(namespace, { cpu: '100m' })
    await awaitStatus('web', (now) => now.currentReplicas === 1)
  })

  it('scales a custom resource by what is outside the cluster, or of another object', async () => {
    const things: ResourceRef = {
      group: 'x.example.com',
      version: 'v1',
      plural: 'things',
      kind: 'Thing',
      namespaced: true,
    }
    await manager.client.create(customResourceDefinitions, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.x.example.com' },
      spec: {
        group: 'x.example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            subresources: {
              scale: {
                specReplicasPath: '.spec.replicas',
                statusReplicasPath: '.status.replicas',
                labelSelectorPath: '.status.selector',
              },
            },
          },
        ],
      },
    })
    const thing = {
      apiVersion: 'x.example.com/v1',
      kind: 'Thing',
      metadata: { name: 'one', namespace },
      spec: { replicas: 2 },
      status: { replicas: 2, selector: 'app=thing' },
    }
    await waitFor(() =>
      manager.client.create(things, thing as KubeObject).then(
        () => true,
        () => false,
      ),
    )
    metrics?.set(namespace, 'queue', '20')
    metrics?.set(namespace, 'hits', '1')
    const scaleTargetRef = { apiVersion: 'x.example.com/v1', kind: 'Thing', name: 'one' }
    const external = { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '5' } }
    const describedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
    const object = { metric: { name: 'hits' }, describedObject, target: { type: 'AverageValue', averageValue: '1' } }
    await autoscale('thing', {
      scaleTargetRef,
      metrics: [
        { type: 'External', external },
        { type: 'Object', object },
      ],
    })
    const { status } = await awaitStatus('thing', (now) => now.currentReplicas === 4)
    expect(status?.currentMetrics).toMatchObject([
      { type: 'External', external: { metric: { name: 'queue' } } },
      { type: 'Object', object: { describedObject, metric: { name: 'hits' } } },
    ])
    expect(status && condition(status, 'ScalingActive').message).toBe(
      'the HPA was able to successfully calculate a replica count from external metric queue(nil)',
    )
    const rescaled = 'SuccessfulRescale: New size: 4; reason: external metric queue(nil) above target'
    await waitFor(async () => (await told('thing')).includes(rescaled))
    const { spec } = (await manager.client.get(things, 'one', { namespace })) as KubeObject & { spec?: object }
    expect(spec).toEqual({ replicas: 4 })
  })

  it('does not scale what it cannot find, or what another scales too', async () => {
    const scaleTargetRef = { apiVersion: 'y.example.com/v1', kind: 'Nothing', name: 'none' }
    await autoscale('none', { scaleTargetRef })
    const lost = await awaitStatus('none', (now) => condition(now, 'AbleToScale').status === 'False')
    expect(lost.status && condition(lost.status, 'AbleToScale')).toMatchObject({
      reason: 'FailedGetScale',
      message:
        'the HPA controller was unable to get the target\'s current scale: no matches for kind "Nothing" in group "y.example.com"',
    })
    await autoscale('also-web', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } })
    const both = await awaitStatus('also-web', (now) => condition(now, 'ScalingActive').status === 'False')
    expect(both.status && condition(both.status, 'ScalingActive')).toMatchObject({
      reason: 'AmbiguousSelector',
      message: `pods by selector app=web are controlled by multiple HPAs: [{also-web ${namespace}} {web ${namespace}}]`,
    })
    await manager.client.delete(horizontalPodAutoscalers, 'web', { namespace })
    await awaitStatus('also-web', (now) => condition(now, 'ScalingActive').status === 'True')
  })

  it('follows custom metrics of Pods', async () => {
    await run('served')
    const target = { type: 'AverageValue', averageValue: '10' }
    await autoscale('served', {
      maxReplicas: 2,
      metrics: [{ type: 'Pods', pods: { metric: { name: 'qps' }, target } }],
    })
    const stuck = await awaitStatus('served', (now) => condition(now, 'ScalingActive').status === 'False')
    const { status } = stuck
    expect(status && condition(status, 'ScalingActive').message).toBe(
      'the HPA was unable to compute the replica count: unable to get metric qps: unable to fetch metrics from custom metrics API: the server could not find the requested resource (get pods.custom.metrics.k8s.io *)',
    )
    // a metric that stays away is no reason to write the same again
    await readMore(50)
    const later = await manager.client.get(horizontalPodAutoscalers, 'served', { namespace })
    expect(later.metadata.resourceVersion).toBe(stuck.metadata.resourceVersion)
    metrics?.set(namespace, 'qps', '20')
    await awaitReady('served', 1)
    await awaitReady('served', 2)
    metrics?.set(namespace, 'qps', '10')
    const found = await awaitStatus(
      'served',
      ({ currentMetrics }) => currentMetrics?.[0]?.pods?.current.averageValue === '10',
    )
    expect(found.status).toMatchObject({ currentReplicas: 2, desiredReplicas: 2 })
    expect(found.status?.currentMetrics).toEqual([
      { type: 'Pods', pods: { metric: { name: 'qps' }, current: { averageValue: '10' } } },
    ])
  })
})
