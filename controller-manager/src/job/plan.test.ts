import { describe, expect, it } from 'vitest'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { indexed, job, failed, minuteAgo, now, pod, see, succeeded } from './jobs.testing.ts'
import { finishedAt, judge, nextBackoff, noBackoff, pauseLeft } from './failures.ts'
import type { JobPlan } from './plan.ts'
import { templateOf, trackingFinalizer } from './pods.ts'

const told = ({ create, delete: gone, ending, checkAfter }: JobPlan) => ({
  create: create.map(({ index }) => index ?? '-').join(),
  delete: gone.map(({ metadata }) => metadata.name).join(),
  end: ending ? `${ending.type} ${ending.reason}` : '',
  ...(checkAfter === undefined ? {} : { checkAfter }),
})
const nothing = { create: '', delete: '', end: '' }

describe('plan', () => {
  const cases: { name: string; got: JobPlan; want: object }[] = [
    {
      name: 'makes as many Pods as may run',
      got: see(job({ completions: 5, parallelism: 2 }), []),
      want: { ...nothing, create: '-,-' },
    },
    {
      name: 'makes no more than are needed',
      got: see(job({ completions: 3, parallelism: 5 }, { succeeded: 2 }), []),
      want: { ...nothing, create: '-' },
    },
    { name: 'waits for its cache', got: see(job({ completions: 1 }), [], { current: false }), want: nothing },
    {
      name: 'deletes Pods too many',
      got: see(job({ completions: 5, parallelism: 1 }), [pod('a', { phase: 'Pending' }), pod('b')]),
      want: { ...nothing, delete: 'a' },
    },
    {
      name: 'is complete when all have succeeded',
      got: see(job({ completions: 2 }, { succeeded: 1 }), [succeeded('a')]),
      want: { ...nothing, end: 'SuccessCriteriaMet CompletionsReached' },
    },
    {
      name: 'counts none twice',
      got: see(job({ completions: 2 }, { succeeded: 0, uncountedTerminatedPods: { succeeded: ['a'] } }), [
        succeeded('a'),
      ]),
      want: { ...nothing, create: '-' },
    },
    {
      name: 'without completions lets the others finish after the first success',
      got: see(job({ parallelism: 3 }), [succeeded('a'), pod('b')]),
      want: nothing,
    },
    {
      name: 'without completions ends with the last Pod',
      got: see(job({ parallelism: 3 }), [succeeded('a')]),
      want: { ...nothing, end: 'SuccessCriteriaMet CompletionsReached' },
    },
    {
      name: 'waits after a failure',
      got: see(job({ completions: 1 }), [failed('a', { endedAt: '2026-01-01T00:59:57Z' })]),
      want: { ...nothing, checkAfter: 7000 },
    },
    {
      name: 'tries again after that',
      got: see(job({ completions: 1 }), [failed('a')]),
      want: { ...nothing, create: '-' },
    },
    {
      name: 'gives up at its limit, and deletes what runs',
      got: see(job({ completions: 3, parallelism: 2, backoffLimit: 1 }, { failed: 1 }), [failed('a'), pod('b')]),
      want: { ...nothing, delete: 'b', end: 'FailureTarget BackoffLimitExceeded' },
    },
    {
      name: 'ends at its deadline',
      got: see(job({ activeDeadlineSeconds: 60 }, { startTime: minuteAgo }), [pod('a')]),
      want: { ...nothing, delete: 'a', end: 'FailureTarget DeadlineExceeded' },
    },
    {
      name: 'looks again at its deadline',
      got: see(job({ activeDeadlineSeconds: 90, completions: 1 }, { startTime: minuteAgo }), [pod('a')]),
      want: { ...nothing, checkAfter: 30_000 },
    },
    {
      name: 'runs nothing while suspended',
      got: see(job({ suspend: true }), [pod('a')]),
      want: { ...nothing, delete: 'a' },
    },
    {
      name: 'is complete though it is suspended',
      got: see(job({ suspend: true, completions: 1 }), [succeeded('a')]),
      want: { ...nothing, end: 'SuccessCriteriaMet CompletionsReached' },
    },
    {
      name: 'is not complete while Pods that are too many run and it is suspended',
      got: see(job({ suspend: true, completions: 3 }), [succeeded('a'), pod('b')]),
      want: { ...nothing, delete: 'b' },
    },
    {
      name: 'gives each index a Pod',
      got: see(job({ ...indexed, completions: 5, parallelism: 3 }, { completedIndexes: '1' }), [
        pod('a', { index: 0 }),
        succeeded('b', { index: 2 }),
      ]),
      want: { ...nothing, create: '3,4' },
    },
    {
      name: 'deletes Pods of one index, or of none',
      got: see(job({ ...indexed, completions: 3, parallelism: 3 }), [
        pod('a', { index: 0 }),
        pod('b', { index: 0, phase: 'Pending' }),
        pod('c'),
        pod('d', { index: 7 }),
      ]),
      want: { ...nothing, delete: 'b,c,d' },
    },
    {
      name: 'fails an index by itself, and goes on with the others',
      got: see(job({ ...indexed, completions: 3, parallelism: 1, backoffLimitPerIndex: 0 }), [
        failed('a', { index: 0 }),
      ]),
      want: { ...nothing, create: '1' },
    },
    {
      name: 'fails when each index has ended and one failed',
      got: see(job({ ...indexed, completions: 2, backoffLimitPerIndex: 0 }, { completedIndexes: '1' }), [
        failed('a', { index: 0 }),
      ]),
      want: { ...nothing, end: 'FailureTarget FailedIndexes' },
    },
    {
      name: 'fails when too many indexes failed',
      got: see(
        job({ ...indexed, completions: 9, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }, { failedIndexes: '4' }),
        [failed('a', { index: 0 }), pod('b', { index: 1 })],
      ),
      want: { ...nothing, delete: 'b', end: 'FailureTarget MaxFailedIndexesExceeded' },
    },
    {
      name: 'has success enough by its policy',
      got: see(
        job({
          ...indexed,
          completions: 5,
          parallelism: 5,
          successPolicy: { rules: [{ succeededIndexes: '0-2', succeededCount: 1 }] },
        }),
        [succeeded('a', { index: 2 }), pod('b', { index: 0 })],
      ),
      want: { ...nothing, delete: 'b', end: 'SuccessCriteriaMet SuccessPolicy' },
    },
    {
      name: 'fails by its failure policy',
      got: see(
        job({ podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] } }),
        [failed('a'), pod('b')],
      ),
      want: { ...nothing, delete: 'b', end: 'FailureTarget PodFailurePolicy' },
    },
    {
      name: 'replaces Pods on their way out at once',
      got: see(job({ completions: 1 }), [pod('a', { going: true })], { backoff: noBackoff }),
      want: { ...nothing, create: '-' },
    },
    {
      name: 'or when they have ended, if told so',
      got: see(job({ completions: 1, podReplacementPolicy: 'Failed' }), [pod('a', { going: true })]),
      want: nothing,
    },
    {
      name: 'or where a failure policy may judge their end',
      got: see(job({ completions: 1, podFailurePolicy: { rules: [] } }), [pod('a', { going: true })]),
      want: nothing,
    },
    {
      name: 'makes one for each that is neither there nor about to end, if told so',
      got: see(job({ completions: 4, parallelism: 4, podReplacementPolicy: 'Failed' }), [
        pod('a', { going: true }),
        pod('b'),
      ]),
      want: { ...nothing, create: '-,-' },
    },
    {
      name: 'leaves an index to a Pod that is about to end, if told so',
      got: see(job({ ...indexed, completions: 3, parallelism: 3, podReplacementPolicy: 'Failed' }), [
        pod('a', { going: true, index: 1 }),
      ]),
      want: { ...nothing, create: '0,2' },
    },
    {
      name: 'leaves alone what runs while it waits after a failure',
      got: see(job({ completions: 2, parallelism: 2 }), [failed('a', { endedAt: '2026-01-01T00:59:57Z' }), pod('b')]),
      want: { ...nothing, checkAfter: 7000 },
    },
    {
      name: 'does not wait with indexes that have not failed',
      got: see(job({ ...indexed, completions: 2, parallelism: 2, backoffLimitPerIndex: 3 }), [
        failed('a', { index: 0, endedAt: '2026-01-01T00:59:57Z' }),
      ]),
      want: { ...nothing, create: '1', checkAfter: 7000 },
    },
  ]
  for (const { name, got, want } of cases) it(name, () => expect(told(got)).toEqual(want))
})

describe('failures', () => {
  it('are judged by the first rule that fits', () => {
    const rules = [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'NotIn', values: [7] } },
      { action: 'Count', onExitCodes: { operator: 'In', values: [7] } },
    ]
    const of = job({ podFailurePolicy: { rules } })
    expect(judge(of, failed('a'))).toEqual({
      action: 'FailJob',
      counts: true,
      message: 'Container c for pod n/a failed with exit code 1 matching FailJob rule at index 1',
    })
    expect(judge(of, failed('a', { exitCode: 7 }))).toEqual({ action: 'Count', counts: true })
    const disrupted = failed('a')
    disrupted.status = { ...disrupted.status, conditions: [{ type: 'DisruptionTarget', status: 'True' }] }
    expect(judge(of, disrupted)).toEqual({ action: 'Ignore', counts: false })
    expect(judge(job(), failed('a'))).toEqual({ action: undefined, counts: true })
  })

  it('make the next try wait longer, and a success forgives them', () => {
    const at = (endedAt: string): Pod => failed('a', { endedAt })
    const two = nextBackoff(noBackoff, [], [at('2026-01-01T00:59:50Z'), at('2026-01-01T00:59:55Z')])
    expect(two).toEqual({ failures: 2, lastFailure: Date.parse('2026-01-01T00:59:55Z') })
    expect(pauseLeft(two, now)).toBe(15_000)
    expect(pauseLeft({ failures: 50, lastFailure: now }, now)).toBe(600_000)
    expect(nextBackoff(two, [succeeded('s', { endedAt: '2026-01-01T00:59:59Z' })], [])).toEqual(noBackoff)
    expect(nextBackoff(two, [], [])).toBe(two)
    expect(finishedAt(pod('a', { going: true }))).toBe(Date.parse(minuteAgo))
  })
})

it('a Pod of an index knows which', () => {
  const template = templateOf(job(indexed), 3, { counted: 2, ignored: 1 })
  expect(template.metadata).toEqual({
    finalizers: [trackingFinalizer],
    labels: { 'batch.kubernetes.io/job-completion-index': '3' },
    annotations: {
      'batch.kubernetes.io/job-completion-index': '3',
      'batch.kubernetes.io/job-index-failure-count': '2',
      'batch.kubernetes.io/job-index-ignored-failure-count': '1',
    },
  })
  expect(template.spec.hostname).toBe('j-3')
  expect(template.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(['JOB_COMPLETION_INDEX'])
})
