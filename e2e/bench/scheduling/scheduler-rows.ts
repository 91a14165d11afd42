import { namespaces, pods, priorityClasses, serviceAccounts } from '@kubets/shared/api/resources.gen.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import { InformerFactory } from '@kubets/shared/client/informer.ts'
import { isAlreadyExists } from '@kubets/shared/machinery/errors.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { throughput } from '../stats.ts'
import type { Row } from '../table.ts'
import { startControlPlane, type ControlPlane } from './control-plane.ts'
import { createNodes } from './hollow-nodes.ts'
import { filler, important, kinds, podOf, type Kind } from './kinds.ts'
import { quantileOf, scrape } from './metrics.ts'

/** Longest time for each: to create the Pods of a row, and to schedule them. */
const limitMs = 90_000
/** The first kind fills the cluster; the others come beside the Pods that are there, and are fewer. */
function countOf(kind: Kind, podCount: number): number {
  if (kind === 'plain') return podCount
  return Math.floor(podCount / (kind === 'preemption' ? 20 : 5))
}

interface Size {
  readonly nodeCount: number
  /** Of Pods. */
  readonly count: number
}

/** How fast the scheduler works off what has gathered, kind by kind, in a cluster of its own. */
export async function* schedulerRows(nodeCount: number, podCount: number): AsyncGenerator<Row[]> {
  const plane = await startControlPlane()
  try {
    await createNodes(plane.client, nodeCount)
    for (const kind of kinds) yield await rowsOf(plane, kind, { nodeCount, count: countOf(kind, podCount) })
  } finally {
    await plane.stop()
  }
}

async function rowsOf(plane: ControlPlane, kind: Kind, { nodeCount, count }: Size): Promise<Row[]> {
  const { client } = plane
  const namespace = `bench-${kind}`
  await createNamespace(client, namespace)
  if (kind === 'preemption') await prepareVictims(client, namespace, nodeCount)
  const made = await createPods(client, namespace, count, (index) => podOf(kind, index))

  const placements = await watchPlacements(client, namespace, (pod) => pod.metadata.labels?.['group'] !== 'filler')
  const apiserver = await plane.apiserver()
  const scheduler = await plane.startScheduler()
  try {
    const times = await placements.wait(made)
    const [before, after] = [apiserver.cpuSeconds, (await plane.apiserver()).cpuSeconds]
    const { cpuSeconds, residentMiB } = await scheduler.usage()
    const p99 = quantileOf(await scrape(scheduler.port), 'scheduler_scheduling_algorithm_duration_seconds', 0.99)
    const label = `${String(nodeCount)} nodes, ${String(made)} Pods, ${kind}`
    const perPod = (seconds: number): string => ((seconds * 1000) / times.length).toFixed(2)
    const rows = [
      { name: `${label}: scheduled Pods/s`, value: rateOf(times, made) },
      { name: `${label}: one cycle (ms, p99)`, value: (p99 * 1000).toFixed(2) },
      {
        name: `${label}: CPU ms a Pod, scheduler with its start / apiserver`,
        value: `${perPod(cpuSeconds)} / ${perPod(after - before)}`,
      },
    ]
    if (kind === 'plain') rows.push({ name: `${label}: scheduler's resident MiB`, value: residentMiB.toFixed(0) })
    return rows
  } finally {
    placements.stop()
    await scheduler.stop()
  }
}

/** Pods/s from the first to the last, and of the first and the last tenth: a flat cost makes them alike. */
function rateOf(times: readonly number[], wanted: number): string {
  const rate = (part: readonly number[]): string =>
    (((part.length - 1) * 1000) / ((part.at(-1) ?? NaN) - (part[0] ?? NaN))).toFixed(0)
  const tenth = Math.floor(times.length / 10)
  const text = `${rate(times)} (first tenth ${rate(times.slice(0, tenth))}, last ${rate(times.slice(-tenth))})`
  return times.length === wanted ? text : `${text}; ${String(times.length)} in ${String(limitMs / 1000)} s, then ended`
}

export async function createNamespace(client: Client, name: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} }, {})
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  // where a controller makes it, that may have been quicker
  await client.create(serviceAccounts, account, { namespace: name }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

async function prepareVictims(client: Client, namespace: string, nodeCount: number): Promise<void> {
  const metadata = { name: important }
  await client.create(
    priorityClasses,
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1000 },
    {},
  )
  await createPods(client, namespace, nodeCount, filler)
}

/** Creates Pods for as long as the limit lets it; answers how many. */
async function createPods(
  client: Client,
  namespace: string,
  count: number,
  pod: (index: number) => Pod,
): Promise<number> {
  const end = performance.now() + limitMs
  let made = 0
  await throughput(count, 32, async (index) => {
    if (performance.now() > end) return
    await client.create(pods, pod(index), { namespace })
    made++
  })
  return made
}

interface Placements {
  /** When Pods got their nodes, in order; fewer than asked for when the time is over. */
  wait(count: number): Promise<readonly number[]>
  stop(): void
}

/** Sees Pods of a namespace get their nodes. */
export async function watchPlacements(
  client: Client,
  namespace: string,
  counts: (pod: Pod) => boolean = () => true,
): Promise<Placements> {
  const stopped = new AbortController()
  const times: number[] = []
  const informers = new InformerFactory(client, { clock: realClock, log: silentLogger })
  let wake: () => void = () => undefined
  const look = (old: Pod | undefined, pod: Pod): void => {
    if (old?.spec.nodeName || !pod.spec.nodeName || !counts(pod)) return
    times.push(performance.now())
    wake()
  }
  informers.informer(pods, { namespace }).addHandler({ add: (pod) => look(undefined, pod), update: look })
  informers.start(stopped.signal)
  await informers.waitForSync(stopped.signal)
  return {
    async wait(count) {
      const limit = AbortSignal.timeout(limitMs)
      await new Promise<void>((resolve) => {
        wake = () => {
          if (times.length >= count || limit.aborted) resolve()
        }
        limit.addEventListener('abort', () => wake())
        wake()
      })
      return times.slice(0, count)
    },
    stop: () => stopped.abort(),
  }
}
