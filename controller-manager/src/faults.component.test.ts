import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  configMaps,
  cronJobs,
  daemonSets,
  deployments,
  events,
  horizontalPodAutoscalers,
  jobs,
  leases,
  namespaces,
  nodes,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  resourceQuotas,
  services,
  statefulSets,
} from '@kubets/shared/api/resources.gen.ts'
import type { CronJob } from '@kubets/shared/api/types/batch-v1.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { formatMicroTime, formatTime } from '@kubets/shared/machinery/time.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { writesWithin } from '@kubets/shared/testing/quiet.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { startTestManager, type TestManager } from './manager.testing.ts'

let manager: TestManager
const namespace = 'faults'
const graceMs = 8_000

beforeAll(async () => {
  manager = await startTestManager({
    nodeMonitorPeriodMs: 200,
    nodeMonitorGraceMs: graceMs,
    eviction: { intervalMs: 100, slowIntervalMs: 1000, unhealthyShare: 0.55, largeZone: 50 },
  })
  await manager.makeNamespace(namespace)
})
afterAll(() => manager.stop())

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const make = <T extends KubeObject>(
  ref: Parameters<TestManager['client']['create']>[0],
  apiVersion: string,
  kind: string,
  name: string,
  more: object,
): Promise<T> =>
  manager.client.create(ref, { apiVersion, kind, metadata: { name }, ...more } as KubeObject, {
    namespace,
  }) as Promise<T>
const podsOf = async (owner: string): Promise<Pod[]> =>
  (await manager.client.list(pods, { namespace })).items.filter(
    ({ metadata }) => metadata.ownerReferences?.[0]?.name === owner && metadata.deletionTimestamp === undefined,
  )
const told = (name: string, reason: string): Promise<string> =>
  waitFor(async () => {
    const fieldSelector = `involvedObject.name=${name},reason=${reason}`
    return (await manager.client.list(events, { namespace, fieldSelector })).items[0]?.message
  })

describe('a node', () => {
  const condition = ({ status }: Node): string | undefined =>
    status?.conditions?.find(({ type }) => type === 'Ready')?.status
  const taints = ({ spec }: Node): string[] => (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
  /** Registers it and renews its Lease by a clock that is off by so much, until told to stop. */
  const play = async (name: string, offMs: number): Promise<() => Promise<void>> => {
    const renewTime = (): string => formatMicroTime(clock.now() + offMs)
    const metadata = { name, namespace: 'kube-node-lease' }
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: renewTime() }
    await manager.client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    let playing = true
    const renew = async (): Promise<void> => {
      while (playing) {
        const body = { spec: { renewTime: renewTime() } }
        await manager.client.patch(leases, name, body, { type: 'merge', namespace: metadata.namespace })
        await clock.sleep(200)
      }
    }
    const renewing = renew()
    return () => {
      playing = false
      return renewing
    }
  }
  const ready = (offMs: number): object => ({
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: formatTime(clock.now() + offMs) }],
  })
  const register = (name: string, offMs = 0): Promise<Node> =>
    manager.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status: ready(offMs) })
  const read = (name: string): Promise<Node> => manager.client.get(nodes, name)

  // the clock of a node may be minutes off: it is as good as any
  const others = [
    ['behind', -10 * 60_000],
    ['ahead', 10 * 60_000],
  ] as const
  let stops: (() => Promise<void>)[] = []
  beforeAll(async () => {
    for (const [name, offMs] of others) await register(name, offMs)
    stops = await Promise.all(others.map(([name, offMs]) => play(name, offMs)))
  })
  afterAll(async () => {
    await Promise.all(stops.map((stop) => stop()))
    for (const [name] of others) await manager.client.delete(nodes, name)
  })

  it('that falls silent loses its Pods, and is welcome when it comes back; what others’ clocks say is of no account', async () => {
    await register('lost')
    let stop = await play('lost', 0)
    const spec = { nodeName: 'lost', containers: [{ name: 'c', image: 'i' }] }
    const patient = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }
    await make(pods, 'v1', 'Pod', 'leaves', { spec: { ...spec, tolerations: [{ ...patient, tolerationSeconds: 0 }] } })
    await make(pods, 'v1', 'Pod', 'stays', { spec: { ...spec, tolerations: [patient] } })
    await make(pods, 'v1', 'Pod', 'waits', {
      spec: { ...spec, tolerations: [{ ...patient, tolerationSeconds: 3600 }] },
    })
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    const options = { type: 'strategic', namespace, subresource: 'status' } as const
    await manager.client.patch(pods, 'stays', { status }, options)
    await stop()
    const silent = await waitFor(async () => {
      const node = await read('lost')
      return taints(node).length === 2 ? node : undefined
    })
    expect(condition(silent)).toBe('Unknown')
    const effects = ['NoExecute', 'NoSchedule'].map((effect) => `node.kubernetes.io/unreachable:${effect}`)
    expect(taints(silent).toSorted()).toEqual(effects)
    for (const [name] of others) expect([condition(await read(name)), taints(await read(name))]).toEqual(['True', []])
    await waitFor(async () => {
      const pod = await manager.client.get(pods, 'leaves', { namespace })
      return pod.metadata.deletionTimestamp !== undefined
    })
    expect(await told('leaves', 'TaintManagerEviction')).toBe('Marking for deletion Pod faults/leaves')
    await waitFor(async () => {
      const pod = await manager.client.get(pods, 'stays', { namespace })
      return pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'False')
    })
    await manager.client.delete(leases, 'lost', { namespace: 'kube-node-lease' })
    stop = await play('lost', 0)
    await manager.client.patch(nodes, 'lost', { status: ready(0) }, { type: 'strategic', subresource: 'status' })
    await waitFor(async () => taints(await read('lost')).length === 0)
    expect(await told('waits', 'TaintManagerEviction')).toBe('Cancelling deletion of Pod faults/waits')
    expect((await manager.client.get(pods, 'stays', { namespace })).metadata.deletionTimestamp).toBeUndefined()
    await stop()
    // what is left of it goes with it
    await manager.client.delete(nodes, 'lost')
    await manager.client.delete(pods, 'stays', { namespace, gracePeriodSeconds: 0 })
    await manager.client.delete(pods, 'leaves', { namespace, gracePeriodSeconds: 0 })
    await manager.client.delete(pods, 'waits', { namespace, gracePeriodSeconds: 0 })
  })
})

describe('what cannot be as it is declared', () => {
  it('two owners with one selector keep to their own Pods, and one that is nobody’s goes to one of them', async () => {
    await make(
      pods,
      'v1',
      'Pod',
      'stray',
      template.metadata && { metadata: { name: 'stray', labels: { app: 'web' } }, spec: template.spec },
    )
    const spec = (replicas: number): object => ({
      spec: { replicas, selector: { matchLabels: { app: 'web' } }, template },
    })
    await make(replicaSets, 'apps/v1', 'ReplicaSet', 'three', spec(3))
    await make(replicaSets, 'apps/v1', 'ReplicaSet', 'two', spec(2))
    const full = async (): Promise<boolean> =>
      (await podsOf('three')).length === 3 && (await podsOf('two')).length === 2
    await waitFor(full)
    expect((await manager.client.list(pods, { namespace, labelSelector: 'app=web' })).items).toHaveLength(5)
  })

  it('two Deployments with one selector and one template have a ReplicaSet each, whose Pods they leave alone', async () => {
    const labels = { app: 'both' }
    const spec = (replicas: number): object => ({
      spec: { replicas, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
    })
    await make(deployments, 'apps/v1', 'Deployment', 'left', spec(1))
    await make(deployments, 'apps/v1', 'Deployment', 'right', spec(2))
    const sets = await waitFor(async () => {
      const { items } = await manager.client.list(replicaSets, { namespace, labelSelector: 'app=both' })
      return items.every(({ status, spec: { replicas } }) => status?.replicas === replicas) && items.length === 2
        ? items
        : undefined
    })
    const sizes = sets.map(({ metadata, spec: { replicas } }) => `${metadata.ownerReferences?.[0]?.name} ${replicas}`)
    expect(sizes.toSorted()).toEqual(['left 1', 'right 2'])
    const { items } = await manager.client.list(pods, { namespace, labelSelector: 'app=both' })
    const names = new Set(sets.map(({ metadata }) => metadata.name))
    expect(items.map(({ metadata }) => names.has(metadata.ownerReferences?.[0]?.name))).toEqual([true, true, true])
  })

  it('a CronJob that slept for years starts once, or not at all after its deadline', async () => {
    const sleeper = async (name: string, more: object): Promise<CronJob> => {
      const job = { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } }
      const spec = { schedule: '0 0 1 * *', jobTemplate: job, ...more }
      await make(cronJobs, 'batch/v1', 'CronJob', name, { spec: { ...spec, suspend: true } })
      const status = { lastScheduleTime: '2001-02-03T04:05:06Z' }
      await manager.client.patch(cronJobs, name, { status }, { type: 'merge', namespace, subresource: 'status' })
      return manager.client.patch(cronJobs, name, { spec: { suspend: false } }, { type: 'merge', namespace })
    }
    await sleeper('late', { startingDeadlineSeconds: 10 })
    await sleeper('once', {})
    expect(await told('once', 'TooManyMissedTimes')).toContain('too many missed start times')
    const own = async (): Promise<string[]> =>
      (await manager.client.list(jobs, { namespace })).items.map(
        ({ metadata }) => metadata.ownerReferences?.[0]?.name ?? '',
      )
    await waitFor(async () => (await own()).length > 0)
    expect(await own()).toEqual(['once'])
  })

  it('a finalizer nobody removes keeps a namespace, which says so', async () => {
    await manager.makeNamespace('held')
    const metadata = { name: 'held', namespace: 'held', finalizers: ['example.com/never'] }
    await manager.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
    await manager.client.delete(namespaces, 'held')
    const remaining = await waitFor(async () => {
      const { status } = await manager.client.get(namespaces, 'held')
      return status?.conditions?.find(
        ({ type, status: value }) => type === 'NamespaceFinalizersRemaining' && value === 'True',
      )
    })
    expect(remaining.message).toBe(
      'Some content in the namespace has finalizers remaining: example.com/never in 1 resource instances',
    )
  })

  /** Of every kind else that a controller looks after: what has come to rest, and what waits for what never comes. */
  const others = ((): [Parameters<typeof make>[0], apiVersion: string, kind: string, spec: object][] => {
    const own = { metadata: { labels: { app: 'other' } }, spec: template.spec }
    const owning = { selector: { matchLabels: { app: 'other' } }, template: own }
    const job = { template: { spec: { ...template.spec, restartPolicy: 'Never' } } }
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: claim }]
    return [
      [resourceQuotas, 'v1', 'ResourceQuota', { hard: { pods: '100', 'count/configmaps': '100' } }],
      [replicationControllers, 'v1', 'ReplicationController', { replicas: 1, template: own }],
      [statefulSets, 'apps/v1', 'StatefulSet', { ...owning, serviceName: 'other', replicas: 2, volumeClaimTemplates }],
      [daemonSets, 'apps/v1', 'DaemonSet', owning],
      [jobs, 'batch/v1', 'Job', job],
      [cronJobs, 'batch/v1', 'CronJob', { schedule: '0 0 29 2 *', jobTemplate: { spec: job } }],
      [podDisruptionBudgets, 'policy/v1', 'PodDisruptionBudget', { maxUnavailable: 1, selector: owning.selector }],
      [services, 'v1', 'Service', { selector: { app: 'other' }, ports: [{ port: 80 }] }],
      [persistentVolumeClaims, 'v1', 'PersistentVolumeClaim', { ...claim, storageClassName: 'none' }],
    ]
  })()

  it('and nothing is written while it stays so', async () => {
    await make(deployments, 'apps/v1', 'Deployment', 'idle', {
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'idle' } },
        template: { ...template, metadata: { labels: { app: 'idle' } } },
      },
    })
    await make(horizontalPodAutoscalers, 'autoscaling/v2', 'HorizontalPodAutoscaler', 'blind', {
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'two' } },
    })
    for (const [ref, apiVersion, kind, spec] of others) await make(ref, apiVersion, kind, 'other', { spec })
    expect(await told('blind', 'FailedGetResourceMetric')).toContain('failed to get cpu utilization')
    // events about what does not work come again, more and more seldom; they say nothing of a loop
    let written: string[] = []
    const quiet = async (): Promise<boolean> => (written = await objectsWritten(5_000)).length === 0
    await waitFor(quiet).catch((error: unknown) => {
      throw new Error(`written in the last 5 s: ${written.join(', ')}`, { cause: error })
    })
  })

  it('until the finalizer goes', async () => {
    const body = { metadata: { finalizers: null } }
    await manager.client.patch(configMaps, 'held', body, { type: 'merge', namespace: 'held' })
    await waitFor(() => manager.client.get(namespaces, 'held').then(() => false, isNotFound))
  })
})

const objectsWritten = async (ms: number): Promise<string[]> =>
  (await writesWithin(manager.client, ms)).filter((written) => !written.startsWith('events '))
