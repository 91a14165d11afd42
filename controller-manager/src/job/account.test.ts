import { describe, expect, it } from 'vitest'
import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { account, counted, ended, outcomeOf, trackedUids } from './account.ts'
import { failed, indexed, job, minuteAgo, now, pod, see, succeeded } from './jobs.testing.ts'

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

  it('keeps the start it has, and stays as it was told to be, while nothing turns', () => {
    const told = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }
    const rests = track(job({ suspend: true }, { startTime: minuteAgo, conditions: [told] }), [])
    expect([rests.turned, rests.status.startTime, rests.status.conditions]).toEqual([undefined, minuteAgo, [told]])
    const other = { type: 'Other', status: 'True' }
    const runs = track(job({}, { startTime: minuteAgo, conditions: [{ ...told, message: 'by hand' }, other] }), [])
    expect(runs.status.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Suspended False',
      'Other True',
    ])
    expect(track(job({}, { startTime: minuteAgo }), []).turned).toBeUndefined()
    expect(track(job({ suspend: true }, { conditions: [{ ...told, message: 'by hand' }] }), []).turned).toBe(
      'Suspended',
    )
  })

  it('counts what its failure policy was asked about', () => {
    const rules = [
      { action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } },
      { action: 'Count', onExitCodes: { operator: 'In', values: [1] } },
    ]
    const of = job({ completions: 9, podFailurePolicy: { rules } }, { startTime: minuteAgo })
    const pods = [failed('a'), failed('b'), failed('c', { exitCode: 3 }), failed('d', { exitCode: 9 })]
    const { handled, status } = track(of, pods)
    expect([...handled]).toEqual([
      ['Count', 2],
      ['Ignore', 1],
    ])
    expect(status.uncountedTerminatedPods?.failed).toEqual(['a', 'b', 'd'])
  })

  it('has no start while it is suspended, but when it ends', () => {
    expect(track(job({ suspend: true }, { startTime: minuteAgo }), [pod('a')]).status.startTime).toBeUndefined()
    const done = track(job({ suspend: true, completions: 1 }), [succeeded('a')])
    expect([done.final?.type, done.status.startTime]).toEqual(['Complete', '2026-01-01T01:00:00Z'])
  })
})

describe('the numbers of Pods in the status', () => {
  const ready = (name: string): Pod => {
    const one = pod(name)
    return { ...one, status: { ...one.status, conditions: [{ type: 'Ready', status: 'True' }] } }
  }
  const justFailed = failed('f', { endedAt: '2026-01-01T00:59:57Z' })
  type Numbers = [active: number, ready: number, terminating: number]
  const numbers = (of: Job, pods: Pod[], done: { created?: number; deleted?: Pod[] } = {}, current = true): Numbers => {
    const planned = see(of, pods, { current })
    const { created = planned.create.length, deleted = planned.delete } = done
    const { active, ready: ofThem, terminating } = outcomeOf(planned, pods, { created, deleted, whole: true })
    return [active, ofThem, terminating]
  }
  const two = { completions: 2, parallelism: 2 }
  const going = (of: Job): Job => ({ ...of, metadata: { ...of.metadata, deletionTimestamp: minuteAgo } })
  it.each<[string, Numbers, Numbers]>([
    ['when they have been made', numbers(job(two), []), [2, 0, 0]],
    ['when some could not be made', numbers(job(two), [], { created: 1 }), [1, 0, 0]],
    // kubernetes#139428: 0 was said of those that run
    ['while none is made after a failure', numbers(job(two), [ready('a'), justFailed]), [1, 1, 0]],
    [
      'while an index waits after its failure',
      numbers(job({ ...two, ...indexed, backoffLimitPerIndex: 3 }), [
        pod('a', { index: 1 }),
        failed('f', { index: 0, endedAt: '2026-01-01T00:59:57Z' }),
      ]),
      [1, 0, 0],
    ],
    ['when it is suspended', numbers(job({ ...two, suspend: true }), [ready('a'), pod('b')]), [0, 0, 2]],
    [
      'when it is suspended and one could not be deleted',
      numbers(job({ ...two, suspend: true }), [ready('a'), ready('b')], { deleted: [ready('a')] }),
      [1, 1, 1],
    ],
    ['while it is being deleted', numbers(going(job(two)), [ready('a'), pod('b', { going: true })]), [1, 1, 1]],
    ['while the cache is behind', numbers(job(two), [ready('a')], {}, false), [1, 1, 0]],
    ['when they are too many', numbers(job({ ...two, parallelism: 1 }), [pod('a'), ready('b')]), [1, 1, 1]],
    [
      'when it waits for the end of one',
      numbers(job({ ...two, podReplacementPolicy: 'Failed' }), [pod('a', { going: true }), pod('b')]),
      [1, 0, 1],
    ],
    ['when it does not', numbers(job(two), [pod('a', { going: true, endedAt: minuteAgo }), pod('b')]), [2, 0, 1]],
    ['when it fails', numbers(job({ ...two, backoffLimit: 0 }), [failed('f'), ready('a')]), [0, 0, 1]],
    ['of Pods that have ended', numbers(job({ completions: 2 }, { succeeded: 1 }), [succeeded('a')]), [0, 0, 0]],
  ])('%s', (_, got, want) => expect(got).toEqual(want))

  it.each<[string, Partial<Parameters<typeof outcomeOf>[2]>, boolean]>([
    ['with all its Pods deleted', {}, true],
    ['not while one could not be deleted', { deleted: [] }, false],
    ['not after an error or on an old cache', { whole: false }, false],
  ])('it ends %s', (_, done, ends) => {
    const pods = [failed('f'), pod('a')]
    const planned = see(job({ ...two, backoffLimit: 0 }), pods)
    const outcome = outcomeOf(planned, pods, { created: 0, deleted: planned.delete, whole: true, ...done })
    expect(outcome.ending !== undefined).toBe(ends)
  })
})
