// What containers, Pods and the node use, as measured at one time: pure. pkg/kubelet/stats/cri_stats_provider.go
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { NetworkInterfaceStats, RuntimeStats } from '../runtime/types.ts'
import type { FileSystemUsage, MachineUsage } from './machine.ts'

/** A measurement with how fast it used the CPU since the one before; undefined for the first. */
export type Measured<T> = T & { cpuNanoCores: number | undefined }

export interface PodUsage {
  pod: Pod
  containers: readonly Measured<RuntimeStats>[]
  sandbox: Measured<RuntimeStats> | undefined
}

export interface Usage {
  nodeName: string
  /** Milliseconds since the epoch, as all times here. */
  time: number
  bootTime: number
  node: Measured<MachineUsage>
  memoryCapacityBytes: number
  cpus: number
  nodeFs: FileSystemUsage
  imageFs: FileSystemUsage
  pods: readonly PodUsage[]
}

/** Nanoseconds of CPU a second between two readings; undefined where they tell nothing of it. */
export function nanoCores(
  before: { at: number; cpu: number } | undefined,
  now: { at: number; cpu: number },
): number | undefined {
  if (!before || now.at <= before.at || now.cpu < before.cpu) return undefined
  return Math.round(((now.cpu - before.cpu) * 1000) / (now.at - before.at))
}

/** The Pods that have something running, in the order they are known. What belongs to none of them is left out. */
export function byPod(pods: readonly Pod[], stats: readonly Measured<RuntimeStats>[]): PodUsage[] {
  return pods.flatMap((pod): PodUsage[] => {
    const own = stats.filter((one) => one.pod.uid === pod.metadata.uid)
    if (own.length === 0) return []
    return [{ pod, containers: own.filter((one) => !one.isSandbox), sandbox: own.find((one) => one.isSandbox) }]
  })
}

/** All that a Pod uses: its containers and its sandbox. */
export function podTotal({ containers, sandbox }: PodUsage) {
  const all = sandbox ? [...containers, sandbox] : containers
  const sum = (of: (one: Measured<RuntimeStats>) => number): number => all.reduce((total, one) => total + of(one), 0)
  const rates = all.map((one) => one.cpuNanoCores).filter((one) => one !== undefined)
  return {
    timestamp: Math.max(0, ...all.map((one) => one.timestamp)),
    cpuUsageNanoSeconds: sum((one) => one.cpuUsageNanoSeconds),
    cpuNanoCores: rates.length > 0 ? rates.reduce((total, one) => total + one, 0) : undefined,
    memoryUsageBytes: sum((one) => one.memoryUsageBytes),
    memoryWorkingSetBytes: sum((one) => one.memoryWorkingSetBytes),
    memoryRssBytes: sum((one) => one.memoryRssBytes),
    pageFaults: sum((one) => one.pageFaults),
    majorPageFaults: sum((one) => one.majorPageFaults),
    processes: sum((one) => one.processes),
    network: sandbox?.network ?? ([] as readonly NetworkInterfaceStats[]),
  }
}
