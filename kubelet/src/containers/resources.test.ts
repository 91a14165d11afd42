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

  const asks = (memory?: string, more: object = {}) =>
    container('a', { resources: { requests: memory === undefined ? {} : { memory } }, ...more })

  it.each([
    ['asks for more than the others', '512Mi', '256Mi', 500],
    ['asks for less than the others', '128Mi', '256Mi', 750],
    ['asks for nothing', undefined, '256Mi', 750],
  ])('a sidecar that %s', (_, own, others, expected) => {
    const sidecar = asks(own, { name: 's', restartPolicy: 'Always' })
    const of = pod({ initContainers: [sidecar], containers: [asks('768Mi'), asks(others)] })
    expect(linuxResources(of, sidecar, gib).oomScoreAdj).toBe(expected)
  })

  it('of the whole Pod are shared', () => {
    const resources = { requests: { memory: '512Mi' }, limits: { cpu: '1', memory: '768Mi' } }
    const own = asks('128Mi', { resources: { requests: { memory: '128Mi' }, limits: { memory: '256Mi' } } })
    const of = pod({ resources, containers: [asks('128Mi'), own] })
    // of what is left for all, 256 MiB, each has half
    const [first, second] = of.spec.containers.map((one) => linuxResources(of, one, gib))
    expect(first).toMatchObject({ cpuShares: 1024, cpuQuota: 100_000, memoryLimit: 768 << 20, oomScoreAdj: 750 })
    expect(second).toMatchObject({ cpuQuota: 100_000, memoryLimit: 256 << 20, oomScoreAdj: 750 })
  })
})
