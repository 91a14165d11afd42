import {
  deployments,
  jobs,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  serviceAccounts,
  statefulSets,
  storageClasses,
} from '@kubets/shared/api/resources.gen.ts'
import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { isNotFound, StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { until as untilWithin } from '../../harness/until.ts'

/** Much of the time nobody is at work. */
const until = <T>(what: string, probe: () => Promise<T | undefined>): Promise<T> => untilWithin(what, probe, 600_000)

export const web = 4
export const guarded = { replicas: 3, minAvailable: 2 }
export const indexed = { completions: 12, parallelism: 4 }
export const plain = { completions: 6, parallelism: 3 }
const numbered = 3
const claims = 5

const container = (image: string): object => ({ name: 'main', image, resources: { requests: { cpu: '100m' } } })
const template = (app: string, image = 'one', more: object = {}): object => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 1, containers: [container(image)], ...more },
})
const selector = (app: string): object => ({ matchLabels: { app } })

/** One class binds at once, the other when a Pod is scheduled; nobody makes volumes for them. */
export const makeClasses = async (client: Client): Promise<void> => {
  const modes = { 'at-once': 'Immediate', 'with-pod': 'WaitForFirstConsumer' }
  for (const [name, volumeBindingMode] of Object.entries(modes))
    await client.create(storageClasses, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode,
    })
}

/** Everything that is declared in a namespace of its own, taken through its life while programs die. */
export class Cycle {
  readonly namespace: string
  readonly #client: Client
  readonly #random: () => number

  constructor(client: Client, number: number, random: () => number) {
    this.#client = client
    this.namespace = `cycle-${String(number)}`
    this.#random = random
  }

  async declare(): Promise<void> {
    const { namespace } = this
    const client = this.#client
    await client.create(namespaces, object('v1', 'Namespace', namespace))
    await until('the namespace’s account', () => client.get(serviceAccounts, 'default', { namespace }))
    const make = (ref: ResourceRef, apiVersion: string, kind: string, name: string, spec: object): Promise<unknown> =>
      client.create<KubeObject & { spec: object }>(
        ref as never,
        { ...object(apiVersion, kind, name), spec },
        { namespace },
      )
    const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }
    const deployment = { replicas: web, selector: selector('web'), strategy, template: template('web') }
    await make(deployments, 'apps/v1', 'Deployment', 'web', deployment)
    const steady = { replicas: guarded.replicas, selector: selector('steady'), template: template('steady') }
    await make(deployments, 'apps/v1', 'Deployment', 'steady', steady)
    const budget = { minAvailable: guarded.minAvailable, selector: selector('steady') }
    await make(podDisruptionBudgets, 'policy/v1', 'PodDisruptionBudget', 'steady', budget)
    await Promise.all(Array.from({ length: numbered + claims }, (_, i) => this.#makeVolume(i)))
    const claim = (storageClassName: string): object => ({
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      resources: { requests: { storage: '1Gi' } },
    })
    await make(statefulSets, 'apps/v1', 'StatefulSet', 'db', {
      replicas: numbered,
      serviceName: 'db',
      selector: selector('db'),
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' },
      template: template('db', 'one', {
        containers: [{ ...container('one'), volumeMounts: [{ name: 'data', mountPath: '/d' }] }],
      }),
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('with-pod') }],
    })
    for (let i = 0; i < claims; i++)
      await make(persistentVolumeClaims, 'v1', 'PersistentVolumeClaim', `claim-${String(i)}`, claim('at-once'))
    const job = { backoffLimit: 1000, template: template('indexed', 'one', { restartPolicy: 'Never' }) }
    await make(jobs, 'batch/v1', 'Job', 'indexed', { ...job, ...indexed, completionMode: 'Indexed' })
    const other = { ...job, template: template('plain', 'one', { restartPolicy: 'Never' }), ...plain }
    await make(jobs, 'batch/v1', 'Job', 'plain', other)
  }

  /** Rolls the web Deployment forth and back, and drains one node. */
  async disturb(): Promise<void> {
    for (const image of ['two', 'three', 'two']) {
      const spec = { template: { spec: { containers: [container(image)] } } }
      await this.#client.patch(deployments, 'web', { spec }, { type: 'strategic', namespace: this.namespace })
      await this.#drain()
      await until('the rollout', () => this.#rolledOut('web', web))
    }
  }

  /** Waits until all is as declared. */
  async settle(): Promise<void> {
    const { namespace } = this
    const client = this.#client
    await until('the rollouts', async () => {
      await this.#rolledOut('web', web)
      return this.#rolledOut('steady', guarded.replicas)
    })
    await until('the StatefulSet', async () => {
      const { status } = await client.get(statefulSets, 'db', { namespace })
      return status?.readyReplicas === numbered ? true : undefined
    })
    for (const name of ['indexed', 'plain'])
      await until(`the Job ${name}`, async () => {
        const job = await client.get(jobs, name, { namespace })
        return isComplete(job) ? job : undefined
      })
    await until('the claims', async () => {
      const { items } = await client.list(persistentVolumeClaims, { namespace })
      const bound = items.filter(({ status }) => status?.phase === 'Bound')
      return bound.length === numbered + claims ? true : undefined
    })
  }

  /** What the cluster holds of the cycle now, in numbers. */
  async count(): Promise<object> {
    const { namespace } = this
    const client = this.#client
    const of = async (app: string): Promise<number> => {
      const { items } = await client.list(pods, { namespace, labelSelector: `app=${app}` })
      return items.filter(({ metadata, status }) => !metadata.deletionTimestamp && status?.phase === 'Running').length
    }
    const job = await client.get(jobs, 'indexed', { namespace })
    const sets = (await client.list(replicaSets, { namespace })).items.filter(({ spec }) => spec.replicas)
    return {
      web: await of('web'),
      steady: await of('steady'),
      db: await of('db'),
      sets: sets.length,
      completed: job.status?.completedIndexes,
      succeeded: (await client.get(jobs, 'plain', { namespace })).status?.succeeded,
    }
  }

  /** Takes everything away again: what has owners by them, the rest by the namespace. */
  async remove(): Promise<void> {
    const { namespace } = this
    const client = this.#client
    const propagationPolicy = this.#random() < 0.5 ? 'Foreground' : 'Background'
    await client.delete(deployments, 'web', { namespace, propagationPolicy })
    await client.delete(jobs, 'indexed', { namespace, propagationPolicy })
    await until('what they owned to go', async () => {
      const { items } = await client.list(pods, { namespace, labelSelector: 'app in (web,indexed)' })
      return items.length === 0 ? true : undefined
    })
    await client.delete(namespaces, namespace)
    await until('the namespace to go', async () => {
      const gone = await client.get(namespaces, namespace).then(() => false, isNotFound)
      return gone ? true : undefined
    })
    const own = (await client.list(persistentVolumes)).items.filter(
      ({ spec }) => spec.claimRef?.namespace === namespace,
    )
    await until('the volumes to be released', async () => {
      const { items } = await client.list(persistentVolumes)
      const mine = items.filter(({ spec }) => spec.claimRef?.namespace === namespace)
      return mine.every(({ status }) => status?.phase === 'Released') ? true : undefined
    })
    for (const { metadata } of own) await client.delete(persistentVolumes, metadata.name ?? '')
  }

  async #makeVolume(number: number): Promise<void> {
    await this.#client.create(persistentVolumes, {
      ...object('v1', 'PersistentVolume', `${this.namespace}-${String(number)}`),
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: number < numbered ? 'with-pod' : 'at-once',
        hostPath: { path: '/nowhere' },
      },
    })
  }

  /** Throws with what is there until the rollout is complete. */
  async #rolledOut(name: string, replicas: number): Promise<true> {
    const { namespace } = this
    const { metadata, status } = await this.#client.get(deployments, name, { namespace })
    const { observedGeneration, updatedReplicas, availableReplicas, replicas: all } = status ?? {}
    const done = observedGeneration === metadata.generation && all === replicas
    if (done && updatedReplicas === replicas && availableReplicas === replicas) return true
    const { items } = await this.#client.list(pods, { namespace, labelSelector: `app=${name}` })
    const seen = items.map(({ metadata: { name: pod, deletionTimestamp }, spec, status: { phase } = {} }) =>
      [pod, phase, spec.nodeName, deletionTimestamp].join(' '),
    )
    throw new Error(`${JSON.stringify(status)}; Pods: ${seen.join(', ')}`)
  }

  /** Cordons a node, evicts its Pods as budgets allow, and opens it again. */
  async #drain(): Promise<void> {
    const client = this.#client
    const all = (await client.list(nodes)).items
    const name = all[Math.floor(this.#random() * all.length)]?.metadata.name ?? ''
    const cordon = (unschedulable: boolean): Promise<unknown> =>
      client.patch(nodes, name, { spec: { unschedulable } }, { type: 'strategic' })
    await cordon(true)
    await until('the node to be empty', async () => {
      const { items } = await client.list(pods, { namespace: this.namespace, fieldSelector: `spec.nodeName=${name}` })
      const left = items.filter(({ metadata }) => !metadata.deletionTimestamp)
      for (const { metadata } of left.filter(({ status }) => status?.phase === 'Running'))
        await this.#evict(metadata.name ?? '')
      return left.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed') ? true : undefined
    })
    await cordon(false)
  }

  async #evict(name: string): Promise<void> {
    const { namespace } = this
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
    try {
      await this.#client.create(pods, eviction, { name, namespace, subresource: 'eviction' })
    } catch (error) {
      if (!(error instanceof StatusError) || ![404, 429].includes(error.code)) throw error
    }
  }
}

const object = (apiVersion: string, kind: string, name: string): KubeObject & { spec: object } => ({
  apiVersion,
  kind,
  metadata: { name },
  spec: {},
})

const isComplete = ({ status }: Job): boolean =>
  (status?.conditions ?? []).some(({ type, status: value }) => type === 'Complete' && value === 'True')
