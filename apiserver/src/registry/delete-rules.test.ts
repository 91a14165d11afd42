import type { DeleteOptions, ObjectMeta } from '@kubets/shared/machinery/meta-v1.gen.ts'
import { describe, expect, it } from 'vitest'
import { planDeletion } from './delete-rules.ts'

const now = Date.parse('2030-01-01T00:00:00Z')

function plan(metadata: ObjectMeta, options: DeleteOptions = {}, gracePeriod?: number, held = false) {
  return planDeletion({ object: { apiVersion: 'v1', kind: 'Thing', metadata }, options, gracePeriod, held, now })
}

const marked = (seconds: number, more: ObjectMeta = {}): ObjectMeta => ({
  deletionTimestamp: '2030-01-01T00:00:30Z',
  deletionGracePeriodSeconds: seconds,
  ...more,
})

describe('planDeletion', () => {
  it.each<[string, Parameters<typeof plan>, object]>([
    ['nothing holds it', [{}], { action: 'remove' }],
    ['a grace period of 0', [{}, {}, 0], { action: 'remove' }],
    [
      'a grace period',
      [{ generation: 2 }, {}, 30],
      {
        action: 'mark',
        object: {
          metadata: { deletionTimestamp: '2030-01-01T00:00:30Z', deletionGracePeriodSeconds: 30, generation: 3 },
        },
      },
    ],
    [
      'a finalizer',
      [{ finalizers: ['a/b'] }],
      {
        action: 'mark',
        object: { metadata: { deletionTimestamp: '2030-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 } },
      },
    ],
    ['something else holds it', [{}, {}, undefined, true], { action: 'mark' }],
    ['again, with a finalizer', [marked(0, { finalizers: ['a/b'] })], { action: 'wait' }],
    ['again, nothing holds it any more', [marked(0)], { action: 'remove' }],
    ['again, within its grace period', [marked(30), {}, 30], { action: 'wait' }],
    ['again, longer', [marked(30), { gracePeriodSeconds: 60 }, 60], { action: 'wait' }],
    ['again, at once', [marked(30), { gracePeriodSeconds: 0 }, 0], { action: 'remove' }],
    [
      'again, sooner',
      [marked(30), { gracePeriodSeconds: 10 }, 10],
      {
        action: 'mark',
        object: { metadata: { deletionTimestamp: '2030-01-01T00:00:10Z', deletionGracePeriodSeconds: 10 } },
      },
    ],
    [
      'foreground',
      [{}, { propagationPolicy: 'Foreground' }],
      { action: 'mark', object: { metadata: { finalizers: ['foregroundDeletion'] } } },
    ],
    [
      'orphan instead of foreground',
      [marked(0, { finalizers: ['foregroundDeletion', 'a/b'] }), { propagationPolicy: 'Orphan' }],
      { action: 'mark', object: { metadata: { finalizers: ['a/b', 'orphan'] } } },
    ],
    [
      'background takes foreground back',
      [marked(0, { finalizers: ['orphan'] }), { propagationPolicy: 'Background' }],
      { action: 'remove' },
    ],
    ['the old way to orphan', [{}, { orphanDependents: true }], { object: { metadata: { finalizers: ['orphan'] } } }],
  ])('%s', (_name, args, expected) => {
    expect(plan(...args)).toMatchObject(expected)
  })
})
