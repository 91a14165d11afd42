import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { account, counted, ended, trackedUids } from './account.ts'
import { finishedAt, judge, nextBackoff, noBackoff, pauseLeft } from './failures.ts'
import { plan } from './plan.ts'
import type { JobPlan, JobSeen } from './plan.ts'
import { templateOf, trackingFinalizer } from './pods.ts'

const now = Date.parse('2026-01-01T01:00:00Z')
const minuteAgo = '2026-01-01T00:59:00Z'

const job = (spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'n', uid: 'job' },
  spec: {
    parallelism: 1,
    backoffLimit: 6,
    template: { spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' } },
    ...spec,
  },
  status,
})

interface Shape {
  phase?: string
  index?: number
  exitCode?: number
  going?: boolean
  untracked?: boolean
  failures?: number
  endedAt?: string
}

const pod = (
  name: string,
  { phase = 'Running', index, exitCode, going, untracked, failures, endedAt }: Shape = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'n',
    uid: name,
    ...(untracked ? {} : { finalizers: [trackingFinalizer] }),
    ...(going ? { deletionTimestamp: minuteAgo } : {}),
    annotations: {
      ...(index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }),
      ...(failures === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(failures) }),
    },
  },
  spec: { containers: [{ name: 'c' }] },
  status: {
    phase,
    ...(exitCode === undefined
      ? {}
      : {
          containerStatuses: [
            {
              name: 'c',
              ready: false,
              restartCount: 0,
              image: '',
              imageID: '',
              state: { terminated: { exitCode, finishedAt: endedAt ?? minuteAgo } },
            },
          ],
        }),
  },
})
const failed = (name: string, shape: Shape = {}): Pod => pod(name, { phase: 'Failed', exitCode: 1, ...shape })
const succeeded = (name: string, shape: Shape = {}): Pod => pod(name, { phase: 'Succeeded', exitCode: 0, ...shape })

const see = (of: Job, pods: Pod[], rest: Partial<JobSeen> = {}): JobPlan =>
  plan({ job: of, pods, released: new Set(), current: true, backoff: noBackoff, ...rest }, now)
const told = ({ create, delete: gone, ending, checkAfter }: JobPlan) => ({
  create: create.map(({ index }) => index ?? '-').join(),
  delete: gone.map(({ metadata }) => metadata.name).join(),
  end: ending ? `${ending.type} ${ending.reason}` : '',
  ...(checkAfter === undefined ? {} : { checkAfter }),
})

const indexed = { completionMode: 'Indexed' }
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
  ]
  for (const { name, got, want } of cases) it(name, () => expect(told(got)).toEqual(want))
})

describe('account', () => {
  const track = (of: Job, pods: Pod[]) => {
    const planned = see(of, pods)
    const outcome = { ending: planned.ending, active: 0, ready: 0, terminating: 0 }
    return account(of, pods, trackedUids(pods, new Set()), planned, outcome, now)
  }

  it('names what has ended before it lets go of it, and counts it after', () => {
    const of = job({ completions: 3 }, { startTime: minuteAgo })
    const { status, release, final } = track(of, [succeeded('a'), failed('b'), pod('c')])
    expect(status.uncountedTerminatedPods).toEqual({ succeeded: ['a'], failed: ['b'] })
    expect(release.map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
    expect(final).toBeUndefined()
    const after = counted(status, new Set(['c']))
    expect(after).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} })
    // one of them could not be let go of
    expect(counted(status, new Set(['b', 'c']))).toMatchObject({
      succeeded: 1,
      uncountedTerminatedPods: { failed: ['b'] },
    })
  })

  it('tells its end twice: that it is sure, and that nothing is left', () => {
    const { status, final } = track(job({ completions: 1 }, { startTime: minuteAgo }), [succeeded('a')])
    expect(status.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet'])
    expect(final).toMatchObject({ type: 'Complete', reason: 'CompletionsReached' })
    if (!final) return
    expect(ended(status, final)).toBeUndefined()
    const last = ended(counted(status, new Set()), final)
    expect(last).toMatchObject({ succeeded: 1, completionTime: '2026-01-01T01:00:00Z' })
    expect(ended({ ...counted(status, new Set()), terminating: 1 }, final)).toBeUndefined()
  })

  it('does not end before the last of very many has been counted', () => {
    const many = Array.from({ length: 501 }, (_, n) => succeeded(`p${n}`))
    const of = job({ completions: 501 }, { startTime: minuteAgo })
    const { status, release, final } = track(of, many)
    expect([status.uncountedTerminatedPods?.succeeded?.length, release.length, final]).toEqual([500, 500, undefined])
    const rest = { ...of, status: counted(status, new Set(['p500'])) }
    expect(track(rest, many.slice(500)).final?.type).toBe('Complete')
  })

  it('is complete also when it is being deleted', () => {
    const of = job({ completions: 1 }, { startTime: minuteAgo })
    const going = { ...of, metadata: { ...of.metadata, deletionTimestamp: minuteAgo } }
    expect(track(going, [succeeded('a')]).final?.type).toBe('Complete')
  })

  it('counts what it stopped as failed', () => {
    const of = job({ completions: 1, backoffLimit: 0 }, { startTime: minuteAgo })
    const { status, final } = track(of, [failed('a'), pod('b')])
    expect(status.uncountedTerminatedPods).toEqual({ failed: ['a', 'b'] })
    expect(final?.type).toBe('Failed')
  })

  it('shows indexes, and keeps the failed Pod of one that is tried again', () => {
    const of = job({ ...indexed, completions: 4, parallelism: 4, backoffLimitPerIndex: 1 }, { startTime: minuteAgo })
    const pods = [
      succeeded('a', { index: 1 }),
      failed('b', { index: 0, failures: 0 }),
      failed('c', { index: 2, failures: 1 }),
    ]
    const { status, release } = track(of, pods)
    expect(status).toMatchObject({ succeeded: 1, completedIndexes: '1', failedIndexes: '2' })
    expect(release.map(({ metadata }) => metadata.name)).toEqual(['a', 'c'])
  })

  it('tells of being suspended, and starts its clock again', () => {
    expect(track(job({ suspend: true }), []).turned).toBe('Suspended')
    const suspended = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }
    const { turned, status } = track(job({}, { startTime: minuteAgo, conditions: [suspended] }), [pod('a')])
    expect(turned).toBe('Resumed')
    expect(status.startTime).toBe('2026-01-01T01:00:00Z')
  })

  it('has no start while it is suspended, but when it ends', () => {
    expect(track(job({ suspend: true }, { startTime: minuteAgo }), [pod('a')]).status.startTime).toBeUndefined()
    const done = track(job({ suspend: true, completions: 1 }), [succeeded('a')])
    expect([done.final?.type, done.status.startTime]).toEqual(['Complete', '2026-01-01T01:00:00Z'])
  })
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
