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
  /** Bytes in huge pages, by the size of a page: 2Mi. */
  hugePages?: Readonly<Record<string, number>>
}

export type CgroupVersion = 1 | 2

interface CgroupFile {
  controller: 'cpu' | 'memory' | 'pids' | 'hugetlb'
  file: string
  value: string
  /** Older kernels have no such file. */
  optional?: true
}

/** The files to write, in their order. */
export function cgroupFiles(version: CgroupVersion, settings: CgroupSettings): CgroupFile[] {
  const { cpuShares, cpuQuota, cpuPeriod = 100_000, memoryLimit, pidsLimit, hugePages = {} } = settings
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
  for (const [size, bytes] of Object.entries(hugePages)) {
    // the kernel's MB are as large as others' Mi
    const [pages, limit] = [`hugetlb.${size.replace('i', 'B')}`, version === 1 ? 'limit_in_bytes' : 'max']
    add('hugetlb', `${pages}.${limit}`, bytes)
    // what is asked for counts, too: who has too little learns it from mmap, not by a SIGBUS
    // opencontainers/cgroups fs/hugetlb.go, fs2/hugetlb.go
    files.push({ controller: 'hugetlb', file: `${pages}.rsvd.${limit}`, value: String(bytes), optional: true })
  }
  return files
}

/** The weight of cgroup v2 (1..10000) for shares of v1. */
// pkg/kubelet/cm/cgroup_v2_manager_linux.go cpuSharesToCPUWeight
function cpuWeight(shares: number): number {
  return Math.floor(((shares - 2) * 9999) / 262142) + 1
}

/** What a cgroup has now, as its kernel counts; Infinity where nothing limits it. */
export interface CurrentSettings {
  weight: number
  quota: number
  memory: number
}

/** The files that tell of it. */
export function currentFiles(version: CgroupVersion): Record<keyof CurrentSettings, string> {
  if (version === 2) return { weight: 'cpu.weight', quota: 'cpu.max', memory: 'memory.max' }
  return { weight: 'cpu.shares', quota: 'cpu.cfs_quota_us', memory: 'memory.limit_in_bytes' }
}

/** Reads the text of such a file. */
export function parseCurrent(text: string): number {
  const number = Number(text.trim().split(' ')[0])
  // -1, max, or more than there can be
  return number >= 0 && number < 2 ** 60 ? number : Infinity
}

/** Changes of a cgroup with others below it: what it is given before they are changed, and what it is left after. */
export interface CgroupChanges {
  before: CgroupSettings
  after: CgroupSettings
}

/** How a cgroup comes from what it has to what it should have. A limit that should not be is left. */
// pkg/kubelet/kuberuntime/kuberuntime_manager.go doPodResizeAction
export function cgroupChanges(version: CgroupVersion, wanted: CgroupSettings, current: CurrentSettings): CgroupChanges {
  const { cpuShares, cpuQuota, cpuPeriod, memoryLimit } = wanted
  const before: CgroupSettings = {}
  const after: CgroupSettings = {}
  const weight = cpuShares !== undefined && version === 2 ? cpuWeight(cpuShares) : cpuShares
  if (weight !== current.weight && cpuShares !== undefined) before.cpuShares = cpuShares
  if (cpuQuota !== undefined && cpuQuota !== current.quota) {
    Object.assign(cpuQuota > current.quota ? before : after, { cpuQuota, cpuPeriod })
  }
  // the kernel counts pages
  const pages = (bytes: number): number => Math.floor(bytes / 4096)
  if (memoryLimit !== undefined && pages(memoryLimit) !== pages(current.memory)) {
    Object.assign(memoryLimit > current.memory ? before : after, { memoryLimit })
  }
  return { before, after }
}

const orMax = (limit: number): string => (limit < 0 ? 'max' : String(limit))
