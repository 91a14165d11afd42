import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { notFound } from '@kubets/shared/machinery/errors.ts'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { silentLogger } from '@kubets/shared/machinery/logger.ts'
import { waitFor } from '@kubets/shared/testing/wait.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { podInfo } from './cache/pod-info.ts'
import { cacheOf, node, pod, profilesOf } from './cases.ts'
import type { Extender, ExtenderVerdict } from './framework/extender.ts'
import type { ClusterEvent } from './framework/events.ts'
import type { Plugin } from './framework/plugin.ts'
import { untraced, type Trace } from './framework/trace.ts'
import { SchedulingQueue } from './queue/queue.ts'
import { Scheduler, type Evictor } from './scheduler.ts'

const stop = new AbortController()
const running: Promise<void>[] = []
afterAll(async () => {
  stop.abort()
  await Promise.all(running)
})

type Bind = NonNullable<Plugin['bind']>

const nobody: Evictor = { isEvicting: () => false, evict: () => Promise.resolve(true) }

/** A scheduler over one node with two CPUs; `log` is what it told users. */
function setUp(
  bind: Bind,
  {
    isPending = true,
    evictor = nobody,
    running: placed = [] as Pod[],
    extenders = [] as Extender[],
    trace = untraced,
    seconds = [] as number[],
  } = {},
) {
  const clock = new FakeClock()
  const cache = cacheOf([node('a', { cpu: '2' })], placed)
  const isEvicting = (uid: string): boolean => evictor.isEvicting(uid)
  const profiles = profilesOf({ isEvicting, bind })
  const queue = new SchedulingQueue({ clock, profiles })
  const log: string[] = []
  const scheduler = new Scheduler({
    cache,
    queue,
    profiles,
    extenders,
    clock,
    log: silentLogger,
    random: () => 0,
    percentageOfNodesToScore: 0,
    isPending: () => isPending,
    evictor,
    metrics: {
      attempt(_pod, result, took) {
        log.push(result)
        seconds.push(took)
      },
      algorithm: () => undefined,
      scheduled: (_pod, waited) => seconds.push(waited),
      preempted: () => undefined,
      evicted: () => undefined,
      trace: () => trace,
      permitted: () => undefined,
      binding: () => undefined,
    },
    report: {
      scheduled: ({ pod: { metadata } }, name) => log.push(`${metadata.name} on ${name}`),
      failed({ pod: { metadata } }, reason, message, nominated) {
        log.push(`${metadata.name} ${reason}: ${message}${nominated ? ` Waits for ${nominated}` : ''}`)
      },
      expected: ({ pod: { metadata } }, name) => log.push(`${metadata.name} expected on ${name}`),
      skipped: ({ pod: { metadata } }) => log.push(`${metadata.name} skipped`),
    },
  })
  running.push(scheduler.run(stop.signal))
  return { clock, cache, queue, log }
}

describe('Scheduler', () => {
  it.each([3_600_000, -3_600_000])('knows how long things took when the wall clock is set by %i ms', async (byMs) => {
    const seconds: number[] = []
    const bind = async (): Promise<void> => {
      clock.set(byMs)
      await clock.advance(2000)
    }
    const { clock, queue, log } = setUp(bind, { seconds })
    queue.add(podInfo(pod('p')))
    await waitFor(() => log.includes('p on a'))
    expect(seconds).toEqual([2, 2])
  })

  it('tells what every plugin did once the node was found, and every point', async () => {
    const told: string[] = []
    const trace: Trace = {
      ...untraced,
      isSampled: true,
      point: (point, status) => told.push(`${point} ${status}`),
      plugin: (plugin, point, status) => told.push(`${point} of ${plugin} ${status}`),
    }
    const { queue, log } = setUp(() => Promise.reject(new Error('no')), { trace, isPending: false })
    queue.add(podInfo(pod('p')))
    await waitFor(() => log.includes('error'))
    expect(told.slice(told.indexOf('Reserve Success'))).toEqual([
      'Reserve Success',
      'PreBind of VolumeBinding Success',
      'PreBind of DynamicResources Success',
      'PreBind Success',
      'Bind of TestBinder Error',
      'Bind Error',
      'Unreserve of DynamicResources Success',
      'Unreserve of VolumeBinding Success',
      'Unreserve Success',
    ])
    expect(log).toEqual(['error'])
  })

  it('tells every point that a Pod passes', async () => {
    const told: string[] = []
    const trace: Trace = { ...untraced, point: (point, status) => told.push(`${point} ${status}`) }
    const { queue, log } = setUp(() => Promise.resolve(), { trace })
    queue.add(podInfo(pod('p')))
    await waitFor(() => log.includes('p on a'))
    expect(told.slice(told.indexOf('Reserve Success'))).toEqual([
      'Reserve Success',
      'PreBind Success',
      'Bind Success',
      'PostBind Success',
    ])
  })

  it('goes on with the next Pod while a binding is on its way, and counts the place as taken', async () => {
    const release: (() => void)[] = []
    const bind: Bind = () => new Promise((resolve) => release.push(resolve))
    const { cache, clock, queue, log } = setUp(bind)
    for (const name of ['p1', 'p2', 'p3']) {
      queue.add(podInfo(pod(name, { cpu: '1' })))
      await clock.advance(1)
    }
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
    await waitFor(() => log.includes('p1 SchedulerError: running Bind plugin "TestBinder": no such luck'))
    expect(cache.node('a')?.requested.milliCPU).toBe(0)
    fails = false
    await clock.advance(2000)
    await waitFor(() => log.includes('p1 on a'))
  })

  it.each([
    ['is gone', async () => Promise.reject(notFound({ group: '', plural: 'pods' }, 'p1')), true],
    ['has its node by now', async () => Promise.reject(new Error('already assigned')), false],
  ] as const)('does not try a Pod again that %s', async (_name, bind, isPending) => {
    const { queue, log } = setUp(bind, { isPending })
    queue.add(podInfo(pod('p1')))
    await waitFor(() => log.includes('error'))
    expect(queue.sizes).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 0 })
    expect(log).toEqual(['error'])
  })

  it('leaves a Pod that is being deleted without a node', async () => {
    const { queue, log } = setUp(async () => undefined)
    const going = pod('p1')
    queue.add(podInfo({ ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }))
    await waitFor(() => log.length > 0)
    expect(log).toEqual(['p1 skipped'])
  })

  describe('makes Pods go for a more important one', () => {
    const low = pod('low', { on: 'a', cpu: '2' })
    const high = podInfo(pod('high', { cpu: '2', priority: 10 }))
    const removed = (): ClusterEvent => ({ kind: 'AssignedPodDelete', pod: podInfo(low) })

    it('which is not tried while they are being told, and has the place then', async () => {
      const told = Promise.withResolvers<boolean>()
      let going = ''
      const evictor: Evictor = {
        isEvicting: (uid) => uid === going,
        evict({ uid }, where, victims) {
          going = uid
          log.push(`${victims.map((victim) => victim.uid).join()} leaves ${where}`)
          return told.promise
        },
      }
      const { clock, cache, queue, log } = setUp(async () => undefined, { evictor, running: [low] })
      queue.add(high)
      await waitFor(() => log.length > 2)
      expect(log.toSorted()).toEqual([
        'high Unschedulable: 0/1 nodes are available: 1 Insufficient cpu. Waits for a',
        'uid-low leaves a',
        'unschedulable',
      ])
      queue.move(removed)
      expect(queue.sizes).toMatchObject({ unschedulable: 1, backoff: 0 })
      going = ''
      told.resolve(true)
      cache.removePod('uid-low')
      queue.add(podInfo(pod('other', { cpu: '2' })))
      await waitFor(() => log.some((line) => line.startsWith('other Unschedulable')))
      queue.move(removed)
      await clock.advance(2000)
      await waitFor(() => log.includes('high on a'))
      expect(cache.nominator.nodeOf('uid-high')).toBe('')
    })

    it('and tries it again at once when they cannot be told', async () => {
      const answers = [false, true]
      const evictor = { ...nobody, evict: () => Promise.resolve(answers.shift() ?? true) }
      const { queue, log } = setUp(async () => undefined, { evictor, running: [low] })
      queue.add(high)
      const tries = () => log.filter((line) => line.startsWith('high Unschedulable')).length
      await waitFor(() => tries() === 2)
      expect(answers).toEqual([])
    })

    it('and takes the place back from less important ones that wait for it', async () => {
      const demoted: string[] = []
      const evictor: Evictor = {
        ...nobody,
        evict(_pod, _node, _victims, others) {
          demoted.push(...others.map(({ uid }) => uid))
          return Promise.resolve(true)
        },
      }
      const { cache, queue, log } = setUp(async () => undefined, { evictor, running: [low] })
      cache.nominator.set(podInfo(pod('middle', { cpu: '1', priority: 5 })), 'a')
      cache.nominator.set(podInfo(pod('top', { priority: 20 })), 'a')
      queue.add(high)
      await waitFor(() => log.length > 1)
      expect(demoted).toEqual(['uid-middle'])
      expect([...cache.nominated('a')].map(({ uid }) => uid)).toEqual(['uid-top', 'uid-high'])
    })
  })

  describe('waits for an extender', () => {
    const asking = (verdict: Promise<ExtenderVerdict>): Extender => ({
      name: 'other',
      ignorable: false,
      isBinder: false,
      supportsPreemption: false,
      isInterested: () => true,
      filter: () => verdict,
      prioritize: () => Promise.resolve(new Map()),
      preempt: (_pod, candidates) => Promise.resolve(candidates),
      bind: () => Promise.resolve(),
    })
    const nowhere: ExtenderVerdict = { nodes: [], failed: new Map([['a', 'no']]), unresolvable: new Map() }

    it('and tries the Pod again for what happened meanwhile', async () => {
      const verdict = Promise.withResolvers<ExtenderVerdict>()
      const { cache, queue, log } = setUp(async () => undefined, { extenders: [asking(verdict.promise)] })
      const info = podInfo(pod('p1'))
      queue.add(info)
      await waitFor(() => queue.sizes.active === 0)
      cache.setNode(node('b'))
      queue.move(() => ({ kind: 'NodeAdd', node: node('b') }))
      queue.update(podInfo(pod('p1', { labels: { is: 'new' } })), false)
      verdict.resolve(nowhere)
      await waitFor(() => log.length === 4)
      const again = expect.stringMatching(/^p1 Unschedulable: .* nodes are available: 1 no\. /) as string
      expect(log).toEqual(['unschedulable', again, 'unschedulable', again])
    })

    it('and drops a Pod that has gone meanwhile', async () => {
      const verdict = Promise.withResolvers<ExtenderVerdict>()
      const { queue, log } = setUp(async () => undefined, { extenders: [asking(verdict.promise)], isPending: false })
      queue.add(podInfo(pod('p1')))
      queue.add(podInfo(pod('p2')))
      await waitFor(() => queue.sizes.active === 1)
      verdict.resolve(nowhere)
      await waitFor(() => queue.sizes.active === 0)
      expect(log).toEqual([])
      expect(queue.sizes).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 0 })
    })

    it('and tries the Pod again when it fails', async () => {
      const failing = asking(Promise.reject(new Error('no luck')))
      const { queue, log } = setUp(async () => undefined, { extenders: [failing] })
      queue.add(podInfo(pod('p1')))
      await waitFor(() => log.length === 2)
      expect(log).toEqual(['error', 'p1 SchedulerError: no luck'])
      expect(queue.sizes.backoff).toBe(1)
    })

    it('and lets it bind, or the plugin where it may be ignored and fails', async () => {
      const bound: string[] = []
      const binder = (ignorable: boolean, bind: Extender['bind']): Extender => ({
        ...asking(Promise.resolve(nowhere)),
        filter: (_pod, nodes) => Promise.resolve({ nodes, failed: new Map(), unresolvable: new Map() }),
        isBinder: true,
        ignorable,
        bind,
      })
      const first = setUp(async () => void bound.push('plugin'), {
        extenders: [binder(false, async () => void bound.push('extender'))],
      })
      first.queue.add(podInfo(pod('p1')))
      await waitFor(() => first.log.includes('p1 on a'))
      const second = setUp(async () => void bound.push('plugin'), {
        extenders: [binder(true, () => Promise.reject(new Error('no luck')))],
      })
      second.queue.add(podInfo(pod('p1')))
      await waitFor(() => second.log.includes('p1 on a'))
      expect(bound).toEqual(['extender', 'plugin'])
    })
  })
})
