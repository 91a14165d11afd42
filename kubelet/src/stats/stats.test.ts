import { describe, expect, it } from 'vitest'
import { pod, t0 } from '../pods/fixtures.ts'
import type { RuntimeStats } from '../runtime/types.ts'
import { machineUsage } from './machine.ts'
import { cadvisorMetrics, noResourceMetrics, resourceMetrics, volumeMetrics } from './metrics.ts'
import type { PodSizes } from './sizes.ts'
import { summaryOf } from './summary.ts'
import { byPod, cpuRate, type Measured, type Usage } from './usage.ts'

const stats = (name: string, more: Partial<Measured<RuntimeStats>> = {}): Measured<RuntimeStats> => ({
  containerId: `${name}-id`,
  name,
  runtimeName: `k8s_${name}`,
  image: 'busybox',
  pod: { name: 'web', namespace: 'default', uid: 'u1' },
  isSandbox: false,
  startedAt: t0,
  timestamp: t0 + 5000,
  cpuUsageNanoSeconds: 2e9,
  cpuNanoCores: 5e6,
  memoryUsageBytes: 300,
  memoryWorkingSetBytes: 200,
  memoryRssBytes: 100,
  pageFaults: 7,
  majorPageFaults: 1,
  processes: 2,
  network: [],
  ...more,
})
const eth0 = { name: 'eth0', rxBytes: 10, rxErrors: 1, txBytes: 20, txErrors: 2 }
const fs = { availableBytes: 60, capacityBytes: 100, usedBytes: 40, inodesFree: 9, inodes: 10, inodesUsed: 1 }
const volumes = [
  { name: 'cache', emptyDir: {} },
  { name: 'memory', emptyDir: { medium: 'Memory' } },
]
const known = pod({ containers: [], volumes }, { status: { startTime: '2026-01-01T00:00:00Z' } })
const machine = machineUsage({
  stat: 'cpu  100 20 30 4000 50 6 7 8 9 10\ncpu0 1 1 1 1\n',
  meminfo: 'MemTotal:  1000 kB\nMemFree:   400 kB\nInactive:  90 kB\nInactive(file):  100 kB\nAnonPages:  50 kB\n',
  vmstat: 'nr_free_pages 3\npgfault 645\npgmajfault 23\n',
  loadavg: '11.45 13.44 12.85 3/376 12836\n',
  uptime: '5000.25 100.00\n',
  pidMax: '32768\n',
})
const rootfs = { usedBytes: 4, inodesUsed: 1 }
const logs = { usedBytes: 8, inodesUsed: 1 }
const cache = { ...fs, usedBytes: 16, inodesUsed: 2, at: t0 + 4000, name: 'cache' }
const sizesOf = (podUid: string): PodSizes => ({
  containers: [{ id: 'a-id', name: 'a', podUid, at: t0 + 4000, rootfs, logs }],
  volumes: [cache, { ...cache, name: 'memory' }, { ...cache, name: 'data', claim: 'c' }],
  hostsFile: { usedBytes: 32, inodesUsed: 1 },
})
const usage: Usage = {
  nodeName: 'n',
  time: t0 + 6000,
  bootTime: t0,
  node: { ...machine, cpuNanoCores: undefined },
  memoryCapacityBytes: 1000 * 1024,
  memoryForPodsBytes: 1000,
  cpus: 2,
  nodeFs: fs,
  imageFs: fs,
  imagesApart: false,
  pods: byPod(
    [known],
    [
      stats('a'),
      stats('POD', {
        isSandbox: true,
        network: [eth0],
        cpuUsageNanoSeconds: 1e9,
        cpuNanoCores: undefined,
        processes: 1,
      }),
      stats('x', { pod: { name: 'gone', namespace: 'default', uid: 'u2' } }),
    ],
    sizesOf,
  ),
}

describe('machineUsage', () => {
  it("reads the kernel's words", () => {
    expect(machine).toEqual({
      cpuNanoSeconds: 171e7,
      memoryUsageBytes: 600 * 1024,
      memoryWorkingSetBytes: 500 * 1024,
      memoryRssBytes: 50 * 1024,
      pageFaults: 645,
      majorPageFaults: 23,
      processes: 376,
      maxProcesses: 32768,
      uptimeSeconds: 5000.25,
    })
  })
})

describe('how fast the CPU is used', () => {
  const at = (time: number, cpu: number, nanoCores?: number) => ({ at: time, cpu, nanoCores })
  it.each<[string, Parameters<typeof cpuRate>[0], { at: number; cpu: number }, ReturnType<typeof cpuRate>]>([
    ['not known at first', undefined, at(1000, 5), { nanoCores: undefined, base: at(1000, 5) }],
    ['since the reading before', at(0, 0, 7), at(2000, 1e9), { nanoCores: 5e8, base: at(2000, 1e9, 5e8) }],
    ['as told before, too soon after it', at(0, 0, 7), at(999, 1e9), { nanoCores: 7, base: at(0, 0, 7) }],
    ['as far as it is known, soon after the first', at(0, 0), at(500, 1e9), { nanoCores: 2e9, base: at(0, 0) }],
    ['not known in the moment of the first', at(0, 0), at(0, 1), { nanoCores: undefined, base: at(0, 0) }],
    ['begun anew by what counts anew', at(0, 10, 7), at(2000, 1), { nanoCores: undefined, base: at(2000, 1) }],
    ['begun anew when the clock is set back', at(9000, 1, 7), at(0, 2), { nanoCores: undefined, base: at(0, 2) }],
  ])('%s', (_, before, now, expected) => {
    expect(cpuRate(before, now)).toEqual(expected)
  })
})

describe('summaryOf', () => {
  const memory = { usageBytes: 300, workingSetBytes: 200, rssBytes: 100, pageFaults: 7, majorPageFaults: 1 }
  const time = '2026-01-01T00:00:05Z'
  const measured = '2026-01-01T00:00:04Z'
  it('tells of the node and its Pods', () => {
    expect(summaryOf(usage, false)).toEqual({
      node: {
        nodeName: 'n',
        startTime: '2026-01-01T00:00:00Z',
        cpu: { time: '2026-01-01T00:00:06Z', usageCoreNanoSeconds: 171e7 },
        memory: {
          time: '2026-01-01T00:00:06Z',
          availableBytes: 500 * 1024,
          usageBytes: 600 * 1024,
          workingSetBytes: 500 * 1024,
          rssBytes: 50 * 1024,
          pageFaults: 645,
          majorPageFaults: 23,
        },
        systemContainers: [
          {
            name: 'pods',
            startTime: '2026-01-01T00:00:00Z',
            cpu: { time: '2026-01-01T00:00:06Z', usageNanoCores: 5e6, usageCoreNanoSeconds: 3e9 },
            memory: {
              time: '2026-01-01T00:00:06Z',
              availableBytes: 600,
              usageBytes: 600,
              workingSetBytes: 400,
              rssBytes: 200,
              pageFaults: 14,
              majorPageFaults: 2,
            },
          },
        ],
        fs: { time: '2026-01-01T00:00:06Z', ...fs },
        runtime: {
          imageFs: { time: '2026-01-01T00:00:06Z', ...fs },
          containerFs: { time: '2026-01-01T00:00:06Z', ...fs },
        },
        rlimit: { time: '2026-01-01T00:00:06Z', maxpid: 32768, curproc: 376 },
      },
      pods: [
        {
          podRef: { name: 'web', namespace: 'default', uid: 'u1' },
          startTime: '2026-01-01T00:00:00Z',
          containers: [
            {
              name: 'a',
              startTime: '2026-01-01T00:00:00Z',
              cpu: { time, usageNanoCores: 5e6, usageCoreNanoSeconds: 2e9 },
              memory: { time, ...memory },
              rootfs: { time: measured, ...fs, ...rootfs },
              logs: { time: measured, ...fs, ...logs },
            },
          ],
          cpu: { time, usageNanoCores: 5e6, usageCoreNanoSeconds: 3e9 },
          memory: {
            time,
            usageBytes: 600,
            workingSetBytes: 400,
            rssBytes: 200,
            pageFaults: 14,
            majorPageFaults: 2,
          },
          network: { time, ...eth0, interfaces: [eth0] },
          volume: [
            { time: measured, ...fs, usedBytes: 16, inodesUsed: 2, name: 'cache' },
            { time: measured, ...fs, usedBytes: 16, inodesUsed: 2, name: 'memory' },
            {
              time: measured,
              ...fs,
              usedBytes: 16,
              inodesUsed: 2,
              name: 'data',
              pvcRef: { name: 'c', namespace: 'default' },
            },
          ],
          // without what is in memory
          'ephemeral-storage': { time, ...fs, usedBytes: 4 + 8 + 16 + 32, inodesUsed: 1 + 1 + 2 + 1 },
          process_stats: { process_count: 3 },
        },
      ],
    })
  })

  it('tells of CPU and memory alone', () => {
    const { node, pods } = summaryOf(usage, true) as { node: object; pods: object[] }
    expect(Object.keys(node)).toEqual(['nodeName', 'startTime', 'cpu', 'memory', 'systemContainers'])
    expect(Object.keys(pods[0] ?? {})).toEqual(['podRef', 'startTime', 'containers', 'cpu', 'memory'])
    const [one] = (pods[0] as { containers: object[] }).containers
    expect(Object.keys(one ?? {})).toEqual(['name', 'startTime', 'cpu', 'memory'])
  })
})

describe('metrics', () => {
  it('for autoscalers', () => {
    const text = resourceMetrics(usage)
    const at = String(t0 + 5000)
    expect(text).toContain(
      '# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds\n' +
        '# TYPE container_cpu_usage_seconds_total counter\n' +
        `container_cpu_usage_seconds_total{container="a",namespace="default",pod="web"} 2 ${at}\n`,
    )
    expect(text).toContain(`\npod_cpu_usage_seconds_total{namespace="default",pod="web"} 3 ${at}\n`)
    expect(text).toContain(`\nnode_cpu_usage_seconds_total 1.71 ${String(t0 + 6000)}\n`)
    expect(text).toContain(`\nnode_memory_working_set_bytes 512000 ${String(t0 + 6000)}\n`)
    expect(text).toContain(
      `container_start_time_seconds{container="a",namespace="default",pod="web"} ${t0 / 1000} ${at}`,
    )
    expect(text).toMatch(/\nresource_scrape_error 0\n$/)
    expect(noResourceMetrics()).toMatch(/\nresource_scrape_error 1\n$/)
  })

  it('for dashboards', () => {
    const text = cadvisorMetrics(usage)
    const ofPod = 'image="busybox",name="k8s_POD",namespace="default",pod="web"'
    expect(text).toContain(
      `container_network_receive_bytes_total{container="POD",id="/docker/POD-id",${ofPod.replace('image="busybox",', 'image="busybox",interface="eth0",')}} 10 `,
    )
    expect(text).toContain('container_cpu_usage_seconds_total{container="a",cpu="total",id="/docker/a-id"')
    expect(text).toContain('\nmachine_cpu_cores 2\n')
  })

  it('for whoever watches claims, each once', () => {
    const sizes = sizesOf('u1')
    const lines = volumeMetrics([
      { pod: known, sizes },
      { pod: known, sizes },
    ]).split('\n')
    expect(lines).toHaveLength(6 * 3 + 1)
    expect(lines.slice(0, 3)).toEqual([
      '# HELP kubelet_volume_stats_available_bytes [ALPHA] Number of available bytes in the volume',
      '# TYPE kubelet_volume_stats_available_bytes gauge',
      'kubelet_volume_stats_available_bytes{namespace="default",persistentvolumeclaim="c"} 60',
    ])
    expect(lines).toContain('kubelet_volume_stats_used_bytes{namespace="default",persistentvolumeclaim="c"} 16')
    expect(volumeMetrics([{ pod: known, sizes: { ...sizes, volumes: [] } }])).toBe('')
  })

  it('have no family without a sample, and words that cannot break them', () => {
    expect(resourceMetrics({ ...usage, pods: [] })).not.toContain('container_')
    const odd = byPod([known], [stats('a', { image: 'a"\\\nb' })], sizesOf)
    expect(cadvisorMetrics({ ...usage, pods: odd })).toContain('image="a\\"\\\\\\nb"')
  })
})
