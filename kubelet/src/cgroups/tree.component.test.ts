import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger as log } from '@kubets/shared/machinery/logger.ts'
import { realClock as clock } from '@kubets/shared/testing/real-clock.ts'
import { openCgroups } from './open.ts'
import { CgroupTree } from './tree.ts'

const signal = new AbortController().signal
const root = `/kubets-test-tree-${process.pid}`
const deep = `${root}/a/b`

describe('CgroupTree', () => {
  let tree: CgroupTree
  beforeAll(async () => {
    const found = await openCgroups(true, clock, log)
    if (!found) throw new Error("this test needs the machine's cgroups")
    tree = found
  })
  afterAll(() => tree.remove(root, signal))

  const folder = (controller: string): string => path.join('/sys/fs/cgroup', tree.version === 1 ? controller : '', deep)
  const read = async (v1: string, v2: string): Promise<string> => {
    const text = await readFile(path.join(folder(v1.split('.')[0] ?? ''), tree.version === 1 ? v1 : v2), 'utf8')
    return text.trim()
  }

  it('makes, sets and removes what processes are in', async () => {
    expect(await tree.exists(deep)).toBe(false)
    await tree.create(deep)
    await tree.create(deep)
    expect(await tree.exists(deep)).toBe(true)
    expect(await tree.children(root)).toEqual(['a'])
    await tree.set(deep, { cpuShares: 512, cpuQuota: 20_000, memoryLimit: 64 * 1024 * 1024, pidsLimit: 10 })
    expect(await read('cpu.shares', 'cpu.weight')).toBe(tree.version === 1 ? '512' : '20')
    expect(await read('memory.limit_in_bytes', 'memory.max')).toBe(String(64 * 1024 * 1024))
    expect(await read('pids.max', 'pids.max')).toBe('10')
    await tree.set(deep, { cpuQuota: -1, memoryLimit: -1 })
    expect(await read('cpu.cfs_quota_us', 'cpu.max')).toBe(tree.version === 1 ? '-1' : 'max 100000')
    expect(await tree.memoryUsage(deep)).toBeGreaterThanOrEqual(0)
    await expect(tree.set(`${root}/none`, { cpuShares: 2 })).rejects.toThrow(/^failed to write "2" to .*ENOENT/)

    const child = spawn('/bin/sleep', ['1000'])
    const ended = once(child, 'exit')
    await writeFile(path.join(folder('memory'), 'cgroup.procs'), String(child.pid))
    await tree.removeEmpty(deep)
    expect(await tree.children(`${root}/a`)).toEqual(['b'])
    await tree.remove(`${root}/a`, signal)
    expect((await ended)[1]).toBe('SIGKILL')
    expect(await tree.children(root)).toEqual([])
    await tree.remove(`${root}/a`, signal)
  })

  it('limits huge pages, where the unified hierarchy has them', async ({ skip }) => {
    const place = tree.version === 1 ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'
    const controllers = async (file: string): Promise<string[]> =>
      (await readFile(path.join(place, file), 'utf8').catch(() => '')).trim().split(' ')
    skip(!(await controllers('cgroup.controllers')).includes('hugetlb'))
    const enabled = (await controllers('cgroup.subtree_control')).includes('hugetlb')
    const unified = new CgroupTree({ version: 2, mounts: [{ place, controllers: [] }] }, clock)
    try {
      await unified.create(deep)
      await unified.set(deep, { hugePages: { '2Mi': 4 * 1024 * 1024 } })
      const files = ['hugetlb.2MB.max', 'hugetlb.2MB.rsvd.max']
      const texts = files.map((file) => readFile(path.join(place, deep, file), 'utf8'))
      expect(await Promise.all(texts)).toEqual(['4194304\n', '4194304\n'])
    } finally {
      await unified.remove(root, signal)
      if (!enabled) await writeFile(path.join(place, 'cgroup.subtree_control'), '-hugetlb')
    }
  })
})
