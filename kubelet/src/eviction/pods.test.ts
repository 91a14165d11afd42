// Which Pods go and what is said of them.
import { describe, expect, it } from 'vitest'
import type { Container, Pod, PodSpec } from '@kubets/shared/api/types/core-v1.ts'
import { quantityOf } from '@kubets/shared/machinery/quantity.ts'
import { pod as podOf, t0 } from '../pods/fixtures.ts'
import type { RuntimeStats } from '../runtime/types.ts'
import type { PodSizes } from '../stats/sizes.ts'
import type { Measured, PodUsage } from '../stats/usage.ts'
import { pressureRefusal } from './admission.ts'
import { localStorageExcess } from './local-storage.ts'
import { evictionMessage } from './message.ts'
import { rank } from './rank.ts'
import type { Pressure, Signal, Threshold } from './thresholds.ts'

const mebi = 2 ** 20
const container = (more: Partial<Container> = {}): Container => ({ name: 'main', image: 'busybox', ...more })
const asking = (requests: Record<string, string>): Container => container({ resources: { requests } })
const limited = (limits: Record<string, string>): Container => container({ resources: { limits } })
const named = (name: string, spec: Partial<PodSpec> = {}): Pod =>
  podOf({ containers: [container()], ...spec }, { metadata: { name, namespace: 'default', uid: name } })

interface Used {
  memory?: number
  processes?: number
  rootfs?: number
  logs?: number
  volumes?: Record<string, number>
}

function sizes({ rootfs = 0, logs = 0, volumes = {} }: Used): PodSizes {
  const used = (usedBytes: number) => ({ usedBytes, inodesUsed: Math.ceil(usedBytes / mebi) })
  const fs = { availableBytes: 0, capacityBytes: 0, inodes: 0, inodesFree: 0 }
  return {
    containers: [{ id: 'c', name: 'main', podUid: 'u', at: t0, rootfs: used(rootfs), logs: used(logs) }],
    volumes: Object.entries(volumes).map(([name, bytes]) => ({ ...fs, ...used(bytes), at: t0, name })),
    hostsFile: undefined,
  }
}

function usage(pod: Pod, used: Used): PodUsage {
  const one: Measured<RuntimeStats> = {
    containerId: 'c',
    name: 'main',
    runtimeName: '',
    image: '',
    pod: { name: '', namespace: '', uid: '' },
    isSandbox: false,
    startedAt: t0,
    timestamp: t0,
    cpuUsageNanoSeconds: 0,
    cpuNanoCores: 0,
    memoryUsageBytes: 0,
    memoryWorkingSetBytes: used.memory ?? 0,
    memoryRssBytes: 0,
    pageFaults: 0,
    majorPageFaults: 0,
    processes: used.processes ?? 0,
    network: [],
  }
  return { pod, containers: [one], sandbox: undefined, sizes: sizes(used) }
}

type Ranked = [Pod, Used | undefined]

describe('rank', () => {
  const cache = { volumes: [{ name: 'cache', emptyDir: {} }] }
  it.each<[string, Signal, boolean, Ranked[], string[]]>([
    [
      'who uses more memory than it asked for goes first, then the least important, then the largest excess',
      'memory.available',
      false,
      [
        [named('within', { containers: [asking({ memory: '200Mi' })] }), { memory: 190 * mebi }],
        [named('important', { priority: 10 }), { memory: 500 * mebi }],
        [named('less', { containers: [asking({ memory: '100Mi' })] }), { memory: 150 * mebi }],
        [named('more', { containers: [asking({ memory: '10Mi' })] }), { memory: 90 * mebi }],
        [named('unknown'), undefined],
      ],
      ['unknown', 'more', 'less', 'important', 'within'],
    ],
    [
      'processes count after importance',
      'pid.available',
      false,
      [
        [named('few'), { processes: 2 }],
        [named('many', { priority: 1 }), { processes: 200 }],
        [named('some'), { processes: 20 }],
      ],
      ['some', 'few', 'many'],
    ],
    [
      'all that is on the one disk counts',
      'nodefs.available',
      false,
      [
        [named('logs'), { logs: 3 * mebi }],
        [named('files'), { rootfs: 2 * mebi, logs: 2 * mebi }],
        [named('volume', cache), { volumes: { cache: 5 * mebi } }],
        [named('asked', { containers: [asking({ 'ephemeral-storage': '20Mi' })] }), { rootfs: 10 * mebi }],
      ],
      ['volume', 'files', 'logs', 'asked'],
    ],
    [
      'of two disks only the one that is full',
      'nodefs.available',
      true,
      [
        [named('files'), { rootfs: 20 * mebi }],
        [named('logs'), { logs: mebi }],
      ],
      ['logs', 'files'],
    ],
    [
      'or the other',
      'imagefs.inodesFree',
      true,
      [
        [named('logs'), { logs: 20 * mebi }],
        [named('files'), { rootfs: 2 * mebi }],
      ],
      ['files', 'logs'],
    ],
  ])('%s', (_name, signal, imagesApart, all, expected) => {
    const known = new Map(all.map(([pod, used]) => [pod, used && usage(pod, used)]))
    const pods = all.map(([pod]) => pod)
    expect(rank(pods, signal, (pod) => known.get(pod), imagesApart).map(({ metadata }) => metadata.name)).toEqual(
      expected,
    )
  })
})

describe('evictionMessage', () => {
  const threshold: Threshold = {
    signal: 'memory.available',
    value: { share: 0.5 },
    graceMs: 0,
    minReclaim: undefined,
  }
  const observations = new Map([
    ['memory.available' as const, { available: quantityOf(100 * mebi, 'BinarySI'), capacity: 1024 * mebi }],
  ])
  it('names the containers that use more than they asked for', () => {
    const pod = named('web', { containers: [asking({ memory: '10Mi' })] })
    expect(evictionMessage('memory', pod, usage(pod, { memory: 50 * mebi }), [threshold], observations)).toEqual({
      message:
        'The node was low on resource: memory. Threshold quantity: 512Mi, available: 100Mi. ' +
        'Container main was using 50Mi, request is 10Mi, has larger consumption of memory. ',
      annotations: {
        offending_containers: 'main',
        offending_containers_usage: '50Mi',
        starved_resource: 'memory',
      },
    })
  })

  it('names the Pod when it asks for memory as a whole', () => {
    const pod = named('web', { resources: { requests: { memory: '1Gi' } }, containers: [asking({ memory: '1Gi' })] })
    expect(evictionMessage('memory', pod, usage(pod, { memory: 50 * mebi }), [], observations)).toEqual({
      message:
        'The node was low on resource: memory. Pod web was using 50Mi, request is 1Gi, has larger consumption of memory. ',
      annotations: {
        offending_pod: 'web',
        offending_pod_usage: '50Mi',
        offending_containers: '',
        offending_containers_usage: '',
        starved_resource: 'memory',
      },
    })
  })

  it('counts files and logs', () => {
    const pod = named('web')
    const { message } = evictionMessage(
      'ephemeral-storage',
      pod,
      usage(pod, { rootfs: 1024, logs: 2048 }),
      [],
      observations,
    )
    expect(message).toBe(
      'The node was low on resource: ephemeral-storage. ' +
        'Container main was using 3Ki, request is 0, has larger consumption of ephemeral-storage. ',
    )
  })

  it('says little of what is not known', () => {
    expect(evictionMessage('pids', named('web'), undefined, [threshold], observations)).toEqual({
      message: 'The node was low on resource: pids. ',
      annotations: {},
    })
  })
})

describe('localStorageExcess', () => {
  const cache = (sizeLimit?: string) => ({ volumes: [{ name: 'cache', emptyDir: sizeLimit ? { sizeLimit } : {} }] })
  const storage = 'ephemeral-storage'
  it.each<[string, Pod, Used, boolean, string | undefined]>([
    ['nothing is limited', named('web', cache()), { rootfs: 9 * mebi, volumes: { cache: 9 * mebi } }, false, undefined],
    ['a volume within its limit', named('web', cache('1Mi')), { volumes: { cache: mebi } }, false, undefined],
    [
      'a volume over it',
      named('web', cache('1024Ki')),
      { volumes: { cache: mebi + 4096 } },
      false,
      'emptydirfs.limit: Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ',
    ],
    [
      'a Pod over the limits of its containers',
      named('web', { ...cache(), containers: [limited({ [storage]: '4Mi' })] }),
      { rootfs: mebi, logs: mebi, volumes: { cache: 3 * mebi } },
      false,
      'ephemeralpodfs.limit: Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ',
    ],
    [
      'a container over its own',
      named('web', {
        containers: [
          limited({ [storage]: '1Mi' }),
          container({ name: 'other', resources: { limits: { [storage]: '9Mi' } } }),
        ],
      }),
      { rootfs: mebi, logs: mebi },
      false,
      'ephemeralcontainerfs.limit: Container main exceeded its local ephemeral storage limit "1Mi". ',
    ],
    [
      'a container whose files are on another disk',
      named('web', {
        containers: [
          limited({ [storage]: '1Mi' }),
          container({ name: 'other', resources: { limits: { [storage]: '9Mi' } } }),
        ],
      }),
      { rootfs: 2 * mebi },
      true,
      undefined,
    ],
  ])('%s', (_name, pod, used, imagesApart, expected) => {
    const found = localStorageExcess(pod, sizes(used), imagesApart)
    expect(found && `${found.signal}: ${found.message}`).toBe(expected)
  })
})

describe('pressureRefusal', () => {
  const tolerations = [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }]
  const burstable = named('burstable', { containers: [asking({ cpu: '1' })] })
  it.each<[string, Pod, Pressure[], string | undefined]>([
    ['all is well', named('any'), [], undefined],
    ['best effort', named('any'), ['MemoryPressure'], 'The node had condition: [MemoryPressure]. '],
    ['best effort that tolerates it', named('any', { tolerations }), ['MemoryPressure'], undefined],
    ['more than best effort', burstable, ['MemoryPressure'], undefined],
    ['a full disk', burstable, ['DiskPressure'], 'The node had condition: [DiskPressure]. '],
    ['both', burstable, ['MemoryPressure', 'DiskPressure'], 'The node had condition: [MemoryPressure DiskPressure]. '],
    ['a critical one', named('any', { priority: 2_000_000_000 }), ['DiskPressure', 'PIDPressure'], undefined],
  ])('%s', (_name, pod, conditions, message) => {
    expect(pressureRefusal(pod, conditions)).toEqual(message && { reason: 'Evicted', message })
  })
})
