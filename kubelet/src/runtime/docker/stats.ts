import type { PodFilter, RuntimeStats } from '../types.ts'
import { isRuntimeNotFound } from '../types.ts'
import { call, limits, type DockerContext } from './client.ts'
import { labelNames, readLabels } from './naming.ts'
import { listOurs } from './sandbox.ts'

/** CPU and memory use of the running containers and sandboxes. */
export async function containerStats(
  context: DockerContext,
  filter: PodFilter,
  signal: AbortSignal,
): Promise<RuntimeStats[]> {
  const found = await listOurs(context, filter.podUid ? { [labelNames.podUid]: filter.podUid } : {}, signal)
  const all: RuntimeStats[] = []
  for (const info of found) {
    const own = readLabels(info.Labels)
    if (!own || info.State !== 'running') continue
    try {
      const stats = await call(context, signal, limits.read, () =>
        context.docker.getContainer(info.Id).stats({ stream: false, 'one-shot': true }),
      )
      const memory = stats.memory_stats
      // inactive page cache can be taken back at any time and does not count as working set; v1 and v2 name it apart
      const detail = memory.stats as unknown as Record<string, number | undefined> | undefined
      const inactive = detail?.['total_inactive_file'] ?? detail?.['inactive_file'] ?? 0
      all.push({
        containerId: info.Id,
        name: own.container,
        pod: own.pod,
        isSandbox: own.type === 'podsandbox',
        timestamp: Date.parse(stats.read),
        cpuUsageNanoSeconds: stats.cpu_stats.cpu_usage.total_usage,
        memoryUsageBytes: memory.usage ?? 0,
        memoryWorkingSetBytes: Math.max(0, (memory.usage ?? 0) - inactive),
      })
    } catch (error) {
      if (!isRuntimeNotFound(error)) throw error
    }
  }
  return all
}
