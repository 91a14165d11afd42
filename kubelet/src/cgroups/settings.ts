// What a cgroup is given, and the kernel's files that take it: pure. pkg/kubelet/cm/cgroup_manager_linux.go

/** What is left out stays as it is; -1 takes a limit away. */
export interface CgroupSettings {
  /** Relative CPU weight (cgroup v1 scale, 2..262144). */
  cpuShares?: number
  /** Microseconds of CPU per `cpuPeriod`. */
  cpuQuota?: number
  cpuPeriod?: number
  /** Bytes. */
  memoryLimit?: number
  pidsLimit?: number
}

export type CgroupVersion = 1 | 2

interface CgroupFile {
  controller: 'cpu' | 'memory' | 'pids'
  file: string
  value: string
}

/** The files to write, in their order. */
export function cgroupFiles(version: CgroupVersion, settings: CgroupSettings): CgroupFile[] {
  const { cpuShares, cpuQuota, cpuPeriod = 100_000, memoryLimit, pidsLimit } = settings
  const files: CgroupFile[] = []
  const add = (controller: CgroupFile['controller'], file: string, value: number | string): void => {
    files.push({ controller, file, value: String(value) })
  }
  if (version === 1) {
    if (cpuShares !== undefined) add('cpu', 'cpu.shares', cpuShares)
    if (cpuQuota !== undefined) {
      add('cpu', 'cpu.cfs_period_us', cpuPeriod)
      add('cpu', 'cpu.cfs_quota_us', cpuQuota)
    }
    if (memoryLimit !== undefined) add('memory', 'memory.limit_in_bytes', memoryLimit)
  } else {
    if (cpuShares !== undefined) add('cpu', 'cpu.weight', cpuWeight(cpuShares))
    if (cpuQuota !== undefined) add('cpu', 'cpu.max', `${orMax(cpuQuota)} ${cpuPeriod}`)
    if (memoryLimit !== undefined) add('memory', 'memory.max', orMax(memoryLimit))
  }
  if (pidsLimit !== undefined) add('pids', 'pids.max', orMax(pidsLimit))
  return files
}

/** The weight of cgroup v2 (1..10000) for shares of v1. */
// pkg/kubelet/cm/cgroup_v2_manager_linux.go cpuSharesToCPUWeight
function cpuWeight(shares: number): number {
  return Math.floor(((shares - 2) * 9999) / 262142) + 1
}

const orMax = (limit: number): string => (limit < 0 ? 'max' : String(limit))
