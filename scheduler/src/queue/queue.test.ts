import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import type { ResourceClaim } from '@kubets/shared/api/types/resource-v1.ts'
import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { node, pod, profilesOf } from '../cases.ts'
import { TrackedClaims } from '../dynamic-resources/tracked-claims.ts'
import type { ClusterEvent } from '../framework/events.ts'
import { SchedulingQueue, type WaitingPod } from './queue.ts'

const nodeAdd: ClusterEvent = { kind: 'NodeAdd', node: node('a') }
const fit = new Set(['NodeResourcesFit'])

function setUp() {
  const clock = new FakeClock()
  return { clock, queue: new SchedulingQueue({ clock, profiles: profilesOf() }) }
}

async function popped(queue: SchedulingQueue): Promise<WaitingPod> {
  const waiting = await queue.pop()
  if (!waiting) throw new Error('the queue is closed')
  return waiting
}

describe('SchedulingQueue', () => {
  it('gives Pods by priority, then by age', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('old')))
    await clock.advance(10)
    queue.add(podInfo(pod('new')))
    queue.add(podInfo(pod('important', { spec: { priority: 1000 } })))
    const order = [await popped(queue), await popped(queue), await popped(queue)]
    expect(order.map(({ info }) => info.pod.metadata.name)).toEqual(['important', 'old', 'new'])
  })

  it('hands a Pod to who waits for one', async () => {
    const { queue } = setUp()
    const waiting = popped(queue)
    queue.add(podInfo(pod('p')))
    expect((await waiting).attempts).toBe(1)
  })

  it('wakes a Pod by an event that helps, after its backoff', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p', { cpu: '1' })))
    queue.putUnschedulable(await popped(queue), fit)
    queue.move(() => ({ kind: 'NodeDelete', node: node('a') }))
    expect(queue.sizes).toMatchObject({ unschedulable: 1, backoff: 0 })
    queue.move(() => nodeAdd)
    expect(queue.sizes).toMatchObject({ unschedulable: 0, backoff: 1, active: 0 })
    await clock.advance(1999)
    expect(queue.sizes).toMatchObject({ backoff: 1, active: 0 })
    await clock.advance(1)
    expect(queue.sizes).toMatchObject({ backoff: 0, active: 1 })
  })

  it('doubles the backoff up to ten seconds, each to the end of its last second', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p')))
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      queue.putUnschedulable(await popped(queue), fit)
      queue.move(() => nodeAdd)
      await clock.advance(seconds * 1000 + 999)
      expect(queue.sizes.active).toBe(0)
      await clock.advance(1)
      expect(queue.sizes.active).toBe(1)
    }
  })

  it('counts errors apart, and from the first again after an attempt that found no node', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p')))
    const backsOff = async (seconds: number): Promise<void> => {
      await clock.advance(seconds * 1000 + 999)
      expect(queue.sizes).toMatchObject({ active: 0, backoff: 1 })
      await clock.advance(1)
      expect(queue.sizes).toMatchObject({ active: 1, backoff: 0 })
    }
    const reject = async (): Promise<void> => {
      queue.putUnschedulable(await popped(queue), fit)
      queue.move(() => nodeAdd)
    }
    const fail = async (): Promise<void> => queue.putBackoff(await popped(queue))
    for (const [put, seconds] of [
      [reject, 1],
      [fail, 1],
      [fail, 2],
      [reject, 2],
      [fail, 1],
      [reject, 4],
    ] as const) {
      await put()
      await backsOff(seconds)
    }
  })

  it('gives the most important of those whose backoff ends in one second, those of the next after them', async () => {
    const { clock, queue } = setUp()
    const put = async (name: string, priority: number): Promise<void> => {
      queue.add(podInfo(pod(name, { priority })))
      queue.putUnschedulable(await popped(queue), fit)
    }
    await put('first', 1)
    await clock.advance(300)
    await put('second', 5)
    await clock.advance(699)
    await put('third', 3)
    await clock.advance(1)
    await put('later', 9)
    queue.move(() => nodeAdd)
    expect(queue.sizes).toMatchObject({ backoff: 4, active: 0 })
    const order = [await popped(queue), await popped(queue), await popped(queue), await popped(queue)]
    expect(order.map(({ info }) => info.pod.metadata.name)).toEqual(['second', 'third', 'first', 'later'])
  })

  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('backs off for as long when the wall clock is set %s', async (_, byMs) => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p')))
    queue.putUnschedulable(await popped(queue), fit)
    clock.set(byMs)
    queue.move(() => nodeAdd)
    expect(queue.sizes).toMatchObject({ backoff: 1, active: 0 })
    await clock.advance(2000)
    expect(queue.sizes).toMatchObject({ backoff: 0, active: 1 })
  })

  it('skips the backoff when it is over by the time the event comes', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p')))
    queue.putUnschedulable(await popped(queue), fit)
    await clock.advance(5000)
    queue.move(() => nodeAdd)
    expect(queue.sizes.active).toBe(1)
  })

  it('tries a Pod that no event woke again after five minutes', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p')))
    queue.putUnschedulable(await popped(queue), fit)
    await clock.advance(300_000)
    expect(queue.sizes.unschedulable).toBe(1)
    await clock.advance(30_000)
    expect(queue.sizes.active).toBe(1)
  })

  it('holds a Pod with scheduling gates until they are gone', () => {
    const { queue } = setUp()
    queue.add(podInfo(pod('p', { spec: { schedulingGates: [{ name: 'quota' }] } })))
    queue.move(() => nodeAdd)
    expect(queue.sizes).toMatchObject({ gated: 1, active: 0 })
    queue.update(podInfo(pod('p')), true)
    expect(queue.sizes).toMatchObject({ gated: 0, active: 1 })
  })

  it('lets a Pod in when the claim comes that it was kept out for, and no other', () => {
    const claim = (name: string): ResourceClaim => ({
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name, namespace: 'default', uid: name },
      spec: { devices: { requests: [] } },
    })
    const claims = new Map<string, ResourceClaim>()
    const resources = { claims: new TrackedClaims((key) => claims.get(key)) }
    const queue = new SchedulingQueue({ clock: new FakeClock(), profiles: profilesOf({ resources }) })
    queue.add(podInfo(pod('p', { spec: { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }] } })))
    queue.add(podInfo(pod('q', { spec: { schedulingGates: [{ name: 'quota' }] } })))
    expect(queue.unschedulableReasons().get('default-scheduler')).toEqual(
      new Map([
        ['DynamicResources', 1],
        ['SchedulingGates', 1],
      ]),
    )
    for (const name of ['d', 'c']) {
      expect(queue.sizes).toMatchObject({ gated: 2, active: 0 })
      claims.set(`default/${name}`, claim(name))
      queue.move(() => ({ kind: 'ResourceClaimChange', claim: claim(name), old: undefined }))
    }
    expect(queue.sizes).toMatchObject({ gated: 1, active: 1 })
  })

  it('tries a changed Pod again, but not for a change of its status', async () => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('p')))
    queue.putUnschedulable(await popped(queue), fit)
    await clock.advance(5000)
    queue.update(podInfo(pod('p')), false)
    expect(queue.sizes.active).toBe(0)
    queue.update(podInfo(pod('p', { labels: { a: 'b' } })), true)
    expect(queue.sizes.active).toBe(1)
  })

  it('wakes a Pod that nobody turned away by any event', async () => {
    const { queue } = setUp()
    queue.add(podInfo(pod('p')))
    queue.putUnschedulable(await popped(queue), new Set())
    queue.move(() => ({ kind: 'NamespaceUpdate' }))
    expect(queue.sizes).toMatchObject({ unschedulable: 0, backoff: 1 })
  })

  it('wakes only Pods that are not more important than what an event is for', async () => {
    const { queue } = setUp()
    queue.add(podInfo(pod('p', { cpu: '1', priority: 5 })))
    queue.putUnschedulable(await popped(queue), fit)
    queue.move(() => nodeAdd, 4)
    expect(queue.sizes).toMatchObject({ unschedulable: 1 })
    queue.move(() => nodeAdd, 5)
    expect(queue.sizes).toMatchObject({ unschedulable: 0 })
  })

  it('gives a Pod that backs off when there is no other, but not one that met an error', async () => {
    const { clock, queue } = setUp()
    const names = ['other', 'p', 'error']
    names.forEach((name, priority) => queue.add(podInfo(pod(name, { priority }))))
    queue.putBackoff(await popped(queue))
    queue.putUnschedulable(await popped(queue), fit)
    queue.move(() => nodeAdd)
    expect(queue.sizes).toMatchObject({ backoff: 2, active: 1 })
    const given: string[] = []
    const take = async (): Promise<void> => {
      while (given.length < 3) given.push((await popped(queue)).info.pod.metadata.name ?? '')
    }
    const taking = take()
    await clock.advance(0)
    expect(given).toEqual(['other', 'p'])
    await clock.advance(2000)
    await taking
    expect(given).toEqual(['other', 'p', 'error'])
  })

  it('gives a Pod at once to who waits when an event wakes it while it backs off', async () => {
    const { queue } = setUp()
    queue.add(podInfo(pod('p')))
    queue.putUnschedulable(await popped(queue), fit)
    const waiting = popped(queue)
    queue.move(() => nodeAdd)
    expect((await waiting).attempts).toBe(2)
  })

  it('gives the most important of those that an event wakes, also to who waits', async () => {
    const { clock, queue } = setUp()
    for (const priority of [5, 9, 7]) queue.add(podInfo(pod(`p${String(priority)}`, { priority })))
    const all = [await popped(queue), await popped(queue), await popped(queue)]
    for (const one of all.toReversed()) queue.putUnschedulable(one, fit)
    await clock.advance(5000)
    const waiting = popped(queue)
    queue.move(() => nodeAdd)
    expect((await waiting).info.priority).toBe(9)
  })

  it('lets a Pod be tried without its backoff', async () => {
    const { queue } = setUp()
    for (const name of ['p', 'q']) queue.add(podInfo(pod(name)))
    queue.putUnschedulable(await popped(queue), fit)
    queue.putBackoff(await popped(queue))
    for (const name of ['p', 'q', 'unknown']) queue.activate(`uid-${name}`)
    expect(queue.sizes).toEqual({ active: 2, backoff: 0, unschedulable: 0, gated: 0 })
  })

  it('forgets a deleted Pod wherever it is', async () => {
    const { queue } = setUp()
    for (const name of ['a', 'b', 'c']) queue.add(podInfo(pod(name)))
    queue.putUnschedulable(await popped(queue), fit)
    queue.putBackoff(await popped(queue))
    for (const name of ['a', 'b', 'c']) queue.delete(`uid-${name}`)
    expect(queue.sizes).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 0 })
  })

  it('ends with undefined', async () => {
    const { queue } = setUp()
    const waiting = queue.pop()
    queue.close()
    expect(await waiting).toBeUndefined()
    expect(await queue.pop()).toBeUndefined()
  })
})
