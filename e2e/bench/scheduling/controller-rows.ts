import { deployments, pods } from '@kubets/shared/api/resources.gen.ts'
import type { Deployment } from '@kubets/shared/api/types/apps-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { until } from '../../harness/until.ts'
import { throughput, timed } from '../stats.ts'
import type { Row } from '../table.ts'
import { startControlPlane, type ControlPlane, type Program } from './control-plane.ts'
import { createNodes, reportPods } from './hollow-nodes.ts'
import { asking } from './kinds.ts'
import { counterOf, scrape } from './metrics.ts'
import { createNamespace, watchPlacements } from './scheduler-rows.ts'

const replicas = 100
/** Longest time for a step of the large Deployment. */
const limitMs = 180_000

/** Controllers and scheduler with everything that belongs to a Deployment, in a cluster of their own. */
export async function* controllerRows(nodeCount: number, podCount: number): AsyncGenerator<Row[]> {
  const plane = await startControlPlane()
  const stopped = new AbortController()
  try {
    await createNodes(plane.client, nodeCount)
    const informers = new InformerFactory(plane.client, { clock: realClock, log: silentLogger })
    reportPods(plane.client, informers.informer(pods), stopped.signal)
    informers.start(stopped.signal)
    const controllers = await plane.startControllers()
    const scheduler = await plane.startScheduler()
    yield await manyDeployments(plane, controllers, scheduler, { nodeCount, workloads: podCount / replicas })
    yield await largeDeployment(plane.client, { nodeCount, large: podCount / 10 })
  } finally {
    stopped.abort()
    await plane.stop()
  }
}

async function manyDeployments(
  { client, apiserver }: ControlPlane,
  controllers: Program,
  scheduler: Program,
  { nodeCount, workloads }: { nodeCount: number; workloads: number },
): Promise<Row[]> {
  const namespace = 'bench-many'
  await createNamespace(client, namespace)
  const placements = await watchPlacements(client, namespace)
  const reconciles = async (): Promise<number> =>
    counterOf(await scrape(controllers.port), 'controller_reconcile_total')
  const before = { reconciles: await reconciles(), usage: await usages(controllers, scheduler, apiserver) }
  const began = performance.now()
  await throughput(workloads, 16, (index) =>
    client.create(deployments, deployment(`many-${String(index)}`, replicas), { namespace }),
  )
  const times = await placements.wait(workloads * replicas)
  const seconds = ((times.at(-1) ?? NaN) - began) / 1000
  const after = { reconciles: await reconciles(), usage: await usages(controllers, scheduler, apiserver) }
  placements.stop()
  const label = `${String(workloads)} Deployments of ${String(replicas)} Pods, ${String(nodeCount)} nodes`
  const all = times.length === workloads * replicas
  const cpu = after.usage.map(({ cpuSeconds }, i) => cpuSeconds - (before.usage[i]?.cpuSeconds ?? NaN))
  return [
    {
      name: `${label}: created → all scheduled (s)`,
      value: all ? seconds.toFixed(1) : `${String(times.length)} in ${seconds.toFixed(0)}, then ended`,
    },
    { name: `${label}: reconciles/s`, value: ((after.reconciles - before.reconciles) / seconds).toFixed(0) },
    {
      name: `${label}: CPU s, controllers / scheduler / apiserver`,
      value: cpu.map((one) => one.toFixed(1)).join(' / '),
    },
    {
      name: `${label}: resident MiB, controllers / scheduler`,
      value: after.usage
        .slice(0, 2)
        .map(({ residentMiB }) => residentMiB.toFixed(0))
        .join(' / '),
    },
  ]
}

const usages = (controllers: Program, scheduler: Program, apiserver: ControlPlane['apiserver']) =>
  Promise.all([controllers.usage(), scheduler.usage(), apiserver()])

async function largeDeployment(
  client: Client,
  { nodeCount, large }: { nodeCount: number; large: number },
): Promise<Row[]> {
  const [namespace, name] = ['bench-large', 'large']
  await createNamespace(client, namespace)
  const step = async (what: string, begin: () => Promise<unknown>, done: () => Promise<boolean>): Promise<Row> => {
    const row = `Deployment of ${String(large)}, ${String(nodeCount)} nodes: ${what} (s)`
    try {
      const { ms } = await timed(async () => {
        await begin()
        await until(what, async () => ((await done()) ? true : undefined), limitMs)
      })
      return { name: row, value: (ms / 1000).toFixed(1) }
    } catch (error) {
      return { name: row, value: (error as Error).message }
    }
  }
  const isReady = async (image: string): Promise<boolean> => {
    const { metadata, spec, status } = await client.get(deployments, name, { namespace })
    const seen =
      status?.observedGeneration === metadata.generation && spec?.template.spec?.containers[0]?.image === image
    return seen && status?.updatedReplicas === large && status.readyReplicas === large && status.replicas === large
  }
  const next = 'kubets/busybox:2'
  const patch = { spec: { template: { spec: { containers: [{ name: 'main', image: next }] } } } }
  return [
    await step(
      'declared → ready',
      () => client.create(deployments, deployment(name, large), { namespace }),
      () => isReady('kubets/busybox:1'),
    ),
    await step(
      'image changed → all new and ready',
      () => client.patch(deployments, name, patch, { type: 'strategic', namespace }),
      () => isReady(next),
    ),
    await step(
      'deleted → no Pod left',
      () => client.delete(deployments, name, { namespace, propagationPolicy: 'Background' }),
      async () => (await client.list(pods, { namespace, limit: 1 })).items.length === 0,
    ),
  ]
}

function deployment(name: string, count: number): Deployment {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: count,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: asking('10m') },
    },
  }
}
