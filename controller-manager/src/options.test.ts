import { describe, expect, it } from 'vitest'
import { readFlags } from '@kubets/shared/process/options.ts'
import { flags, isSelected, readOptions } from './options.ts'

const read = (...argv: string[]): ReturnType<typeof readOptions> =>
  readOptions(readFlags(flags, ['--kubeconfig=k', ...argv]))

describe('readOptions', () => {
  it('has defaults', () => {
    expect(read()).toMatchObject({ nodeMonitorGraceMs: 50_000, evictionIntervalMs: 10_000, rootCA: undefined })
  })

  it('has upstream’s defaults for autoscaling', () => {
    expect(read().autoscaling).toEqual({
      syncPeriodMs: 15_000,
      downscaleStabilizationMs: 300_000,
      tolerance: 0.1,
      initialization: { cpuMs: 300_000, readinessMs: 30_000 },
      workers: 5,
    })
  })

  it('refuses by the name of the flag', () => {
    expect(() => read('--cluster-cidr=fd00::/48')).toThrow('--cluster-cidr')
    expect(() => read('--node-eviction-rate=0')).toThrow('--node-eviction-rate')
    for (const [flag, value] of [
      ['--horizontal-pod-autoscaler-tolerance', 'much'],
      ['--horizontal-pod-autoscaler-sync-period', '0'],
    ])
      expect(() => read(`${flag}=${value}`)).toThrow(flag)
    expect(read('--allocate-node-cidrs=false', '--cluster-cidr=none').podCidrs).toBeUndefined()
  })
})

describe('isSelected', () => {
  const cases: [string[], boolean][] = [
    [['*'], true],
    [['*', '-a'], false],
    [['a'], true],
    [['b'], false],
  ]
  for (const [selection, want] of cases) it(selection.join(), () => expect(isSelected('a', selection)).toBe(want))
})
