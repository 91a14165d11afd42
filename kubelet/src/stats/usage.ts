// What containers, Pods and the node use, as measured at one time: pure. pkg/kubelet/stats/cri_stats_provider.go
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { NetworkInterfaceStats, RuntimeStats } from '../runtime/types.ts'
import type { DiskUsage } from './disk-usage.ts'
import type { FileSystemUsage, MachineUsage } from './machine.ts'
import type { PodSizes } from './sizes.ts'

/** A measurement with how fast it used the CPU since the one before; undefined for the first. */
export type Measured<T> = T & { cpuNanoCores: number | undefined }

export interface PodUsage {
  pod: Pod
  containers: readonly Measured<RuntimeStats>[]
  sandbox: Measured<RuntimeStats> | undefined
  /** As they were measured last. */
  sizes: PodSizes
}

/** What the machine uses; this much is known at once. */
export interface NodeUsage {
  /** Milliseconds since the epoch, as all times here. */
  time: number
  node: MachineUsage
  memoryCapacityBytes: number
  /** What of it all Pods together may have. */
  memoryForPodsBytes: number
  nodeFs: FileSystemUsage
  imageFs: FileSystemUsage
  /** Whether images, and what is written over them, have a disk of their own. */
  imagesApart: boolean
}

export interface Usage extends NodeUsage {
  nodeName: string
  bootTime: number
  node: Measured<MachineUsage>
  cpus: number
  pods: readonly PodUsage[]
}

/** How much of the CPU was used until when, and how fast, as far as the readings before it told. */
export interface CpuReading {
  at: number
  cpu: number
  nanoCores: number | undefined
}

// two who ask in the same moment are no measure of how fast the CPU is used; cAdvisor looks at most once a second, too
const leastApartMs = 1000

/**
 * How fast the CPU is used (nanoseconds a second; undefined where it is not known yet), and the reading that the next one
 * is compared with: the one before, while that is too near.
 */
export function cpuRate(
  before: CpuReading | undefined,
  { at, cpu }: { at: number; cpu: number },
): { nanoCores: number | undefined; base: CpuReading } {
  // the clock may have been set, the container may be another
  const comparable = before && at >= before.at && cpu >= before.cpu
  const rate = comparable && at > before.at ? Math.round(((cpu - before.cpu) * 1000) / (at - before.at)) : undefined
  if (comparable && at < before.at + leastApartMs) return { nanoCores: before.nanoCores ?? rate, base: before }
  return { nanoCores: rate, base: { at, cpu, nanoCores: rate } }
}

/** The Pods that have something running, in the order they are known. What belongs to none of them is left out. */
export function byPod(
  pods: readonly Pod[],
  stats: readonly Measured<RuntimeStats>[],
  sizesOf: (podUid: string) => PodSizes,
): PodUsage[] {
  return pods.flatMap((pod): PodUsage[] => {
    const { uid = '' } = pod.metadata
    const own = stats.filter((one) => one.pod.uid === uid)
    if (own.length === 0) return []
    const containers = own.filter((one) => !one.isSandbox)
    return [{ pod, containers, sandbox: own.find((one) => one.isSandbox), sizes: sizesOf(uid) }]
  })
}

/** Whether a volume's files count as what the Pod itself takes of the node's disk. */
// pkg/volume/util/util.go IsLocalEphemeralVolume
export function isLocalEphemeral(pod: Pod, name: string): boolean {
  const volume = pod.spec.volumes?.find((one) => one.name === name)
  if (volume?.emptyDir) return (volume.emptyDir.medium ?? '') === ''
  return volume?.configMap !== undefined
}

/** What a Pod takes of the node's disk: its containers' files and logs, its volumes, its /etc/hosts. */
// pkg/kubelet/stats/helper.go calcEphemeralStorage
export function ephemeralStorage(pod: Pod, { containers, volumes, hostsFile }: PodSizes): DiskUsage {
  const parts = [
    ...containers.flatMap(({ rootfs, logs }) => [rootfs, logs]),
    ...volumes.filter(({ name }) => isLocalEphemeral(pod, name)),
    hostsFile,
  ]
  const sum = (of: (one: DiskUsage) => number): number => parts.reduce((total, one) => total + (one ? of(one) : 0), 0)
  return { usedBytes: sum((one) => one.usedBytes), inodesUsed: sum((one) => one.inodesUsed) }
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
