import { describe, expect, it } from 'vitest'
import { cgroupChanges, cgroupFiles, parseCurrent, type CgroupSettings } from './settings.ts'

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
    [
      { hugePages: { '2Mi': 4_194_304, '1Gi': 0 } },
      [
        'hugetlb.2MB.limit_in_bytes 4194304',
        'hugetlb.2MB.rsvd.limit_in_bytes 4194304',
        'hugetlb.1GB.limit_in_bytes 0',
        'hugetlb.1GB.rsvd.limit_in_bytes 0',
      ],
      ['hugetlb.2MB.max 4194304', 'hugetlb.2MB.rsvd.max 4194304', 'hugetlb.1GB.max 0', 'hugetlb.1GB.rsvd.max 0'],
    ],
  ])('of %o', (settings, v1, v2) => {
    const lines = (version: 1 | 2) => cgroupFiles(version, settings).map(({ file, value }) => `${file} ${value}`)
    expect([lines(1), lines(2)]).toEqual([v1, v2])
  })
})

describe('cgroupChanges', () => {
  const wanted = { cpuShares: 1024, cpuQuota: 50_000, cpuPeriod: 100_000, memoryLimit: 8192 }
  const quota = { cpuQuota: 50_000, cpuPeriod: 100_000 }
  const same = { weight: 1024, quota: 50_000, memory: 8192 }
  it.each<[Partial<typeof same>, CgroupSettings, CgroupSettings]>([
    [{}, {}, {}],
    [{ weight: 2 }, { cpuShares: 1024 }, {}],
    [{ quota: 40_000, memory: 16_384 }, quota, { memoryLimit: 8192 }],
    [{ quota: 60_000, memory: 4096 }, { memoryLimit: 8192 }, quota],
    [{ quota: Infinity, memory: Infinity }, {}, { ...quota, memoryLimit: 8192 }],
  ])('from %o', (current, before, after) => {
    expect(cgroupChanges(1, wanted, { ...same, ...current })).toEqual({ before, after })
  })

  it('counts as the kernel does, and leaves what is not wanted', () => {
    const none = { before: {}, after: {} }
    expect(cgroupChanges(2, wanted, { ...same, weight: 39 })).toEqual(none)
    expect(cgroupChanges(1, { ...wanted, memoryLimit: 10_240 }, same)).toEqual(none)
    expect(cgroupChanges(1, {}, same)).toEqual(none)
  })

  it.each([
    ['-1\n', Infinity],
    ['9223372036854771712\n', Infinity],
    ['max 100000\n', Infinity],
    ['5000 100000\n', 5000],
    ['39\n', 39],
  ])('reads %o', (text, value) => expect(parseCurrent(text)).toBe(value))
})
