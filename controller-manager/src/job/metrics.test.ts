import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import { noBackoff } from './failures.ts'
import { actionOf, batchMetrics } from './metrics.ts'
import { plan } from './plan.ts'

const job = (spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j' },
  spec: { template: { spec: { containers: [] } }, ...spec },
  status,
})

it('Jobs are counted under upstream’s names', async () => {
  const registry = new Registry()
  const metrics = batchMetrics(registry)
  const plain = job({}, { failed: 1, succeeded: 3 })
  metrics.synced(plain, 'success', 'pods_created', 0.005)
  metrics.finished(job({ completionMode: 'Indexed' }), 'failed', 'FailedIndexes')
  metrics.counted(plain, { failed: 3, succeeded: 2 })
  metrics.late(3)
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'job_controller_job_syncs_total{completion_mode="NonIndexed",result="success",action="pods_created"} 1',
      'job_controller_job_sync_duration_seconds_bucket{le="0.008",completion_mode="NonIndexed",result="success",action="pods_created"} 1',
      'job_controller_jobs_finished_total{completion_mode="Indexed",result="failed",reason="FailedIndexes"} 1',
      'job_controller_job_pods_finished_total{completion_mode="NonIndexed",result="failed"} 2',
      'cronjob_controller_job_creation_skew_duration_seconds_bucket{le="4"} 1',
    ]),
  )
  expect(lines.join()).not.toContain('result="succeeded"')
})

describe('a look at a Job is named by what it leads to', () => {
  it.each<[string, Job, boolean]>([
    ['pods_created', job({ parallelism: 1 }), true],
    ['pods_deleted', job({ suspend: true }), true],
    ['tracking', job({ parallelism: 0 }), true],
    ['reconciling', job({ parallelism: 1 }), false],
  ])('%s', (wanted, one, current) => {
    const planned = plan({ job: one, pods: [], released: new Set(), current, backoff: noBackoff }, 0)
    expect(actionOf(one, planned)).toBe(wanted)
  })
})
