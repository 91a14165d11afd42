import { expect } from 'vitest'
import * as resources from '@kubets/shared/api/resources.gen.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import type { MetricsApi } from '@kubets/shared/testing/metrics-api.ts'
import { until } from '../../harness/until.ts'
import { makeClasses } from './cycle.ts'

const namespace = 'settled'
const held = 'held'

const labelled = (app: string, more: object = {}): object => ({
  metadata: { labels: { app } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }],
    ...more,
  },
})
const owning = (app: string, more: object = {}): object => ({
  selector: { matchLabels: { app } },
  template: labelled(app),
  ...more,
})
const oneShot = (app: string): object => ({ template: labelled(app, { restartPolicy: 'Never' }) })
const claim = (storageClassName: string): object => ({
  accessModes: ['ReadWriteOnce'],
  storageClassName,
  resources: { requests: { storage: '1Gi' } },
})
/** A place for a claim that a Pod, or nobody, waits for. */
const volume = (storageClassName: string): object => ({
  capacity: { storage: '1Gi' },
  accessModes: ['ReadWriteOnce'],
  storageClassName,
  hostPath: { path: '/nowhere' },
})

type Declared = readonly [ref: ResourceRef, apiVersion: string, kind: string, name: string, spec: object]

/** Something of every kind that a controller or the scheduler looks after, and what cannot be as it is declared. */
const declared: readonly Declared[] = [
  [resources.resourceQuotas, 'v1', 'ResourceQuota', 'quota', { hard: { pods: '100', 'count/configmaps': '100' } }],
  [resources.deployments, 'apps/v1', 'Deployment', 'web', owning('web', { replicas: 3 })],
  [resources.deployments, 'apps/v1', 'Deployment', 'paused', owning('paused', { replicas: 1, paused: true })],
  [resources.replicationControllers, 'v1', 'ReplicationController', 'old', { replicas: 1, template: labelled('old') }],
  [resources.daemonSets, 'apps/v1', 'DaemonSet', 'agent', owning('agent')],
  [
    resources.statefulSets,
    'apps/v1',
    'StatefulSet',
    'db',
    owning('db', {
      replicas: 2,
      serviceName: 'db',
      template: labelled('db', {
        containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'data', mountPath: '/d' }] }],
      }),
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('with-pod') }],
    }),
  ],
  [resources.jobs, 'batch/v1', 'Job', 'done', oneShot('done')],
  [resources.jobs, 'batch/v1', 'Job', 'suspended', { ...oneShot('suspended'), suspend: true }],
  [
    resources.cronJobs,
    'batch/v1',
    'CronJob',
    'suspended',
    { schedule: '* * * * *', suspend: true, jobTemplate: { spec: oneShot('cron') } },
  ],
  [
    resources.cronJobs,
    'batch/v1',
    'CronJob',
    'seldom',
    { schedule: '0 0 29 2 *', jobTemplate: { spec: oneShot('cron') } },
  ],
  [
    resources.horizontalPodAutoscalers,
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'web',
    { maxReplicas: 5, minReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  ],
  [
    resources.podDisruptionBudgets,
    'policy/v1',
    'PodDisruptionBudget',
    'web',
    { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  ],
  [resources.services, 'v1', 'Service', 'web', { selector: { app: 'web' }, ports: [{ port: 80 }] }],
  [resources.services, 'v1', 'Service', 'by-hand', { ports: [{ port: 80 }] }],
  [resources.persistentVolumeClaims, 'v1', 'PersistentVolumeClaim', 'bound', claim('at-once')],
  [resources.persistentVolumeClaims, 'v1', 'PersistentVolumeClaim', 'unused', claim('with-pod')],
  [
    resources.pods,
    'v1',
    'Pod',
    'too-large',
    { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1000' } } }] },
  ],
]

/** A namespace in which everything has come to rest, as far as it can. */
export class Settled {
  readonly #client: Client
  readonly #metrics: MetricsApi

  constructor(client: Client, metrics: MetricsApi) {
    this.#client = client
    this.#metrics = metrics
  }

  async declare(): Promise<void> {
    const client = this.#client
    await makeClasses(client)
    for (const name of [namespace, held]) {
      const metadata = { name }
      await client.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} })
      await until('its account', () => client.get(resources.serviceAccounts, 'default', { namespace: name }))
    }
    for (const [name, storageClass] of [
      ['first', 'with-pod'],
      ['second', 'with-pod'],
      ['third', 'at-once'],
      ['spare', 'at-once'],
    ] as const) {
      const spec = volume(storageClass)
      await client.create(resources.persistentVolumes, object('v1', 'PersistentVolume', name, spec))
    }
    // four fifths of what they ask for is what an autoscaler wants to see where nothing is said
    this.#metrics.use(namespace, { cpu: '80m' })
    for (const [ref, apiVersion, kind, name, spec] of declared)
      await client.create(ref, object(apiVersion, kind, name, spec), { namespace })
    const subsets = [{ addresses: [{ ip: '10.78.0.1' }], ports: [{ port: 80 }] }]
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'by-hand' }, subsets }
    await client.create(resources.endpoints, endpoints, { namespace })
    await this.#makeCycle()
    const metadata = { name: 'held', finalizers: ['example.com/never'] }
    await client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, { namespace: held })
    await client.delete(resources.namespaces, held)
  }

  /** Two that own each other: nobody has lost its owner. */
  async #makeCycle(): Promise<void> {
    const client = this.#client
    const make = (name: string): Promise<KubeObject> =>
      client.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }, { namespace })
    const [a, b] = [await make('a'), await make('b')]
    for (const [owned, owner] of [
      [a, b],
      [b, a],
    ] as const) {
      const { name = '', uid = '' } = owner.metadata
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }]
      const body = { metadata: { ownerReferences } }
      await client.patch(resources.configMaps, owned.metadata.name ?? '', body, { type: 'merge', namespace })
    }
  }

  /** Waits until all that can be is as declared. */
  async settle(): Promise<void> {
    const client = this.#client
    await until('the Pods', async () => {
      const { items } = await client.list(resources.pods, { namespace })
      const running = items.filter(({ status }) => status?.phase === 'Running').length
      const ended = items.filter(({ status }) => status?.phase === 'Succeeded').length
      // three of web, one old, three agents, two of db; one of the Job; what is paused has not begun
      return running === 9 && ended >= 1 ? true : undefined
    })
    await until('the autoscaler', async () => {
      const { status } = await client.get(resources.horizontalPodAutoscalers, 'web', { namespace })
      const able = status?.conditions?.find(({ type }) => type === 'ScalingActive')
      return able?.status === 'True' ? true : undefined
    })
    await until('the claims', async () => {
      const { items } = await client.list(resources.persistentVolumeClaims, { namespace })
      return items.filter(({ status }) => status?.phase === 'Bound').length === 3 ? true : undefined
    })
    await until('the budget', async () => {
      const { status } = await client.get(resources.podDisruptionBudgets, 'web', { namespace })
      return status?.disruptionsAllowed === 1 ? true : undefined
    })
  }

  /** That nothing of it went away while it was quiet. */
  async expectIntact(): Promise<void> {
    const client = this.#client
    for (const name of ['a', 'b']) expect(await client.get(resources.configMaps, name, { namespace })).toBeDefined()
    const { status } = await client.get(resources.deployments, 'web', { namespace })
    expect(status?.readyReplicas).toBe(3)
  }
}

const object = (apiVersion: string, kind: string, name: string, spec: object): KubeObject & { spec: object } => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
})
