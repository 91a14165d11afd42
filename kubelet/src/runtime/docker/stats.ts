import type { ContainerInfo, ContainerStats } from 'dockerode'
import type { PodFilter, RuntimeStats } from '../types.ts'
import { isRuntimeNotFound } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { labelNames, readLabels, type OwnLabels } from './naming.ts'
import { listOurs } from './sandbox.ts'

// a call for each container: one after the other would be slow, all together a burst for Docker
const atOnce = 8

/** What the running containers and sandboxes use. */
export async function containerStats(
  context: DockerContext,
  filter: PodFilter,
  signal: AbortSignal,
): Promise<RuntimeStats[]> {
  const found = await listOurs(context, filter.podUid ? { [labelNames.podUid]: filter.podUid } : {}, signal)
  const running = found.filter((info) => info.State === 'running')
  const all: (RuntimeStats | undefined)[] = []
  for (let from = 0; from < running.length; from += atOnce) {
    const some = running.slice(from, from + atOnce)
    all.push(...(await Promise.all(some.map((info) => statsOf(context, info, signal)))))
  }
  return all.filter((one) => one !== undefined)
}

/** undefined when the container is not ours, or has ended meanwhile. */
async function statsOf(
  context: DockerContext,
  info: ContainerInfo,
  signal: AbortSignal,
): Promise<RuntimeStats | undefined> {
  const own = readLabels(info.Labels)
  if (!own) return undefined
  try {
    const answer = await call(context, signal, limits.read, () =>
      context.docker.getContainer(info.Id).stats({ stream: false, 'one-shot': true }),
    )
    return readStats(info, own, answer)
  } catch (error) {
    if (isRuntimeNotFound(error)) return undefined
    throw error
  }
}

/**
 * What Docker's answer to `GET /containers/{id}/stats` says of a container with the given labels; undefined of one that
 * has ended meanwhile: of such a one there is an answer with no time, or, where it was removed while Docker measured,
 * an empty body (moby daemon/stats.go ContainerStats), which the client gives as an empty buffer.
 */
export function readStats(
  info: ContainerInfo,
  own: OwnLabels,
  answer: ContainerStats | Buffer,
): RuntimeStats | undefined {
  if (Buffer.isBuffer(answer) || answer.read.startsWith('0001')) return undefined
  const memory = answer.memory_stats
  // inactive page cache can be taken back at any time and does not count as working set; v1 and v2 name it apart
  const detail = memory.stats as unknown as Record<string, number | undefined> | undefined
  const inactive = detail?.['total_inactive_file'] ?? detail?.['inactive_file'] ?? 0
  const networks = Object.entries((answer.networks as typeof answer.networks | undefined) ?? {})
  return {
    containerId: info.Id,
    name: own.container,
    runtimeName: info.Names[0]?.slice(1) ?? '',
    image: info.Image,
    // to the second; asking for more would be a call for each
    startedAt: info.Created * 1000,
    pod: own.pod,
    isSandbox: own.type === 'podsandbox',
    timestamp: Date.parse(answer.read),
    cpuUsageNanoSeconds: answer.cpu_stats.cpu_usage.total_usage,
    memoryUsageBytes: memory.usage ?? 0,
    memoryWorkingSetBytes: Math.max(0, (memory.usage ?? 0) - inactive),
    memoryRssBytes: detail?.['total_rss'] ?? detail?.['anon'] ?? 0,
    pageFaults: detail?.['total_pgfault'] ?? detail?.['pgfault'] ?? 0,
    majorPageFaults: detail?.['total_pgmajfault'] ?? detail?.['pgmajfault'] ?? 0,
    processes: answer.pids_stats?.current ?? 0,
    network: networks.map(([name, net]) => ({
      name,
      rxBytes: net.rx_bytes,
      rxErrors: net.rx_errors,
      txBytes: net.tx_bytes,
      txErrors: net.tx_errors,
    })),
  }
}
