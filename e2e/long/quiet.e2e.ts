import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configMaps, namespaces, secrets, pods } from '@kubets/shared/api/resources.gen.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { startApiServer } from '@kubets/shared/testing/apiserver.ts'
import { keysWrittenWithin } from '@kubets/shared/testing/etcd-history.ts'
import { seededRandom } from '@kubets/shared/testing/generate.ts'
import { startMetricsApi, type MetricsApi } from '@kubets/shared/testing/metrics-api.ts'
import { until } from '../harness/until.ts'
import { startHollowNodes } from './control-plane/nodes.ts'
import { Replicas } from './control-plane/replicas.ts'
import { Settled } from './control-plane/settled.ts'

/** A control plane of its own, with two of each program, over nodes without machines. */
let apiserver: Awaited<ReturnType<typeof startApiServer>>
let nodes: Awaited<ReturnType<typeof startHollowNodes>>
let metrics: MetricsApi
let programs: Replicas[] = []

beforeAll(async () => {
  apiserver = await startApiServer()
  const { client } = apiserver
  const manager = `--kubeconfig=${await apiserver.kubeconfig('system:kube-controller-manager')}`
  const scheduler = `--kubeconfig=${await apiserver.kubeconfig('system:kube-scheduler')}`
  // nobody is killed, and a busy machine is no reason to go to the polls
  const patient = ['--leader-elect-lease-duration=120s', '--leader-elect-renew-deadline=90s']
  programs = [
    new Replicas('controller-manager', [manager, ...patient], '"controllers started"'),
    new Replicas('scheduler', [scheduler, ...patient], '"scheduling"'),
  ]
  await Promise.all(programs.map((program) => program.leader()))
  nodes = await startHollowNodes(client, 3, seededRandom(1))
  metrics = await startMetricsApi(client, 'default')
})
afterAll(async () => {
  await metrics.stop()
  await nodes.stop()
  await Promise.all(programs.map((program) => program.stop()))
  await apiserver.stop()
})

describe('a large namespace', () => {
  const namespace = 'large'
  const atATime = 32
  const content: readonly [ref: ResourceRef, kind: string, count: number, more: object][] = [
    [configMaps, 'ConfigMap', 3_000, {}],
    [secrets, 'Secret', 1_000, {}],
    [pods, 'Pod', 1_000, { spec: { containers: [{ name: 'c', image: 'i' }], schedulingGates: [{ name: 'a/b' }] } }],
  ]

  const fill = async (): Promise<void> => {
    const { client } = apiserver
    for (const [ref, kind, count, more] of content) {
      let made = 0
      const some = async (): Promise<void> => {
        while (made < count) {
          const metadata = { name: `object-${String(made++)}` }
          await client.create(ref, { apiVersion: 'v1', kind, metadata, ...more } as KubeObject, { namespace })
        }
      }
      await Promise.all(Array.from({ length: atATime }, some))
    }
  }

  /** How many requests of a verb the server has answered. */
  const requests = async (verb: string): Promise<number> => {
    const { body } = await apiserver.client.raw('GET', '/metrics')
    const lines = body.toString().split('\n')
    const own = lines.filter((line) => line.startsWith('apiserver_request_total{') && line.includes(`verb="${verb}"`))
    return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }
  const verbs = ['LIST', 'DELETE', 'DELETECOLLECTION', 'POST']

  it('of 5,000 objects goes with all of them, in few requests', async () => {
    const { client } = apiserver
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} })
    await fill()
    const before = await Promise.all(verbs.map(requests))
    await client.delete(namespaces, namespace)
    const gone = (): Promise<true | undefined> =>
      client.get(namespaces, namespace).then(
        () => undefined,
        (error: unknown) => isNotFound(error) || undefined,
      )
    await until('the namespace to go', gone)
    const after = await Promise.all(verbs.map(requests))
    for (const [ref] of content) expect((await client.list(ref, { namespace })).items).toEqual([])
    const [lists, ...writes] = after.map((count, i) => count - (before[i] ?? 0))
    // a look at each of some fifty resources, and pages of what is left; one order for all of a kind, no word to each
    expect(lists).toBeLessThan(300)
    for (const count of writes) expect(count).toBeLessThan(30)
  })
})

describe('a cluster at rest', () => {
  const restMs = 60_000
  const mostMinutes = 5
  /** Those that the API serves, and by which API servers know of each other. */
  const leases = ['/registry/coordination.k8s.io/leases/', '/registry/core/apiserverleases/']
  /** The API server makes sure by it, on a machine that is slow just then, that a read has seen every write. */
  const marker = '/registry/.nudge'

  it('has no writes but Leases, by what etcd’s revision moved by in a minute', { timeout: 900_000 }, async () => {
    const settled = new Settled(apiserver.client, metrics)
    await settled.declare()
    await settled.settle()
    const isLease = (key: string): boolean => leases.some((folder) => key.startsWith(folder))
    const others = (keys: readonly string[]): string[] => keys.filter((key) => !isLease(key) && key !== marker)
    let written: string[] = []
    // what was said of how it came to be may come late, and programs that starve have something to write; a loop is in each
    for (let minutes = 0; minutes < mostMinutes; minutes++) {
      written = await keysWrittenWithin(apiserver.etcd, restMs)
      if (others(written).length === 0) break
      process.stdout.write(`not at rest: ${others(written).join(', ')}\n`)
    }
    expect(others(written)).toEqual([])
    expect(written.filter(isLease)).not.toEqual([])
    await settled.expectIntact()
  })
})
