import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '@kubets/shared/machinery/fake-clock.ts'
import { podInfo } from './cache/pod-info.ts'
import { cacheOf, node, pod, profilesOf } from './cases.ts'
import { schedule } from './framework/schedule.ts'
import { SchedulerMetrics } from './metrics.ts'
import { SchedulingQueue } from './queue/queue.ts'

/** Metrics over one full and one empty node; every reading of the clock is a millisecond later. */
function setUp({ sampled = false } = {}) {
  const register = new Registry()
  const cache = cacheOf(
    [node('full', { cpu: '1' }), node('empty', { cpu: '4' })],
    [pod('there', { on: 'full', cpu: '1' })],
  )
  const clock = new FakeClock()
  let time = 0
  const metrics = new SchedulerMetrics({
    register,
    cache,
    queue: () => queue,
    elapsed: () => time++,
    random: () => (sampled ? 0 : 0.5),
  })
  const profiles = profilesOf()
  const queue: SchedulingQueue = new SchedulingQueue({ clock, profiles, observer: metrics })
  const profile = profiles.get('default-scheduler')
  if (!profile) throw new Error('there is no profile')
  const cycle = (cpu: string): object =>
    schedule(podInfo(pod('p', { cpu })), cache, {
      profile,
      percentageOfNodesToScore: 0,
      startIndex: 0,
      random: () => 0,
      trace: metrics.trace('default-scheduler'),
    })
  /** The lines of a metric that hold all of these. */
  const lines = async (name: string, ...parts: string[]): Promise<string[]> =>
    (await register.getSingleMetricAsString(`scheduler_${name}`))
      .split('\n')
      .filter((line) => !line.startsWith('#') && parts.every((part) => line.includes(part)))
  return { clock, queue, metrics, cycle, lines }
}

describe('an attempt', () => {
  it('is timed point by point, and counts every question to a plugin', async () => {
    const { cycle, lines } = setUp()
    cycle('2')
    const counts = (await lines('framework_extension_point_duration_seconds', '_count')).toSorted()
    expect(counts).toEqual(
      ['Filter', 'PreFilter'].map(
        (point) =>
          `scheduler_framework_extension_point_duration_seconds_count{extension_point="${point}",status="Success",profile="default-scheduler"} 1`,
      ),
    )
    const asked = await lines('plugin_evaluation_total', 'NodeResourcesFit')
    expect(asked).toEqual([
      'scheduler_plugin_evaluation_total{plugin="NodeResourcesFit",extension_point="PreFilter",profile="default-scheduler"} 1',
      'scheduler_plugin_evaluation_total{plugin="NodeResourcesFit",extension_point="Filter",profile="default-scheduler"} 2',
    ])
    expect(await lines('plugin_execution_duration_seconds')).toEqual([])
  })

  it('scores what passed', async () => {
    const { cycle, lines } = setUp()
    cycle('0')
    cycle('0')
    expect(await lines('framework_extension_point_duration_seconds', '_count', '"PreScore"')).toHaveLength(1)
    const asked = await lines('plugin_evaluation_total', 'NodeResourcesFit', 'Score')
    expect(asked.map((line) => line.slice(line.indexOf('extension_point')))).toEqual([
      'extension_point="PreScore",profile="default-scheduler"} 2',
      'extension_point="Score",profile="default-scheduler"} 4',
    ])
  })

  it('that fails says so of the last point', async () => {
    const { cycle, lines } = setUp()
    cycle('8')
    expect(await lines('framework_extension_point_duration_seconds', '_count', '"PostFilter"')).toEqual([
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="PostFilter",status="Unschedulable",profile="default-scheduler"} 1',
    ])
  })

  it('in ten has every plugin timed', async () => {
    const { cycle, lines } = setUp({ sampled: true })
    cycle('2')
    const count = 'scheduler_plugin_execution_duration_seconds_count'
    expect(await lines('plugin_execution_duration_seconds', '_count', '"NodeResourcesFit"')).toEqual([
      `${count}{plugin="NodeResourcesFit",extension_point="PreFilter",status="Success"} 1`,
      `${count}{plugin="NodeResourcesFit",extension_point="Filter",status="UnschedulableAndUnresolvable"} 1`,
      `${count}{plugin="NodeResourcesFit",extension_point="Filter",status="Success"} 1`,
    ])
    const [sum] = await lines('plugin_execution_duration_seconds', '_sum', '"Filter",status="Success"', 'ResourcesFit')
    expect(sum).toMatch(/ 0\.001$/)
  })
})

describe('the queue', () => {
  it('counts who came where by what, and who waits because of whom', async () => {
    const { clock, queue, lines } = setUp()
    queue.add(podInfo(pod('a')))
    queue.add(podInfo(pod('gated', { spec: { schedulingGates: [{ name: 'g' }] } })))
    const first = await queue.pop()
    if (!first) throw new Error('nobody is there')
    queue.putUnschedulable(first, new Set(['NodeResourcesFit', 'NodeAffinity']))
    const reasons = (): Promise<string[]> => lines('unschedulable_pods')
    const one = (plugin: string): string =>
      `scheduler_unschedulable_pods{plugin="${plugin}",profile="default-scheduler"} 1`
    expect(await reasons()).toEqual([one('NodeResourcesFit'), one('NodeAffinity'), one('SchedulingGates')])
    queue.move(() => ({ kind: 'NodeAdd', node: node('b') }))
    await clock.advance(2_000)
    const incoming = (await lines('queue_incoming_pods_total')).map((line) => line.slice(line.indexOf('{')))
    expect(incoming).toEqual([
      '{queue="active",event="UnscheduledPodAdd"} 1',
      '{queue="unschedulable",event="UnscheduledPodAdd"} 1',
      '{queue="unschedulable",event="ScheduleAttemptFailure"} 1',
      '{queue="backoff",event="NodeAdd"} 1',
      '{queue="active",event="BackoffComplete"} 1',
    ])
    queue.delete(first.info.uid)
    expect(await reasons()).toEqual([one('SchedulingGates')])
    queue.close()
  })

  it('times what plugins are asked about events', async () => {
    const { queue, lines } = setUp()
    queue.add(podInfo(pod('a')))
    const first = await queue.pop()
    if (!first) throw new Error('nobody is there')
    queue.putUnschedulable(first, new Set(['NodeResourcesFit', 'NodeAffinity']))
    queue.move(() => ({ kind: 'NodeDelete', node: node('b') }))
    queue.move(() => ({ kind: 'NodeAdd', node: node('b') }))
    const asked = await lines('queueing_hint_execution_duration_seconds', '_count')
    expect(asked.map((line) => line.slice(line.indexOf('{')))).toEqual([
      '{plugin="NodeResourcesFit",event="NodeDelete",hint="QueueSkip"} 1',
      '{plugin="NodeResourcesFit",event="NodeAdd",hint="Queue"} 1',
      // the first that hopes is enough
      '{plugin="NodeAffinity",event="NodeDelete",hint="QueueSkip"} 1',
    ])
    queue.close()
  })

  it('keeps what happens while an attempt waits', async () => {
    const { queue, lines } = setUp()
    queue.add(podInfo(pod('a')))
    const first = await queue.pop()
    if (!first) throw new Error('nobody is there')
    queue.inFlight(first)
    queue.move(() => ({ kind: 'NodeAdd', node: node('b') }))
    queue.move(() => ({ kind: 'NodeAdd', node: node('c') }))
    const name = 'scheduler_inflight_events'
    expect(await lines('inflight_events')).toEqual([`${name}{event="PodPopped"} 1`, `${name}{event="NodeAdd"} 2`])
    queue.landed()
    expect(await lines('inflight_events')).toEqual([])
    queue.close()
  })

  it.each([
    ['an event', false],
    ['the time it had waited', true],
  ])('knows that a Pod was woken by %s', async (_what, byTime) => {
    const { clock, queue } = setUp()
    queue.add(podInfo(pod('a')))
    const first = await queue.pop()
    if (!first) throw new Error('nobody is there')
    queue.putUnschedulable(first, new Set(['NodeResourcesFit']))
    await clock.advance(byTime ? 330_000 : 60_000)
    if (!byTime) queue.move(() => ({ kind: 'NodeAdd', node: node('b') }))
    expect((await queue.pop())?.flushed).toBe(byTime)
    queue.close()
  })

  it('does not count the time a Pod was held', async () => {
    const { clock, queue } = setUp()
    const gated = pod('gated', { spec: { schedulingGates: [{ name: 'g' }] } })
    queue.add(podInfo(gated))
    await clock.advance(60_000)
    queue.update(podInfo(pod('gated')), true)
    expect((await queue.pop())?.firstSeen).toBe(clock.elapsed())
    queue.close()
  })
})

describe('what came of attempts', () => {
  const info = podInfo(pod('p'))
  it.each([
    ['schedule_attempts_total', '{result="scheduled",profile="default-scheduler"} 1'],
    ['pod_scheduling_sli_duration_seconds', '_count{attempts="15+"} 1'],
    ['pod_scheduling_attempts', '_bucket{le="16"} 0'],
    ['preemption_attempts_total', ' 1'],
    ['preemption_victims', '_sum 3'],
    ['permit_wait_duration_seconds', '_count{result="Unschedulable"} 1'],
    ['goroutines', '{operation="binding"} 2'],
    ['preemption_goroutines_execution_total', '{result="error"} 1'],
    ['preemption_goroutines_duration_seconds', '_sum{result="error"} 2'],
    ['pod_scheduled_after_flush_total', ' 1'],
    ['event_handling_duration_seconds', '_sum{event="NodeAdd"} 0.001'],
    ['cache_size', '{type="pods"} 1'],
    ['pending_pods', '{queue="gated"} 0'],
  ])('is in %s', async (name, want) => {
    const { queue, metrics, lines } = setUp()
    metrics.attempt(info, 'scheduled', 1)
    metrics.scheduled({ attempts: 20, flushed: true }, 3)
    metrics.evicted(false, 2)
    metrics.handling('NodeAdd', () => undefined)
    metrics.preempted(3)
    metrics.permitted('Unschedulable', 1)
    metrics.binding(2)
    expect(await lines(name)).toContain(`scheduler_${name}${want}`)
    queue.close()
  })
})
