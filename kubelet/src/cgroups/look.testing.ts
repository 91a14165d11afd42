import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { CgroupTree } from './tree.ts'

const mounts = '/sys/fs/cgroup'

/** For tests: makes a cgroup that is there for all controllers, as somebody else would. */
export async function makeCgroup(tree: CgroupTree, name: string): Promise<void> {
  await tree.create(name)
  const more = tree.version === 1 ? ['cpuacct', 'cpuset', 'systemd'] : []
  for (const controller of more) await mkdir(path.join(mounts, controller, name), { recursive: true })
}

/** What the kernel says of a cgroup: how much its CPU weighs, how much memory and how many processes it may have. */
export async function limitsOf(tree: CgroupTree, name: string): Promise<string[]> {
  const read = async (v1: string, v2: string): Promise<string> => {
    const place = tree.version === 1 ? path.join(v1.split('.')[0] ?? '', name, v1) : path.join(name, v2)
    return (await readFile(path.join(mounts, place), 'utf8')).trim()
  }
  const memory = read('memory.limit_in_bytes', 'memory.max')
  return Promise.all([read('cpu.shares', 'cpu.weight'), memory, read('pids.max', 'pids.max')])
}
