import type { ContainerInfo, ContainerStats } from 'dockerode'
import { describe, expect, it } from 'vitest'
import type { OwnLabels } from './naming.ts'
import { readStats } from './stats.ts'

const info = { Id: 'c1', Names: ['/k8s_main'], Image: 'busybox', Created: 1_700_000_000 } as ContainerInfo
const own: OwnLabels = {
  pod: { uid: 'u', name: 'p', namespace: 'ns' },
  container: 'main',
  attempt: 0,
  type: 'container',
  sandboxId: 's',
}
const answer = (parts: object): ContainerStats =>
  ({
    read: '2026-01-02T03:04:05.5Z',
    cpu_stats: { cpu_usage: { total_usage: 7_000_000 } },
    memory_stats: {},
    pids_stats: {},
    ...parts,
  }) as unknown as ContainerStats

describe('what Docker says a container uses', () => {
  it.each<[string, object]>([
    [
      'its time, start and processor time',
      { timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 500), startedAt: 1.7e12, cpuUsageNanoSeconds: 7e6 },
    ],
    ['whose it is', { containerId: 'c1', name: 'main', runtimeName: 'k8s_main', pod: own.pod, isSandbox: false }],
    ['nothing of what Docker left out', { memoryUsageBytes: 0, memoryWorkingSetBytes: 0, processes: 0, network: [] }],
  ])('%s', (_, expected) => {
    expect(readStats(info, own, answer({}))).toMatchObject(expected)
  })

  it.each<[string, object]>([
    ['v1', { total_inactive_file: 30, inactive_file: 1, total_rss: 50, total_pgfault: 4, total_pgmajfault: 2 }],
    ['v2', { inactive_file: 30, anon: 50, pgfault: 4, pgmajfault: 2 }],
  ])('memory as cgroup %s names it', (_, stats) => {
    expect(readStats(info, own, answer({ memory_stats: { usage: 100, stats } }))).toMatchObject({
      memoryUsageBytes: 100,
      memoryWorkingSetBytes: 70,
      memoryRssBytes: 50,
      pageFaults: 4,
      majorPageFaults: 2,
    })
  })

  it('no working set below nothing', () => {
    const memory_stats = { usage: 10, stats: { inactive_file: 30 } }
    expect(readStats(info, own, answer({ memory_stats }))?.memoryWorkingSetBytes).toBe(0)
  })

  it.each<[string, ContainerStats | Buffer]>([
    ['ended before Docker measured', answer({ read: '0001-01-01T00:00:00Z' })],
    ['was removed while Docker measured: an empty body', Buffer.alloc(0)],
  ])('nothing of a container that %s', (_, said) => {
    expect(readStats(info, own, said)).toBeUndefined()
  })
})
