import { describe, expect, it } from 'vitest'
import { readFlags } from '@kubets/shared/process/options.ts'
import { flags, isSelected, readOptions } from './options.ts'

const read = (...argv: string[]): ReturnType<typeof readOptions> =>
  readOptions(readFlags(flags, ['--kubeconfig=k', ...argv]))

describe('readOptions', () => {
  it('has defaults', () => {
    expect(read()).toMatchObject({ nodeMonitorGraceMs: 50_000, evictionIntervalMs: 10_000, rootCA: undefined })
  })

  it('refuses by the name of the flag', () => {
    expect(() => read('--cluster-cidr=fd00::/48')).toThrow('--cluster-cidr')
    expect(() => read('--node-eviction-rate=0')).toThrow('--node-eviction-rate')
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
