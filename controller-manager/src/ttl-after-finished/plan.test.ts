import { describe, expect, it } from 'vitest'
import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import { timeLeft } from './plan.ts'

const now = Date.parse('2026-01-01T00:01:00Z')
const job = (
  ttl: number | undefined,
  type: string,
  status = 'True',
  deletionTimestamp?: string,
  lastTransitionTime = '2026-01-01T00:00:30Z',
): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', ...(deletionTimestamp ? { deletionTimestamp } : {}) },
  spec: { template: { spec: { containers: [] } }, ...(ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl }) },
  status: { conditions: [{ type, status, lastTransitionTime }] },
})

describe('timeLeft', () => {
  const cases: [name: string, job: Job, left: number | undefined][] = [
    ['of a complete one', job(100, 'Complete'), 70_000],
    ['of a failed one', job(31, 'Failed'), 1000],
    ['none', job(0, 'Complete'), 0],
    ['none for long', job(10, 'Complete'), 0],
    [
      'of one that ended in the future, as clocks differ',
      job(100, 'Complete', 'True', undefined, '2026-01-01T00:05:00Z'),
      340_000,
    ],
    ['not asked for', job(undefined, 'Complete'), undefined],
    ['it still runs', job(10, 'Suspended'), undefined],
    ['it did not end so', job(10, 'Failed', 'False'), undefined],
    ['it goes already', job(10, 'Complete', 'True', '2026-01-01T00:00:40Z'), undefined],
  ]
  for (const [name, given, left] of cases) it(name, () => expect(timeLeft(given, now)).toBe(left))
})
