import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { describe, expect, it } from 'vitest'
import { container, exited, pod, running, t0 } from './fixtures.ts'
import { deadlineOf, endingOf, failureOfPod, stageOf, type Ending, type Ends, type Stage } from './lifecycle.ts'
import type { Step } from './sync.ts'

describe('stageOf', () => {
  const finish: Step[] = [{ kind: 'finish' }]
  const unmount: Step[] = [{ kind: 'unmountVolumes' }, { kind: 'finish' }]
  it.each<[string, boolean, Step[], ReturnType<typeof running>[], Stage]>([
    ['it has not begun', false, [], [], 'syncing'],
    ['a container runs', false, [], [running('a')], 'syncing'],
    ['all have ended, and one starts again', false, [], [exited('a', 0)], 'syncing'],
    ['one that must end still runs', true, [], [exited('a', 0), running('b')], 'terminating'],
    ['nothing runs any more', true, [], [exited('a', 0), exited('b', 0)], 'terminated'],
    ['its volumes are still there', true, unmount, [exited('a', 0)], 'terminated'],
    ['only what it leaves is there', true, finish, [exited('a', 0)], 'finished'],
  ])('%s', (_name, done, steps, containers, expected) => {
    expect(stageOf({ done, steps }, { sandboxes: [], containers })).toBe(expected)
  })
})

const why = { reason: 'Evicted', message: 'The node was low on resource: memory. ' }
const rejected = { reason: 'OutOfcpu', message: "Pod was rejected: Node didn't have enough resource: cpu" }

describe('endingOf', () => {
  const deleted = (grace?: number): Pod['metadata'] => ({
    deletionTimestamp: '2026-01-01T00:00:00Z',
    ...(grace === undefined ? {} : { deletionGracePeriodSeconds: grace }),
  })
  const evicted = (graceSeconds = Infinity) => ({ evicted: { why, graceSeconds } })
  it.each<[string, Pod['metadata'], Ends, boolean, Ending | undefined]>([
    ['nothing wants it to', {}, {}, false, undefined],
    ['deleted, with the grace of the request', deleted(5), {}, false, { graceSeconds: 5, remove: true }],
    ['deleted, with its own grace', deleted(), {}, false, { graceSeconds: 30, remove: true }],
    ['deleted without grace: a second all the same', deleted(0), {}, false, { graceSeconds: 1, remove: true }],
    [
      'gone from the API server, whatever it said',
      deleted(30),
      { gone: { graceSeconds: 2 } },
      false,
      { graceSeconds: 2, remove: true },
    ],
    ['gone without grace', {}, { gone: { graceSeconds: 0 } }, false, { graceSeconds: 0, remove: true }],
    ['not taken by the node: its object stays', {}, { rejected }, false, { graceSeconds: 1, remove: false }],
    ['evicted, with its own grace', {}, evicted(), false, { graceSeconds: 30, remove: false }],
    ['evicted at once: a second all the same', {}, evicted(0), false, { graceSeconds: 1, remove: false }],
    [
      'evicted while it is deleted: the shorter grace',
      deleted(20),
      evicted(10),
      false,
      { graceSeconds: 10, remove: true },
    ],
    [
      'deleted while it is evicted: the shorter grace',
      deleted(5),
      evicted(10),
      false,
      { graceSeconds: 5, remove: true },
    ],
    ['past its deadline', {}, {}, true, { graceSeconds: 30, remove: false }],
    ['past its deadline, evicted already', {}, evicted(3), true, { graceSeconds: 3, remove: false }],
  ])('%s', (_name, metadata, ends, overtime, expected) => {
    expect(endingOf(pod({ containers: [container('a')] }, { metadata }), ends, overtime)).toEqual(expected)
  })
})

describe('failureOfPod', () => {
  const evicted = { why, graceSeconds: 1 }
  it.each<[string, Ends, boolean, string | undefined]>([
    ['the kubelet ended nothing', {}, false, undefined],
    ['the object is gone: nobody failed', { gone: { graceSeconds: 1 } }, false, undefined],
    ['the node did not take it', { rejected }, false, 'OutOfcpu'],
    ['it was sent away', { evicted }, false, 'Evicted'],
    ['its time was over', {}, true, 'DeadlineExceeded'],
    ['it was sent away, and then its time was over', { evicted }, true, 'Evicted'],
  ])('%s', (_name, ends, overtime, expected) => {
    expect(failureOfPod(ends, overtime)?.reason).toBe(expected)
  })
})

describe('deadlineOf', () => {
  const begun = new Date(t0).toISOString()
  it.each<[string, number | undefined, string | undefined, number | undefined]>([
    ['has none', undefined, begun, undefined],
    ['has not begun', 60, undefined, undefined],
    ['may go on until then', 60, begun, t0 + 60_000],
  ])('%s', (_name, activeDeadlineSeconds, startTime, expected) => {
    const spec = { containers: [container('a')], ...(activeDeadlineSeconds && { activeDeadlineSeconds }) }
    expect(deadlineOf(pod(spec), startTime)).toBe(expected)
  })
})
