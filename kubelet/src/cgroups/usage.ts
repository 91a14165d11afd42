// What the kernel says that a container's cgroup uses. cAdvisor reads the same. opencontainers/cgroups fs, fs2
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ResourceUsage } from '../runtime/types.ts'
import type { Hierarchy } from './hierarchy.ts'
import type { CgroupVersion } from './settings.ts'

/** The files that tell of one cgroup. */
export interface UsageFiles {
  version: CgroupVersion
  cpu: string
  memory: string
  memoryStat: string
  /** Undefined where the machine does not count processes. */
  pids: string | undefined
  /** Who is in it. */
  procs: string
}

export interface CgroupUsage extends ResourceUsage {
  cpuUsageNanoSeconds: number
}

const names = {
  1: { cpu: 'cpuacct.usage', memory: 'memory.usage_in_bytes' },
  2: { cpu: 'cpu.stat', memory: 'memory.current' },
} as const

/**
 * The files of the cgroup that a container's process is in, by the text of its /proc/PID/cgroup; undefined when that is
 * not a cgroup of the container's own, which has its id in its name (`<id>` or `docker-<id>.scope`).
 */
export function usageFiles({ version, mounts }: Hierarchy, text: string, id: string): UsageFiles | undefined {
  const lines = text.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
  const folder = (controller: string): string | undefined => {
    const has = (list: readonly string[]): boolean => (version === 2 ? list.length === 0 : list.includes(controller))
    const mount = mounts.find((one) => has(one.controllers))
    const name = lines.find((line) => line && has((line[1] ?? '').split(',').filter((one) => one !== '')))?.[2]
    return mount && name && path.basename(name).includes(id) ? path.join(mount.place, name) : undefined
  }
  const [cpu, memory, pids] = [folder('cpuacct'), folder('memory'), folder('pids')]
  if (id === '' || cpu === undefined || memory === undefined) return undefined
  return {
    version,
    cpu: path.join(cpu, names[version].cpu),
    memory: path.join(memory, names[version].memory),
    memoryStat: path.join(memory, 'memory.stat'),
    pids: pids && path.join(pids, 'pids.current'),
    procs: path.join(memory, 'cgroup.procs'),
  }
}

/** Those of a running container's process; undefined when they cannot be read here. */
export async function findUsageFiles(hierarchy: Hierarchy, pid: number, id: string): Promise<UsageFiles | undefined> {
  try {
    const files = usageFiles(hierarchy, await readFile(`/proc/${String(pid)}/cgroup`, 'utf8'), id)
    if (!files) return undefined
    await Promise.all([files.cpu, files.memory, files.memoryStat, files.procs].map((file) => access(file)))
    const counted =
      files.pids !== undefined &&
      (await access(files.pids).then(
        () => true,
        () => false,
      ))
    return { ...files, pids: counted ? files.pids : undefined }
  } catch {
    return undefined
  }
}

/** Reads them. Rejects with the kernel's error: see isGone. */
export async function readUsage({ version, cpu, memory, memoryStat, pids }: UsageFiles): Promise<CgroupUsage> {
  const read = (file: string): Promise<string> => readFile(file, 'utf8')
  const all = [read(cpu), read(memory), read(memoryStat), pids === undefined ? Promise.resolve('') : read(pids)]
  const [ofCpu = '', ofMemory = '', ofDetails = '', ofPids = ''] = await Promise.all(all)
  const detail = numbers(ofDetails)
  const usage = Number(ofMemory)
  return {
    cpuUsageNanoSeconds: version === 1 ? Number(ofCpu) : 1000 * (numbers(ofCpu)['usage_usec'] ?? 0),
    ...memoryUsage(usage, detail),
    processes: Number(ofPids),
  }
}

/** What of memory is used, by the lines of memory.stat, which v1 and v2 name apart. */
export function memoryUsage(usage: number, detail: Readonly<Record<string, number | undefined>>) {
  // inactive page cache can be taken back at any time and does not count as working set
  const inactive = detail['total_inactive_file'] ?? detail['inactive_file'] ?? 0
  return {
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(0, usage - inactive),
    memoryRssBytes: detail['total_rss'] ?? detail['anon'] ?? 0,
    pageFaults: detail['total_pgfault'] ?? detail['pgfault'] ?? 0,
    majorPageFaults: detail['total_pgmajfault'] ?? detail['pgmajfault'] ?? 0,
  }
}

/**
 * Whether a file of a process or cgroup could not be read because that has ended: it is not there, or it was opened just
 * before (kernfs ENODEV, /proc ESRCH), or the network that it tells of went with the last process (proc_net.c ENXIO).
 */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENODEV', 'ESRCH', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')
}

// lines of a name and a number
function numbers(text: string): Record<string, number | undefined> {
  return Object.fromEntries(
    text.split('\n').map((line): [string, number] => {
      const [name = '', value = ''] = line.split(' ')
      return [name, Number(value)]
    }),
  )
}
