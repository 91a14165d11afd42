// The answer to /stats/summary: pure. kubelet/pkg/apis/stats/v1alpha1/types.go, pkg/kubelet/server/stats/summary.go
import { formatTime } from '@kubets/shared/machinery/time.ts'
import type { NetworkInterfaceStats, RuntimeStats } from '../runtime/types.ts'
import type { DiskUsage } from './disk-usage.ts'
import type { FileSystemUsage } from './machine.ts'
import { ephemeralStorage, podTotal, type Measured, type PodUsage, type Usage } from './usage.ts'

interface CpuAndMemory {
  cpuUsageNanoSeconds: number
  cpuNanoCores: number | undefined
  memoryUsageBytes: number
  memoryWorkingSetBytes: number
  memoryRssBytes: number
  pageFaults: number
  majorPageFaults: number
}

/** The summary of a node; `onlyCpuAndMemory` leaves out all else. */
export function summaryOf(usage: Usage, onlyCpuAndMemory: boolean): object {
  const { node, nodeName, bootTime, memoryCapacityBytes, nodeFs, imageFs } = usage
  const time = formatTime(usage.time)
  const ofNode = { ...node, cpuUsageNanoSeconds: node.cpuNanoSeconds }
  const available = Math.max(0, memoryCapacityBytes - node.memoryWorkingSetBytes)
  const { cpu, memory } = cpuAndMemory(ofNode, time)
  return {
    node: {
      nodeName,
      startTime: formatTime(bootTime),
      cpu,
      memory: { ...memory, availableBytes: available },
      systemContainers: [allPods(usage, time)],
      ...(onlyCpuAndMemory
        ? {}
        : {
            fs: fileSystem(nodeFs, time),
            runtime: { imageFs: fileSystem(imageFs, time), containerFs: fileSystem(imageFs, time) },
            rlimit: { time, maxpid: node.maxProcesses, curproc: node.processes },
          }),
    },
    pods: usage.pods.map((one) => podStats(one, usage, onlyCpuAndMemory)),
  }
}

/** What all Pods use together, of what they may have. */
// kubelet/pkg/apis/stats/v1alpha1 SystemContainerPods
function allPods({ pods, memoryForPodsBytes, bootTime }: Usage, time: string): object {
  const all = pods.map(podTotal)
  const sum = (of: (one: ReturnType<typeof podTotal>) => number): number => all.reduce((n, one) => n + of(one), 0)
  const { cpu, memory } = cpuAndMemory(
    {
      cpuUsageNanoSeconds: sum((one) => one.cpuUsageNanoSeconds),
      cpuNanoCores: sum((one) => one.cpuNanoCores ?? 0),
      memoryUsageBytes: sum((one) => one.memoryUsageBytes),
      memoryWorkingSetBytes: sum((one) => one.memoryWorkingSetBytes),
      memoryRssBytes: sum((one) => one.memoryRssBytes),
      pageFaults: sum((one) => one.pageFaults),
      majorPageFaults: sum((one) => one.majorPageFaults),
    },
    time,
  )
  const availableBytes = Math.max(0, memoryForPodsBytes - memory.workingSetBytes)
  return { name: 'pods', startTime: formatTime(bootTime), cpu, memory: { ...memory, availableBytes } }
}

function podStats(usage: PodUsage, { nodeFs, imageFs }: Usage, onlyCpuAndMemory: boolean): object {
  const { name, namespace, uid } = usage.pod.metadata
  const total = podTotal(usage)
  const time = formatTime(total.timestamp)
  const startTime = usage.pod.status?.startTime
  return {
    podRef: { name, namespace, uid },
    ...(startTime === undefined ? {} : { startTime }),
    containers: usage.containers.map((one) => ({
      ...containerStats(one),
      ...(onlyCpuAndMemory ? {} : containerFiles(one, usage, nodeFs, imageFs)),
    })),
    ...cpuAndMemory(total, time),
    ...(onlyCpuAndMemory
      ? {}
      : {
          ...network(total.network, time),
          ...volumes(usage),
          'ephemeral-storage': { ...fileSystem(nodeFs, time), ...ephemeralStorage(usage.pod, usage.sizes) },
          process_stats: { process_count: total.processes },
        }),
  }
}

function containerStats(stats: Measured<RuntimeStats>): object {
  return {
    name: stats.name,
    startTime: formatTime(stats.startedAt),
    ...cpuAndMemory(stats, formatTime(stats.timestamp)),
  }
}

function containerFiles(
  { containerId }: Measured<RuntimeStats>,
  { sizes }: PodUsage,
  nodeFs: FileSystemUsage,
  imageFs: FileSystemUsage,
): object {
  const own = sizes.containers.find(({ id }) => id === containerId)
  const part = (fs: FileSystemUsage, used: DiskUsage) => ({ ...fileSystem(fs, formatTime(own?.at ?? 0)), ...used })
  return {
    ...(own?.rootfs && { rootfs: part(imageFs, own.rootfs) }),
    ...(own?.logs && { logs: part(nodeFs, own.logs) }),
  }
}

function volumes({ pod, sizes: { volumes: all } }: PodUsage): object {
  if (all.length === 0) return {}
  const { namespace } = pod.metadata
  const volume = all.map(({ at, name, claim, ...usage }) => ({
    ...fileSystem(usage, formatTime(at)),
    name,
    ...(claim !== undefined && { pvcRef: { name: claim, namespace } }),
  }))
  return { volume }
}

function cpuAndMemory(of: CpuAndMemory, time: string) {
  return {
    cpu: {
      time,
      ...(of.cpuNanoCores === undefined ? {} : { usageNanoCores: of.cpuNanoCores }),
      usageCoreNanoSeconds: of.cpuUsageNanoSeconds,
    },
    memory: {
      time,
      usageBytes: of.memoryUsageBytes,
      workingSetBytes: of.memoryWorkingSetBytes,
      rssBytes: of.memoryRssBytes,
      pageFaults: of.pageFaults,
      majorPageFaults: of.majorPageFaults,
    },
  }
}

// the default interface's numbers stand beside the list of all
function network(interfaces: readonly NetworkInterfaceStats[], time: string): object {
  const all = interfaces.map(({ name, rxBytes, rxErrors, txBytes, txErrors }) => {
    return { name, rxBytes, rxErrors, txBytes, txErrors }
  })
  if (all.length === 0) return {}
  const main = all.find(({ name }) => name === 'eth0') ?? {}
  return { network: { time, ...main, interfaces: all } }
}

function fileSystem(usage: FileSystemUsage, time: string): object {
  return { time, ...usage }
}
