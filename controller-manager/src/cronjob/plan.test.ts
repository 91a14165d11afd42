import { describe, expect, it } from 'vitest'
import type { CronJob, CronJobSpec, CronJobStatus, Job } from '@kubets/shared/api/types/batch-v1.ts'
import { plan, untilStart } from './plan.ts'

const now = Date.parse('2026-01-01T01:00:10Z')
const minutes = (time: string): number => Date.parse(time) / 60_000

const cronJob = (spec: Partial<CronJobSpec> = {}, status?: CronJobStatus): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'c', namespace: 'n', uid: 'c', creationTimestamp: '2026-01-01T00:59:30Z' },
  spec: {
    schedule: '* * * * *',
    timeZone: 'UTC',
    concurrencyPolicy: 'Allow',
    jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { template: { spec: { containers: [] } } } },
    ...spec,
  },
  ...(status ? { status } : {}),
})

const job = (name: string, end?: 'Complete' | 'Failed', startTime = '2026-01-01T00:00:00Z'): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, uid: name },
  spec: { template: { spec: { containers: [] } } },
  status: {
    startTime,
    ...(end ? { conditions: [{ type: end, status: 'True' }] } : {}),
    ...(end === 'Complete' ? { completionTime: '2026-01-01T00:50:00Z' } : {}),
  },
})
const active = (...names: string[]): CronJobStatus => ({ active: names.map((name) => ({ name, uid: name })) })

const told = (of: CronJob, jobs: Job[] = [], missing: string[] = []) => {
  const { create, delete: gone, events, checkAfter } = plan(of, jobs, new Set(missing), now)
  return {
    create: create?.metadata.name ?? '',
    delete: gone.map(({ metadata }) => metadata.name).join(),
    events: events.map(({ reason }) => reason).join(),
    checkAfter,
  }
}

const due = `c-${minutes('2026-01-01T01:00:00Z')}`
const nothing = { create: '', delete: '', events: '', checkAfter: 50_100 }

describe('plan', () => {
  const cases: { name: string; got: object; want: object }[] = [
    { name: 'makes what is due', got: told(cronJob()), want: { ...nothing, create: due } },
    {
      name: 'makes it once',
      got: told(cronJob({}, { lastScheduleTime: '2026-01-01T01:00:00Z' })),
      want: nothing,
    },
    {
      name: 'makes up for the last missed start alone',
      got: told(cronJob({}, { lastScheduleTime: '2026-01-01T00:30:00Z' })),
      want: { ...nothing, create: due },
    },
    {
      name: 'tells of too many missed',
      got: told(cronJob({}, { lastScheduleTime: '2025-01-01T00:30:00Z' })),
      want: { ...nothing, create: due, events: 'TooManyMissedTimes' },
    },
    {
      name: 'passes over what it missed of a schedule whose times are not equally far apart',
      got: told(cronJob({ schedule: '50,51 0 * * *' }, { lastScheduleTime: '2025-12-31T00:51:00Z' })),
      want: { ...nothing, checkAfter: Date.parse('2026-01-02T00:50:00Z') + 100 - now },
    },
    {
      name: 'rests while suspended',
      got: told(cronJob({ suspend: true })),
      want: { ...nothing, checkAfter: undefined },
    },
    {
      name: 'starts nothing that is too late',
      got: told(cronJob({ startingDeadlineSeconds: 5 })),
      want: nothing,
    },
    {
      name: 'waits for what runs',
      got: told(cronJob({ concurrencyPolicy: 'Forbid' }, active('old')), [job('old')]),
      want: { ...nothing, events: 'JobAlreadyActive' },
    },
    {
      name: 'does not wait for what is gone',
      got: told(cronJob({ concurrencyPolicy: 'Forbid' }, active('old')), [], ['old']),
      want: { ...nothing, create: due, events: 'MissingJob' },
    },
    {
      name: 'replaces what runs',
      got: told(cronJob({ concurrencyPolicy: 'Replace' }, active('old')), [job('old')]),
      want: { ...nothing, create: due, delete: 'old' },
    },
    {
      name: 'lets them run side by side',
      got: told(cronJob({}, active('old')), [job('old')]),
      want: { ...nothing, create: due },
    },
    {
      name: 'keeps so many that ended, and the newest',
      got: told(cronJob({ suspend: true, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 }), [
        job('b', 'Complete', '2026-01-01T00:02:00Z'),
        job('a', 'Complete', '2026-01-01T00:01:00Z'),
        job('f', 'Failed'),
        job('r'),
      ]),
      want: { create: '', delete: 'a,f', events: 'UnexpectedJob', checkAfter: undefined },
    },
    {
      name: 'says what it cannot read',
      got: told(cronJob({ schedule: 'never' })),
      want: { ...nothing, events: 'UnparseableSchedule', checkAfter: undefined },
    },
  ]
  cases.push(
    {
      name: 'knows no such time zone',
      got: told(cronJob({ timeZone: 'Moon/Crater', suspend: true })),
      want: { ...nothing, events: 'UnknownTimeZone', checkAfter: undefined },
    },
    {
      name: 'goes by a zone in the schedule, and says that it should not be there',
      got: told(cronJob({ schedule: 'TZ=UTC * * * * *' })),
      want: { ...nothing, create: due, events: 'UnsupportedSchedule' },
    },
    {
      name: 'tells of what ended and of what it did not make',
      got: told(cronJob({ suspend: true }, active('done')), [job('done', 'Failed'), job('stranger')]),
      want: { ...nothing, events: 'SawCompletedJob,UnexpectedJob', checkAfter: undefined },
    },
    {
      name: 'makes nothing again that a clock minutes ahead has made',
      got: told(cronJob({}, { lastScheduleTime: '2026-01-01T01:10:00Z' })),
      want: { ...nothing, checkAfter: 650_100 },
    },
    {
      name: 'makes nothing before it was made, by a clock that is behind',
      got: told({ ...cronJob(), metadata: { name: 'c', creationTimestamp: '2026-01-01T01:10:30Z' } }),
      want: { ...nothing, checkAfter: 650_100 },
    },
    {
      name: 'does nothing once it goes',
      got: told({ ...cronJob(), metadata: { name: 'c', deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      want: { ...nothing, checkAfter: undefined },
    },
  )
  for (const { name, got, want } of cases) it(name, () => expect(got).toEqual(want))

  it('tells in its status what ended', () => {
    const { status } = plan(
      cronJob({ suspend: true }, active('done', 'on')),
      [job('done', 'Complete'), job('on')],
      new Set(),
      now,
    )
    expect(status).toEqual({ active: [{ name: 'on', uid: 'on' }], lastSuccessfulTime: '2026-01-01T00:50:00Z' })
  })

  it('makes a Job that is its own', () => {
    const { create, status } = plan(cronJob(), [], new Set(), now)
    expect(status.lastScheduleTime).toBe('2026-01-01T01:00:00Z')
    expect(create?.metadata).toMatchObject({
      namespace: 'n',
      labels: { a: 'b' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T01:00:00Z' },
      ownerReferences: [{ kind: 'CronJob', name: 'c', uid: 'c', controller: true }],
    })
  })
})

describe('the wait for a start when the schedule was changed', () => {
  it.each<[string, Partial<CronJobSpec>, number | undefined]>([
    ['is until the next, whatever it would have started before', {}, 50_100],
    ['goes by the zone', { schedule: '0 3 * * *', timeZone: 'Europe/Berlin' }, 3_590_100],
    ['is none where the zone is not known', { timeZone: 'Moon/Crater' }, undefined],
    ['is none where it cannot be read', { schedule: 'never' }, undefined],
  ])('%s', (_, spec, want) => {
    expect(untilStart(cronJob(spec, { lastScheduleTime: '2026-01-01T00:30:00Z' }), now)).toBe(want)
  })
})

describe('what it tells, to the letter', () => {
  const one = (of: CronJob, jobs: Job[] = [], missing: string[] = []): string =>
    plan(of, jobs, new Set(missing), now)
      .events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
      .join()
  const idle = { suspend: true }
  const cases: [want: string, got: string][] = [
    [
      'Warning UnknownTimeZone: invalid timeZone: "Moon/Crater": unknown time zone Moon/Crater',
      one(cronJob({ timeZone: 'Moon/Crater' })),
    ],
    [
      'Warning UnsupportedSchedule: CRON_TZ or TZ used in schedule "TZ=UTC 0 0 1 1 *" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
      one(cronJob({ schedule: 'TZ=UTC 0 0 1 1 *' })),
    ],
    [
      'Warning UnparseableSchedule: unparseable schedule: "never" : expected exactly 5 fields, found 1: [never]',
      one(cronJob({ schedule: 'never' })),
    ],
    [
      'Warning TooManyMissedTimes: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      one(cronJob({}, { lastScheduleTime: '2025-01-01T00:30:00Z' })),
    ],
    [
      'Normal JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid',
      one(cronJob({ concurrencyPolicy: 'Forbid' }, active('old')), [job('old')]),
    ],
    [
      'Normal SawCompletedJob: Saw completed job: a, condition: Failed',
      one(cronJob(idle, active('a')), [job('a', 'Failed')]),
    ],
    ['Normal MissingJob: Active job went missing: a', one(cronJob(idle, active('a')), [], ['a'])],
    [
      'Warning UnexpectedJob: Saw a job that the controller did not create or forgot: a',
      one(cronJob(idle), [job('a')]),
    ],
  ]
  it.each(cases)('%s', (want, got) => expect(got).toBe(want))
})
