import { describe, expect, it } from 'vitest'
import { readFlags } from '@kubets/shared/process/options.ts'
import { concurrentSyncs, flags, readOptions } from './options.ts'

const read = (...argv: string[]): ReturnType<typeof readOptions> =>
  readOptions(readFlags(flags, ['--kubeconfig=k', ...argv]))

describe('readOptions', () => {
  it('has defaults', () => {
    expect(read()).toMatchObject({
      nodeMonitorGraceMs: 50_000,
      eviction: { intervalMs: 10_000, slowIntervalMs: 100_000, unhealthyShare: 0.55, largeZone: 50 },
      rootCA: undefined,
    })
    expect(read('--secondary-node-eviction-rate=0').eviction.slowIntervalMs).toBe(Infinity)
  })

  it('has upstream’s defaults for autoscaling', () => {
    expect(read().autoscaling).toEqual({
      syncPeriodMs: 15_000,
      downscaleStabilizationMs: 300_000,
      tolerance: 0.1,
      initialization: { cpuMs: 300_000, readinessMs: 30_000 },
    })
  })

  it('takes how many objects are worked on at a time, by kind', () => {
    expect(read('--concurrent-rc-syncs=9').syncs).toEqual({ ...concurrentSyncs, rc: 9 })
  })

  it('makes volumes of folders only where it is told to', () => {
    expect(read().localPath).toBeUndefined()
    expect(read('--local-path-dir=/data/volumes/').localPath).toEqual({ dir: '/data/volumes', image: 'kubets/pause:1' })
  })

  it('refuses by the name of the flag', () => {
    expect(() => read('--cluster-cidr=fd00::/48')).toThrow('--cluster-cidr')
    expect(() => read('--node-eviction-rate=0')).toThrow('--node-eviction-rate')
    for (const [flag, value] of [
      ['--horizontal-pod-autoscaler-tolerance', 'much'],
      ['--secondary-node-eviction-rate', '-1'],
      ['--unhealthy-zone-threshold', '55'],
      ['--concurrent-gc-syncs', '0'],
      ['--legacy-service-account-token-clean-up-period', '0s'],
      ['--cluster-signing-legacy-unknown-key-file', 'k'],
      ['--horizontal-pod-autoscaler-sync-period', '0'],
      ['--local-path-dir', '/'],
      ['--local-path-dir', 'volumes'],
    ])
      expect(() => read(`${flag}=${value}`)).toThrow(flag)
    expect(read('--allocate-node-cidrs=false', '--cluster-cidr=none').podCidrs).toBeUndefined()
  })
})
