import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { noBackoff } from './failures.ts'
import { actionOf, batchMetrics, creationReason } from './metrics.ts'
import { plan } from './plan.ts'
import { trackingFinalizer } from './pods.ts'

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
  const perIndex = { completionMode: 'Indexed', completions: 4, backoffLimitPerIndex: 1 }
  metrics.counted(job(perIndex, { completedIndexes: '0', failedIndexes: '' }), {
    completedIndexes: '0-2',
    failedIndexes: '3',
  })
  metrics.handled('FailJob', 2)
  metrics.foreign('example.com/jobs')
  metrics.stale()
  const made = plan({ job: plain, pods: [], released: new Set(), current: true, backoff: noBackoff }, 0)
  metrics.created(plain, made, [], { succeeded: 2, failed: 1 })
  const lines = (await registry.metrics()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'job_controller_job_syncs_total{completion_mode="NonIndexed",result="success",action="pods_created"} 1',
      'job_controller_job_sync_duration_seconds_bucket{le="0.008",completion_mode="NonIndexed",result="success",action="pods_created"} 1',
      'job_controller_jobs_finished_total{completion_mode="Indexed",result="failed",reason="FailedIndexes"} 1',
      'job_controller_job_pods_finished_total{completion_mode="NonIndexed",result="failed"} 2',
      'job_controller_job_finished_indexes_total{status="succeeded",backoffLimit="perIndex"} 2',
      'job_controller_job_finished_indexes_total{status="failed",backoffLimit="perIndex"} 1',
      'job_controller_pod_failures_handled_by_failure_policy_total{action="FailJob"} 2',
      'job_controller_jobs_by_external_controller_total{controller_name="example.com/jobs"} 1',
      'job_controller_stale_sync_skips_total{group="batch",resource="jobs"} 1',
      'job_controller_job_pods_creation_total{reason="recreate_terminating_or_failed",status="succeeded"} 2',
      'job_controller_job_pods_creation_total{reason="recreate_terminating_or_failed",status="failed"} 1',
      'cronjob_controller_job_creation_skew_duration_seconds_bucket{le="4"} 1',
    ]),
  )
  expect(lines.join()).not.toContain('result="succeeded"')
})

const podOf = (phase: string, finalizers: string[] = [], more: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', finalizers, ...more },
  spec: { containers: [] },
  status: { phase },
})

it('Pods that have ended are counted while they are kept for their Job', async () => {
  const registry = new Registry()
  const { tracked } = batchMetrics(registry)
  const runs = podOf('Running', [trackingFinalizer])
  const done = podOf('Succeeded', [trackingFinalizer])
  tracked(undefined, runs)
  tracked(runs, done)
  tracked(done, done)
  tracked(undefined, podOf('Failed', [trackingFinalizer]))
  tracked(done, podOf('Succeeded'))
  tracked(podOf('Succeeded'), undefined)
  const lines = (await registry.metrics()).split('\n').filter((line) => line.includes('tracking_finalizer_total{'))
  expect(lines).toEqual([
    'job_controller_terminated_pods_tracking_finalizer_total{event="add"} 2',
    'job_controller_terminated_pods_tracking_finalizer_total{event="delete"} 1',
  ])
})

describe('a Pod is made', () => {
  const going = podOf('Running', [trackingFinalizer], { deletionTimestamp: '2026-01-01T00:00:00Z' })
  const failed = podOf('Failed', [trackingFinalizer], { uid: 'f' })
  it.each<[string, Job, Pod[]]>([
    ['new', job(), []],
    ['recreate_terminating_or_failed', job({ podReplacementPolicy: 'Failed' }), [going]],
    ['recreate_failed', job({ podReplacementPolicy: 'Failed' }), [failed]],
    ['recreate_terminating_or_failed', job(), [failed]],
    ['recreate_terminating_or_failed', job(), [going]],
    ['recreate_terminating_or_failed', job({}, { failed: 1 }), []],
  ])('%s', (wanted, of, pods) => {
    const planned = plan({ job: of, pods, released: new Set(), current: true, backoff: noBackoff }, 0)
    expect(creationReason(of, planned, pods)).toBe(wanted)
  })
})

describe('a look at a Job is named by what it leads to', () => {
  it.each<[string, Job, boolean, Pod[]?]>([
    ['pods_created', job({ parallelism: 1 }), true],
    ['pods_deleted', job({ suspend: true }), true],
    ['tracking', job({ parallelism: 0 }), true],
    ['reconciling', job({ parallelism: 1 }), false],
    ['pods_created', job({ parallelism: 1 }), true, [podOf('Failed', [trackingFinalizer])]],
  ])('%s', (wanted, one, current, pods = []) => {
    const planned = plan({ job: one, pods, released: new Set(), current, backoff: noBackoff }, 0)
    expect(actionOf(one, planned)).toBe(wanted)
  })
})
