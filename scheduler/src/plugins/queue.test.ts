import { describe, expect, it } from 'vitest'
import { podInfo } from '../cache/pod-info.ts'
import { node, pod, profileOf } from '../cases.ts'
import type { ClusterEvent } from '../framework/events.ts'
import type { QueuedPod } from '../framework/plugin.ts'
import { prioritySort } from './priority-sort.ts'
import { schedulingGates } from './scheduling-gates.ts'

const queued = (timestamp: number, priority?: number): QueuedPod => ({
  info: podInfo(pod('p', priority === undefined ? {} : { priority })),
  timestamp,
})

// pkg/scheduler/framework/plugins/queuesort/priority_sort_test.go TestLess
describe('PrioritySort', () => {
  it.each<[string, QueuedPod, QueuedPod, boolean]>([
    ['more important and later', queued(2, 100), queued(1, 50), true],
    ['less important and earlier', queued(1, 50), queued(2, 100), false],
    ['as important and earlier', queued(1, 100), queued(2, 100), true],
    ['as important and later', queued(2, 100), queued(1, 100), false],
    ['without a word, as important as zero', queued(1), queued(2, 0), true],
    ['below zero', queued(1, -1), queued(2), false],
  ])('%s', (_name, a, b, want) => {
    expect(prioritySort.less?.(a, b)).toBe(want)
  })
})

describe('SchedulingGates', () => {
  it.each<[string, string[] | undefined, string | undefined]>([
    ['none', undefined, undefined],
    ['an empty list', [], undefined],
    ['one', ['a'], 'waiting for scheduling gates: [a]'],
    ['several', ['a', 'b'], 'waiting for scheduling gates: [a b]'],
  ])('%s', (_name, gates, want) => {
    const spec = gates ? { schedulingGates: gates.map((name) => ({ name })) } : {}
    const rejection = schedulingGates.preEnqueue?.(podInfo(pod('p', { spec })))
    expect(rejection?.reasons[0]).toBe(want)
  })
})

describe('DefaultPreemption', () => {
  const profile = profileOf({ isEvicting: (uid) => uid === 'uid-busy' })
  const plugin = profile.plugins.get('DefaultPreemption')

  it.each<[string, string | undefined]>([
    ['busy', 'waiting for the preemption for this pod to be finished'],
    ['idle', undefined],
  ])('keeps a Pod out of the queue while it makes room: %s', (name, want) => {
    expect(plugin?.preEnqueue?.(podInfo(pod(name)))?.reasons[0]).toBe(want)
  })

  it('wakes no Pod: whoever turned it away does', () => {
    const event: ClusterEvent = { kind: 'NodeAdd', node: node('a') }
    expect(plugin?.queueingHint?.(podInfo(pod('p')), event)).toBe(false)
  })
})
