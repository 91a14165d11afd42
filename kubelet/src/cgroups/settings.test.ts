import { describe, expect, it } from 'vitest'
import { cgroupFiles, type CgroupSettings } from './settings.ts'

describe('cgroupFiles', () => {
  it.each<[CgroupSettings, string[], string[]]>([
    [{}, [], []],
    [{ cpuShares: 2 }, ['cpu.shares 2'], ['cpu.weight 1']],
    [{ cpuShares: 1024 }, ['cpu.shares 1024'], ['cpu.weight 39']],
    [{ cpuShares: 262144 }, ['cpu.shares 262144'], ['cpu.weight 10000']],
    [
      { cpuQuota: 5000, cpuPeriod: 100_000 },
      ['cpu.cfs_period_us 100000', 'cpu.cfs_quota_us 5000'],
      ['cpu.max 5000 100000'],
    ],
    [{ cpuQuota: -1 }, ['cpu.cfs_period_us 100000', 'cpu.cfs_quota_us -1'], ['cpu.max max 100000']],
    [
      { memoryLimit: 4096, pidsLimit: 10 },
      ['memory.limit_in_bytes 4096', 'pids.max 10'],
      ['memory.max 4096', 'pids.max 10'],
    ],
    [
      { memoryLimit: -1, pidsLimit: -1 },
      ['memory.limit_in_bytes -1', 'pids.max max'],
      ['memory.max max', 'pids.max max'],
    ],
  ])('of %o', (settings, v1, v2) => {
    const lines = (version: 1 | 2) => cgroupFiles(version, settings).map(({ file, value }) => `${file} ${value}`)
    expect([lines(1), lines(2)]).toEqual([v1, v2])
  })
})
