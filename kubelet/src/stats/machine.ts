import { readFile, statfs } from 'node:fs/promises'
import type { ResourceUsage } from '../runtime/types.ts'

/** What the whole machine uses now. Bytes, and nanoseconds of CPU since it started. */
export interface MachineUsage extends ResourceUsage {
  cpuNanoSeconds: number
  maxProcesses: number
  uptimeSeconds: number
}

export interface FileSystemUsage {
  availableBytes: number
  capacityBytes: number
  usedBytes: number
  inodesFree: number
  inodes: number
  inodesUsed: number
}

/** The texts of the kernel's files, by what they tell. */
export interface KernelTexts {
  /** /proc/stat, /proc/meminfo, /proc/vmstat, /proc/loadavg, /proc/uptime, /proc/sys/kernel/pid_max */
  stat: string
  meminfo: string
  vmstat: string
  loadavg: string
  uptime: string
  pidMax: string
}

// proc(5): USER_HZ, the same on every Linux that Node.js runs on
const nanosPerTick = 1e7

/** Reads the kernel's words as cAdvisor does for the root of all cgroups: what is not free is used. */
// libcontainer cgroups/fs2/memory.go rootStatsFromMeminfo
export function machineUsage({ stat, meminfo, vmstat, loadavg, uptime, pidMax }: KernelTexts): MachineUsage {
  // user, nice, system, idle, iowait, irq, softirq, steal; what guests use is in user already
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .map(Number)
  const kibibytes = (name: string): number => 1024 * valueOf(meminfo, `${name}:`)
  const usage = kibibytes('MemTotal') - kibibytes('MemFree')
  return {
    cpuNanoSeconds: (user + nice + system + irq + softirq + steal) * nanosPerTick,
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(0, usage - kibibytes('Inactive(file)')),
    memoryRssBytes: kibibytes('AnonPages'),
    pageFaults: valueOf(vmstat, 'pgfault'),
    majorPageFaults: valueOf(vmstat, 'pgmajfault'),
    // running/all
    processes: Number(loadavg.split(' ')[3]?.split('/')[1] ?? 0),
    maxProcesses: Number(pidMax),
    uptimeSeconds: Number(uptime.split(' ')[0]),
  }
}

function valueOf(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length).trim().split(' ')[0] ?? 0)
}

/** What the machine uses now. */
export async function readMachineUsage(): Promise<MachineUsage> {
  const [stat = '', meminfo = '', vmstat = '', loadavg = '', uptime = '', pidMax = ''] = await Promise.all(
    ['stat', 'meminfo', 'vmstat', 'loadavg', 'uptime', 'sys/kernel/pid_max'].map((name) =>
      readFile(`/proc/${name}`, 'utf8'),
    ),
  )
  return machineUsage({ stat, meminfo, vmstat, loadavg, uptime, pidMax })
}

/** How full the file system at a place is. */
export async function readFileSystem(place: string): Promise<FileSystemUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(place)
  return {
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
    inodesUsed: files - ffree,
  }
}
