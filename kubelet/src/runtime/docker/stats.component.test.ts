import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readableCgroups } from '../../cgroups/open.ts'
import { findUsageFiles } from '../../cgroups/usage.ts'
import type { RuntimeStats } from '../types.ts'
import { makeImage, removeImage, sandboxOf } from './image.testing.ts'
import { testRuntime } from './runtime.testing.ts'
import { ContainerMeter } from './stats.ts'

const nodeName = `kubets-test-meter-${process.pid}`
const image = `kubets-test/${nodeName}:1`
const signal = new AbortController().signal
const runtime = testRuntime(nodeName, { infraImage: image, networkName: 'bridge' })
const { docker } = runtime.context
const uids = Array.from({ length: 12 }, (_, i) => `u${String(i)}`)

/** What the kernel's files say at one moment, read on another way than the kubelet's: v1 or v2, whatever is there. */
async function look(id: string) {
  const { State } = await docker.getContainer(id).inspect()
  const cgroups = (await readFile(`/proc/${State.Pid}/cgroup`, 'utf8')).trim().split('\n')
  const read = (controller: string, v1: string, v2: string): Promise<string> => {
    const line = cgroups.find((one) => one.split(':')[1]?.split(',').includes(controller))
    const [, , folder = ''] = (line ?? cgroups.find((one) => one.startsWith('0::')) ?? '').split(':')
    return readFile(path.join('/sys/fs/cgroup', line ? controller : '', folder, line ? v1 : v2), 'utf8')
  }
  const cpu = await read('cpuacct', 'cpuacct.usage', 'cpu.stat')
  const details = await read('memory', 'memory.stat', 'memory.stat')
  const of = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1])
  const devices = await readFile(`/proc/${State.Pid}/net/dev`, 'utf8')
  return {
    cpu: cpu.includes('usage_usec') ? 1000 * of(cpu, /^usage_usec (\d+)/m) : Number(cpu),
    memory: Number(await read('memory', 'memory.usage_in_bytes', 'memory.current')),
    rss: of(details, /^total_rss (\d+)/m) || of(details, /^anon (\d+)/m),
    faults: of(details, /^total_pgfault (\d+)/m) || of(details, /^pgfault (\d+)/m),
    processes: Number(await read('pids', 'pids.current', 'pids.current')),
    received: of(devices, /eth0: *(\d+)/),
  }
}

describe('what many containers use', () => {
  const meters: Readonly<Record<string, ContainerMeter>> = {
    'the kernel': new ContainerMeter(runtime.context),
    'Docker, where the cgroups are not to be seen': new ContainerMeter(runtime.context, () =>
      Promise.reject(new Error('not here')),
    ),
  }
  const all = async (): Promise<string[]> => (await runtime.listPodSandbox({}, signal)).map(({ id }) => id)

  beforeAll(async () => {
    await makeImage(image)
    for (const uid of uids) await runtime.runPodSandbox(sandboxOf({ name: uid, namespace: 'default', uid }), signal)
    const onHost = sandboxOf({ name: 'host', namespace: 'default', uid: 'host' })
    await runtime.runPodSandbox({ ...onHost, namespaces: { ...onHost.namespaces, network: 'NODE' } }, signal)
  })
  afterAll(async () => {
    for (const id of await all()) await runtime.removePodSandbox(id, signal)
    await removeImage(image)
  })

  it.each(Object.entries(meters))('as %s says, is what is in the kernel’s files', async (_, meter) => {
    const ids = await all()
    expect(ids).toHaveLength(uids.length + 1)
    const before = await Promise.all(ids.map(look))
    const stats = await meter.measure({}, signal)
    const after = await Promise.all(ids.map(look))
    expect(stats.map(({ containerId }) => containerId).toSorted()).toEqual(ids.toSorted())
    for (const [i, id] of ids.entries()) {
      const [from, to] = [before[i], after[i]]
      const one = stats.find(({ containerId }) => containerId === id)
      if (!from || !to || !one) throw new Error('it is one of them')
      const between = (value: number, what: keyof typeof from, slack = 0): void => {
        expect(value, what).toBeGreaterThanOrEqual(Math.min(from[what], to[what]) - slack)
        expect(value, what).toBeLessThanOrEqual(Math.max(from[what], to[what]) + slack)
      }
      between(one.cpuUsageNanoSeconds, 'cpu')
      expect(one.cpuUsageNanoSeconds).toBeGreaterThan(0)
      between(one.pageFaults, 'faults')
      between(one.processes, 'processes')
      expect(one.processes).toBe(1)
      // the kernel counts memory in batches for each processor
      between(one.memoryUsageBytes, 'memory', 1 << 20)
      between(one.memoryRssBytes, 'rss', 1 << 20)
      if (one.pod.uid === 'host') {
        expect(one.network).toEqual([])
      } else {
        expect(one.network.map(({ name }) => name)).toEqual(['eth0'])
        between(one.network[0]?.rxBytes ?? 0, 'received')
      }
    }
  })

  it('is to be seen on this machine', async () => {
    const cgroups = await readableCgroups()
    for (const id of await all()) {
      const { State } = await docker.getContainer(id).inspect()
      expect(await findUsageFiles(cgroups, State.Pid, id)).toBeDefined()
    }
  })

  it('is the same whoever is asked', async () => {
    const lasting = ({ containerId, name, runtimeName, pod, isSandbox, startedAt, processes }: RuntimeStats) => {
      return { containerId, name, runtimeName, pod, isSandbox, startedAt, processes }
    }
    const [one = [], other] = await Promise.all(Object.values(meters).map((meter) => meter.measure({}, signal)))
    expect(one.map(lasting)).toEqual(other?.map(lasting))
  })

  it('is told of one Pod, and no more of what has ended', async () => {
    for (const meter of Object.values(meters)) {
      expect((await meter.measure({ podUid: 'u3' }, signal)).map(({ pod }) => pod.uid)).toEqual(['u3'])
    }
    const [first] = await runtime.listPodSandbox({ podUid: 'u3' }, signal)
    await runtime.stopPodSandbox(first?.id ?? '', signal)
    for (const meter of Object.values(meters)) expect(await meter.measure({ podUid: 'u3' }, signal)).toEqual([])
    expect(await meters['the kernel']?.measure({}, signal)).toHaveLength(uids.length)
  })
})
