// How the machine's CPUs lie together. pkg/kubelet/cm/cpumanager/topology/topology.go
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseCpuSet, type CpuSet } from './cpuset.ts'

/** Where a CPU is. A core is called by its lowest CPU. */
export interface CpuPlace {
  core: number
  socket: number
  numa: number
}

export type Topology = ReadonlyMap<number, CpuPlace>

/** How many CPUs a core has. */
export const cpusPerCore = (topology: Topology): number => perPlace(topology, 'core')

/** How many CPUs each of the places of a level has, were they all alike. */
export function perPlace(topology: Topology, level: keyof CpuPlace): number {
  const places = new Set([...topology.values()].map((one) => one[level]))
  return places.size === 0 ? 0 : Math.floor(topology.size / places.size)
}

/** The NUMA nodes of these CPUs. */
export const nodesOf = (topology: Topology, cpus: Iterable<number>): number[] => [
  ...new Set([...cpus].map((cpu) => topology.get(cpu)?.numa ?? 0)),
]

/** Reads what the kernel says of the CPUs that are online; a machine that does not tell has one core for each, in one socket. */
// google/cadvisor utils/sysinfo/sysinfo.go GetNodesInfo
export async function readTopology(root = '/sys/devices/system'): Promise<Topology> {
  const read = async (...names: string[]): Promise<string | undefined> =>
    (await readFile(path.join(root, ...names), 'utf8').catch(() => undefined))?.trim()
  const online = parseCpuSet((await read('cpu', 'online')) ?? '')
  const numaOf = new Map<number, number>()
  for (const name of await readdir(path.join(root, 'node')).catch(() => [])) {
    const node = /^node(\d+)$/.exec(name)?.[1]
    if (node === undefined) continue
    for (const cpu of parseCpuSet((await read('node', name, 'cpulist')) ?? '')) numaOf.set(cpu, Number(node))
  }
  const places = new Map<number, CpuPlace>()
  const lowest = new Map<string, number>()
  for (const cpu of [...online].sort((a, b) => a - b)) {
    const [socket, core] = await Promise.all(
      ['physical_package_id', 'core_id'].map((name) => read('cpu', `cpu${cpu}`, 'topology', name)),
    )
    // some virtual machines say -1
    const [socketId, coreId] = [Math.max(0, Number(socket ?? 0)), core ?? String(cpu)]
    const key = `${socketId}/${coreId}`
    if (!lowest.has(key)) lowest.set(key, cpu)
    places.set(cpu, { core: lowest.get(key) ?? cpu, socket: socketId, numa: numaOf.get(cpu) ?? 0 })
  }
  return places
}

export const allCpus = (topology: Topology): CpuSet => new Set(topology.keys())
