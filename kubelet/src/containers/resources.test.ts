import { describe, expect, it } from 'vitest'
import { container, pod } from '../pods/fixtures.ts'
import { cpuQuota, cpuShares, linuxResources } from './resources.ts'

const gib = 1 << 30

describe('resources', () => {
  it.each([
    [0, 2],
    [1, 2],
    [100, 102],
    [1000, 1024],
    [1_000_000, 262144],
  ])('%i thousandths of a CPU weigh %i', (milli, shares) => {
    expect(cpuShares(milli)).toBe(shares)
  })

  it.each([
    [0, 0],
    [5, 1000],
    [250, 25_000],
    [2000, 200_000],
  ])('%i thousandths of a CPU are %i µs a period', (milli, quota) => {
    expect(cpuQuota(milli)).toBe(quota)
  })

  it.each([
    ['best effort', {}, {}, { cpuShares: 2, cpuQuota: 0, memoryLimit: 0, oomScoreAdj: 1000 }],
    ['burstable', { cpu: '100m', memory: '512Mi' }, {}, { cpuShares: 102, oomScoreAdj: 500 }],
    ['burstable without memory', { cpu: '100m' }, {}, { oomScoreAdj: 999 }],
    ['burstable with all of it', { memory: '1Gi' }, {}, { oomScoreAdj: 3 }],
    [
      'guaranteed',
      { cpu: '500m', memory: '64Mi' },
      { cpu: '500m', memory: '64Mi' },
      { cpuShares: 512, cpuQuota: 50_000, memoryLimit: 64 << 20, oomScoreAdj: -997 },
    ],
  ])('%s', (_, requests, limits, expected) => {
    const one = container('a', { resources: { requests: { ...requests }, limits: { ...limits } } })
    expect(linuxResources(pod({ containers: [one] }), one, gib)).toMatchObject(expected)
  })
})
