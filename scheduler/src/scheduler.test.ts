import { notFound } from '@kubets/shared/machinery/errors.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { podInfo } from './cache/pod-info.ts'
import { cacheOf, node, pod } from './cases.ts'
import type { Plugin } from './framework/plugin.ts'
import { defaultProfile } from './plugins/default-profile.ts'
import { SchedulingQueue } from './queue/queue.ts'
import { Scheduler } from './scheduler.ts'

const stop = new AbortController()
const running: Promise<void>[] = []
afterAll(async () => {
  stop.abort()
  await Promise.all(running)
})

type Bind = NonNullable<Plugin['bind']>

/** A scheduler over one node with two CPUs; `log` is what it told users. */
function setUp(bind: Bind, isPending = true) {
  const clock = new FakeClock()
  const cache = cacheOf([node('a', { cpu: '2' })])
  const plugins = defaultProfile({ name: 'TestBinder', bind })
  const queue = new SchedulingQueue({ clock, plugins: plugins.map(({ plugin }) => plugin) })
  const log: string[] = []
  const scheduler = new Scheduler({
    cache,
    queue,
    plugins,
    clock,
    log: silentLogger,
    random: () => 0,
    percentageOfNodesToScore: 0,
    isPending: () => isPending,
    metrics: { attempt: (result) => log.push(result), algorithm: () => undefined, scheduled: () => undefined },
    report: {
      scheduled: ({ pod: { metadata } }, name) => log.push(`${metadata.name} on ${name}`),
      failed: ({ pod: { metadata } }, reason, message) => log.push(`${metadata.name} ${reason}: ${message}`),
    },
  })
  running.push(scheduler.run(stop.signal))
  return { clock, cache, queue, log }
}

describe('Scheduler', () => {
  it('goes on with the next Pod while a binding is on its way, and counts the place as taken', async () => {
    const release: (() => void)[] = []
    const bind: Bind = () => new Promise((resolve) => release.push(resolve))
    const { cache, queue, log } = setUp(bind)
    for (const name of ['p1', 'p2', 'p3']) queue.add(podInfo(pod(name, { cpu: '1' })))
    await waitFor(() => log.some((line) => line.startsWith('p3 Unschedulable')))
    expect(release).toHaveLength(2)
    expect(cache.node('a')?.requested.milliCPU).toBe(2000)
    for (const done of release) done()
    await waitFor(() => log.includes('p1 on a') && log.includes('p2 on a'))
  })

  it('gives the place back when a binding fails, to who waits for it', async () => {
    let fails = true
    const { clock, cache, queue, log } = setUp(async (info) => {
      if (fails && info.pod.metadata.name === 'p1') throw new Error('no such luck')
    })
    queue.add(podInfo(pod('p1', { cpu: '2' })))
    await waitFor(() => log.includes('p1 SchedulerError: no such luck'))
    expect(cache.node('a')?.requested.milliCPU).toBe(0)
    fails = false
    await clock.advance(1000)
    await waitFor(() => log.includes('p1 on a'))
  })

  it.each([
    ['is gone', async () => Promise.reject(notFound({ group: '', plural: 'pods' }, 'p1')), true],
    ['has its node by now', async () => Promise.reject(new Error('already assigned')), false],
  ] as const)('does not try a Pod again that %s', async (_name, bind, isPending) => {
    const { queue, log } = setUp(bind, isPending)
    queue.add(podInfo(pod('p1')))
    await waitFor(() => log.includes('error'))
    expect(queue.sizes).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 0 })
    expect(log).toEqual(['error'])
  })
})
