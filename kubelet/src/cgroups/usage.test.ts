import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Hierarchy } from './hierarchy.ts'
import { findUsageFiles, isGone, readUsage, usageFiles, type UsageFiles } from './usage.ts'

const mount = (...controllers: string[]) => ({ place: `/cg/${controllers.join(',')}`, controllers })
const v1: Hierarchy = { version: 1, mounts: [mount('cpu', 'cpuacct'), mount('memory'), mount('pids')] }
const v2: Hierarchy = { version: 2, mounts: [{ place: '/cg', controllers: [] }] }
const lines = (...controllers: [string, string][]): string =>
  controllers.map(([names, folder], i) => `${String(i)}:${names}:${folder}\n`).join('')

describe('where the kernel says what a container uses', () => {
  it.each<[string, Hierarchy, string, Partial<UsageFiles>]>([
    [
      'v1, made by Docker',
      v1,
      lines(['name=systemd', '/x'], ['memory', '/docker/c1'], ['pids', '/docker/c1'], ['cpu,cpuacct', '/docker/c1']),
      {
        cpu: '/cg/cpu,cpuacct/docker/c1/cpuacct.usage',
        memory: '/cg/memory/docker/c1/memory.usage_in_bytes',
        memoryStat: '/cg/memory/docker/c1/memory.stat',
        pids: '/cg/pids/docker/c1/pids.current',
        procs: '/cg/memory/docker/c1/cgroup.procs',
      },
    ],
    [
      'v1, nobody counts processes',
      { ...v1, mounts: v1.mounts.slice(0, 2) },
      lines(['memory', '/docker/c1'], ['cpuacct,cpu', '/docker/c1']),
      { cpu: '/cg/cpu,cpuacct/docker/c1/cpuacct.usage', pids: undefined },
    ],
    [
      'v2, made by Docker below the cgroup of a Pod',
      v2,
      '0::/kubepods/besteffort/podu1/c1\n',
      {
        cpu: '/cg/kubepods/besteffort/podu1/c1/cpu.stat',
        memory: '/cg/kubepods/besteffort/podu1/c1/memory.current',
        memoryStat: '/cg/kubepods/besteffort/podu1/c1/memory.stat',
        pids: '/cg/kubepods/besteffort/podu1/c1/pids.current',
      },
    ],
    [
      'v2, made by systemd',
      v2,
      '0::/system.slice/docker-c1.scope\n',
      { cpu: '/cg/system.slice/docker-c1.scope/cpu.stat', procs: '/cg/system.slice/docker-c1.scope/cgroup.procs' },
    ],
  ])('%s', (_, hierarchy, text, found) => {
    expect(usageFiles(hierarchy, text, 'c1')).toMatchObject(found)
  })

  it.each<[string, Hierarchy, string]>([
    ['of another container', v2, '0::/docker/c2\n'],
    ['seen from another cgroup namespace', v2, '0::/../..\n'],
    ['v1 where it is in one hierarchy alone', v1, lines(['memory', '/docker/c1'], ['cpu,cpuacct', '/'])],
    ['v1 without the processor', { ...v1, mounts: [mount('memory')] }, lines(['memory', '/docker/c1'])],
    ['nothing', v2, ''],
  ])('nowhere: %s', (_, hierarchy, text) => {
    expect(usageFiles(hierarchy, text, 'c1')).toBeUndefined()
  })

  it('is not looked for where there is no such process, or it is not the container', async () => {
    expect(await findUsageFiles(v2, 0, 'c1')).toBeUndefined()
    expect(await findUsageFiles(v2, process.pid, 'c1')).toBeUndefined()
  })
})

describe('what the kernel says a container uses', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kubets-usage-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const write = async (version: 1 | 2, texts: Readonly<Record<string, string>>): Promise<UsageFiles> => {
    for (const [name, text] of Object.entries(texts)) await writeFile(path.join(folder, name), text)
    const [cpu, memory, memoryStat, pids, procs] = ['cpu', 'memory', 'stat', 'pids', 'procs'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string, string, string]
    return { version, cpu, memory, memoryStat, pids, procs }
  }
  const expected = {
    cpuUsageNanoSeconds: 7_000_000,
    memoryUsageBytes: 1000,
    memoryWorkingSetBytes: 700,
    memoryRssBytes: 500,
    pageFaults: 40,
    majorPageFaults: 2,
    processes: 3,
  }

  it('v1, where its own numbers stand beside those of all below it', async () => {
    const own = 'inactive_file 1\nrss 1\npgfault 1\npgmajfault 1\n'
    const stat = `${own}total_inactive_file 300\ntotal_rss 500\ntotal_pgfault 40\ntotal_pgmajfault 2\n`
    const files = await write(1, { cpu: '7000000\n', memory: '1000\n', stat, pids: '3\n' })
    expect(await readUsage(files)).toEqual(expected)
  })

  it('v2', async () => {
    const cpu = 'usage_usec 7000\nuser_usec 4000\nsystem_usec 3000\n'
    const stat = 'anon 500\nfile 400\ninactive_file 300\npgfault 40\npgmajfault 2\n'
    const files = await write(2, { cpu, memory: '1000\n', stat, pids: '3\n' })
    expect(await readUsage(files)).toEqual(expected)
    expect(await readUsage({ ...files, pids: undefined })).toMatchObject({ processes: 0 })
  })

  it('nothing when it has ended', async () => {
    const files = await write(2, {})
    const error: unknown = await readUsage({ ...files, cpu: path.join(folder, 'gone') }).catch((said: unknown) => said)
    expect(isGone(error)).toBe(true)
    for (const code of ['ENODEV', 'ESRCH', 'ENXIO']) expect(isGone({ code })).toBe(true)
    expect(isGone(new Error('other'))).toBe(false)
  })
})
