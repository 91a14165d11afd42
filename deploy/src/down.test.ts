import { describe, expect, it } from 'vitest'
import { lastWords, restartDelayMs } from './cluster/supervisor.ts'
import { mountPointsUnder } from './down.ts'
import { table } from './status.ts'

describe('down', () => {
  it('finds its mounts, deepest first, and no others', () => {
    const mounts = [
      'tmpfs /var/lib/kubets/kubelet/pods/u/volumes/a tmpfs rw 0 0',
      'tmpfs /var/lib/kubets/kubelet/pods/u/volumes/a/deeper\\040one tmpfs rw 0 0',
      'tmpfs /var/lib/kubets/kubelet-of-another tmpfs rw 0 0',
      '',
    ].join('\n')
    expect(mountPointsUnder(mounts, '/var/lib/kubets/kubelet')).toEqual([
      '/var/lib/kubets/kubelet/pods/u/volumes/a/deeper one',
      '/var/lib/kubets/kubelet/pods/u/volumes/a',
    ])
  })
})

describe('the supervisor', () => {
  it('waits longer after each quick death, up to 10 s', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map(restartDelayMs)).toEqual([500, 1000, 2000, 4000, 8000, 10000, 10000])
  })

  it.each([
    ['plain words\nlast line\n', 'last line'],
    ['{"level":50,"msg":"cannot listen","err":{"message":"address in use"}}\n', 'cannot listen: address in use'],
    ['', ''],
  ])('keeps the last words of %j', (output, words) => {
    expect(lastWords(output)).toBe(words)
  })
})

describe('status', () => {
  it('is an aligned table', () => {
    const row = {
      name: 'etcd',
      pid: 7,
      state: 'running',
      since: '2026-01-01T00:00:00Z',
      restarts: 2,
      problem: '',
    } as const
    expect(table([row, { ...row, name: 'kubelet', pid: 0, state: 'stopped', problem: 'ended with exit code 1' }])).toBe(
      'PROGRAM  STATE    PID  SINCE                 RESTARTS  LAST ERROR\n' +
        'etcd     running  7    2026-01-01T00:00:00Z  2\n' +
        'kubelet  stopped  -    2026-01-01T00:00:00Z  2         ended with exit code 1\n',
    )
  })
})
