import { readdir, readFile, statfs, writeFile } from 'node:fs/promises'
import os from 'node:os'
import type { NodeSystemInfo } from '@kubets/shared/api/types/core-v1.ts'
import { quantityOf } from '@kubets/shared/machinery/quantity.ts'

/** The machine as the Node object describes it. */
export interface Machine {
  cpus: number
  memoryBytes: number
  diskBytes: number
  /** How many processes there may be. */
  maxProcesses: number
  /** The huge pages that it has set aside, in bytes by the size of a page: 2Mi. */
  hugePages: Readonly<Record<string, number>>
  info: Omit<NodeSystemInfo, 'containerRuntimeVersion' | 'kubeletVersion' | 'kubeProxyVersion'>
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm: 'arm', arm64: 'arm64', s390x: 's390x' }

/** Reads what does not change while the kubelet runs; the disk is the one that `rootDir` is on. */
export async function readMachine(rootDir: string): Promise<Machine> {
  const text = async (file: string): Promise<string> => (await readFile(file, 'utf8').catch(() => '')).trim()
  const release = await text('/etc/os-release')
  const disk = await statfs(rootDir)
  // pkg/kubelet/stats/pidlimit/pidlimit_linux.go Stats
  const limits = await Promise.all(['pid_max', 'threads-max'].map((name) => text(`/proc/sys/kernel/${name}`)))
  return {
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    hugePages: await readHugePages(),
    maxProcesses: Math.min(...limits.filter((one) => one !== '').map(Number)),
    info: {
      machineID: await text('/etc/machine-id'),
      systemUUID: (await text('/sys/class/dmi/id/product_uuid')) || (await text('/etc/machine-id')),
      bootID: await text('/proc/sys/kernel/random/boot_id'),
      kernelVersion: os.release(),
      osImage: /^PRETTY_NAME="?([^"\n]*)"?/m.exec(release)?.[1] ?? 'Linux',
      operatingSystem: 'linux',
      architecture: architectures[os.arch()] ?? os.arch(),
    },
  }
}

const hugePagesPlace = '/sys/kernel/mm/hugepages'

// google/cadvisor machine/info.go, utils/sysinfo/sysinfo.go GetHugePagesInfo
async function readHugePages(): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const folder of await readdir(hugePagesPlace).catch(() => [])) {
    const size = Number(/^hugepages-(\d+)kB$/.exec(folder)?.[1] ?? 0) * 1024
    const count = Number(await readFile(`${hugePagesPlace}/${folder}/nr_hugepages`, 'utf8').catch(() => '0'))
    if (size > 0) found[quantityOf(size, 'BinarySI').toString()] = size * count
  }
  return found
}

/** The address of the interface with the default route, else the first that is not the machine's own loop. */
export async function defaultAddress(): Promise<string | undefined> {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const device = routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .find(([, destination, , flags]) => destination === '00000000' && (parseInt(flags ?? '0', 16) & 1) === 1)?.[0]
  const interfaces = os.networkInterfaces()
  const usable = (name: string): string | undefined =>
    interfaces[name]?.find((one) => one.family === 'IPv4' && !one.internal)?.address
  if (device !== undefined && usable(device) !== undefined) return usable(device)
  return Object.keys(interfaces)
    .map(usable)
    .find((one) => one !== undefined)
}

/**
 * Whether a process may be made harder to end than others when memory runs out: tried on this process, and undone.
 */
export async function mayLowerOomScore(): Promise<boolean> {
  const file = '/proc/self/oom_score_adj'
  const before = (await readFile(file, 'utf8').catch(() => '0')).trim()
  try {
    await writeFile(file, '-999')
    await writeFile(file, before)
    return true
  } catch {
    return false
  }
}
