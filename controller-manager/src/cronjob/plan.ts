import { cronJobs } from '@kubets/shared/api/resources.gen.ts'
import type { CronJob, CronJobStatus, Job } from '@kubets/shared/api/types/batch-v1.ts'
import { clone } from '@kubets/shared/machinery/deep.ts'
import { newControllerRef } from '@kubets/shared/machinery/object.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { formatTime, parseTime } from '@kubets/shared/machinery/time.ts'
import { parseSchedule } from './schedule.ts'
import type { Schedule } from './schedule.ts'
import { problemOfZone } from './zone.ts'

// pkg/controller/cronjob/cronjob_controllerv2.go nextScheduleDelta: so that it is certainly time
const lateMs = 100
// More than this many missed starts are told of, and none of them made up for but the last.
const manyMissed = 100
const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

export interface Told {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

export interface CronPlan {
  status: CronJobStatus
  /** Jobs past their history, and those that are to be replaced. */
  delete: Job[]
  create: Job | undefined
  events: Told[]
  checkAfter?: number
}

const endOf = (job: Job): string | undefined =>
  job.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))
    ?.type

/** What a CronJob is to do now, given the Jobs it controls. `missing` are active Jobs that a live read did not find. */
// pkg/controller/cronjob/cronjob_controllerv2.go syncCronJob
export const plan = (cronJob: CronJob, jobs: readonly Job[], missing: ReadonlySet<string>, now: number): CronPlan => {
  const events: Told[] = []
  const tell = (type: Told['type'], reason: string, message: string): void => {
    events.push({ type, reason, message })
  }
  const result: CronPlan = {
    status: statusAfter(cronJob, jobs, missing, tell),
    delete: outdated(cronJob, jobs),
    create: undefined,
    events,
  }
  const { spec, metadata } = cronJob
  if (metadata.deletionTimestamp !== undefined) return result
  const zoneProblem = spec.timeZone === undefined ? undefined : problemOfZone(spec.timeZone)
  if (zoneProblem !== undefined) {
    tell('Warning', 'UnknownTimeZone', `invalid timeZone: ${quote(spec.timeZone ?? '')}: ${zoneProblem}`)
    return result
  }
  if (spec.suspend) return result
  if (spec.schedule.includes('TZ')) {
    const where = 'see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'
    const what = `CRON_TZ or TZ used in schedule ${quote(spec.schedule)} is not officially supported`
    tell('Warning', 'UnsupportedSchedule', `${what}, ${where}`)
  }
  let schedule: Schedule
  try {
    schedule = parseSchedule(spec.schedule, spec.timeZone)
  } catch (error) {
    tell(
      'Warning',
      'UnparseableSchedule',
      `unparseable schedule: ${quote(spec.schedule)} : ${(error as Error).message}`,
    )
    return result
  }
  start(result, cronJob, jobs, schedule, now, tell)
  const wait = untilNext(cronJob, schedule, now)
  return wait === undefined ? result : { ...result, checkAfter: wait }
}

type Tell = (type: Told['type'], reason: string, message: string) => void

const start = (
  result: CronPlan,
  cronJob: CronJob,
  jobs: readonly Job[],
  schedule: Schedule,
  now: number,
  tell: Tell,
): void => {
  const { spec, status } = cronJob
  const { time, missed } = lastDue(cronJob, schedule, now, true)
  if (time === undefined) return
  if (missed > manyMissed)
    tell(
      'Warning',
      'TooManyMissedTimes',
      'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    )
  if (spec.startingDeadlineSeconds !== undefined && time + spec.startingDeadlineSeconds * 1000 < now) {
    tell('Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123(time)}`)
    return
  }
  const job = jobAt(cronJob, schedule, time)
  const active = result.status.active ?? []
  const isDone = status?.lastScheduleTime !== undefined && parseTime(status.lastScheduleTime) === time
  if (isDone || active.some(({ name }) => name === job.metadata.name)) return
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    tell('Normal', 'JobAlreadyActive', message)
    return
  }
  if (spec.concurrencyPolicy === 'Replace') {
    const uids = new Set(active.map(({ uid }) => uid))
    result.delete = [...result.delete, ...jobs.filter(({ metadata }) => uids.has(metadata.uid))]
    delete result.status.active
  }
  result.create = job
  result.status.lastScheduleTime = formatTime(time)
}

const statusAfter = (
  { status }: CronJob,
  jobs: readonly Job[],
  missing: ReadonlySet<string>,
  tell: Tell,
): CronJobStatus => {
  const next = clone(status ?? {})
  let active = next.active ?? []
  for (const job of jobs) {
    const { uid, name } = job.metadata
    const end = endOf(job)
    const isActive = active.some((one) => one.uid === uid)
    if (end === undefined) {
      if (!isActive) tell('Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`)
      continue
    }
    if (isActive) {
      active = active.filter((one) => one.uid !== uid)
      tell('Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${end}`)
    }
    const done = end === 'Complete' ? job.status?.completionTime : undefined
    if (done && (!next.lastSuccessfulTime || parseTime(done) > parseTime(next.lastSuccessfulTime)))
      next.lastSuccessfulTime = done
  }
  for (const { uid, name } of active)
    if (missing.has(uid ?? '')) tell('Normal', 'MissingJob', `Active job went missing: ${name}`)
  active = active.filter(({ uid }) => !missing.has(uid ?? ''))
  if (active.length > 0) next.active = active
  else delete next.active
  return next
}

// cronjob_controllerv2.go cleanupFinishedJobs, removeOldestJobs
const outdated = ({ spec }: CronJob, jobs: readonly Job[]): Job[] => {
  const oldest = (end: string, keep: number | undefined): Job[] => {
    if (keep === undefined) return []
    const ended = jobs.filter((job) => endOf(job) === end && job.metadata.deletionTimestamp === undefined)
    const startOf = ({ status }: Job): string => status?.startTime ?? '9'
    const names = (a: Job, b: Job): number => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)
    return ended
      .sort((a, b) => (startOf(a) === startOf(b) ? names(a, b) : startOf(a) < startOf(b) ? -1 : 1))
      .slice(0, Math.max(0, ended.length - keep))
  }
  return [...oldest('Complete', spec.successfulJobsHistoryLimit), ...oldest('Failed', spec.failedJobsHistoryLimit)]
}

/**
 * The last time that was due and has not been met, and about how many there were: as many as fit if all were as far apart
 * as the first two. Where they are not, there may be some and no last one among those that are looked at.
 */
// pkg/controller/cronjob/utils.go mostRecentScheduleTime
const lastDue = (
  { spec, status, metadata }: CronJob,
  schedule: Schedule,
  now: number,
  withDeadline: boolean,
): { since: number; time: number | undefined; missed: number } => {
  let since = parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp ?? formatTime(now))
  if (withDeadline && spec.startingDeadlineSeconds !== undefined)
    since = Math.max(since, now - spec.startingDeadlineSeconds * 1000)
  const first = schedule.next(since)
  if (first === undefined || now < first) return { since, time: undefined, missed: 0 }
  const second = schedule.next(first)
  if (second === undefined || now < second) return { since, time: first, missed: 0 }
  const interval = second - first
  const missed = Math.floor((now - first) / interval) + 1
  let time: number | undefined
  // not one by one: there may be years of them
  for (
    let candidate = schedule.next(first + (missed - 2) * interval);
    candidate !== undefined && candidate <= now;
    candidate = schedule.next(candidate)
  )
    time = candidate
  return { since, time, missed }
}

// utils.go nextScheduleTimeDuration
const untilNext = (cronJob: CronJob, schedule: Schedule, now: number): number | undefined => {
  const { since, time, missed } = lastDue(cronJob, schedule, now, false)
  const next = schedule.next(time ?? (missed > 0 ? now : since))
  return next === undefined ? undefined : Math.max(0, next + lateMs - now)
}

/**
 * Milliseconds until the next start of a CronJob whose schedule was changed: what the new one would have started before
 * now is not made up for. undefined: the schedule cannot be read, or never starts anything.
 */
// cronjob_controllerv2.go updateCronJob
export const untilStart = (cronJob: CronJob, now: number): number | undefined => {
  const { schedule, timeZone } = cronJob.spec
  if (timeZone !== undefined && problemOfZone(timeZone) !== undefined) return undefined
  try {
    return untilNext(cronJob, parseSchedule(schedule, timeZone), now)
  } catch {
    // whoever plans with it tells of it
    return undefined
  }
}

/** The Job of one time: its name is made from that, so that it cannot be made twice. */
// utils.go getJobFromTemplate2
const jobAt = (cronJob: CronJob, schedule: Schedule, time: number): Job => {
  const { metadata, spec } = clone(cronJob.spec.jobTemplate)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cronJob.metadata.name}-${Math.floor(time / 60_000)}`,
      namespace: cronJob.metadata.namespace,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [scheduledAnnotation]: schedule.zone.format(time) },
      ownerReferences: [newControllerRef(cronJob, cronJobs)],
    },
    spec,
  }
}

// Go's time.RFC1123Z, in UTC
const rfc1123 = (time: number): string => new Date(time).toUTCString().replace(' GMT', ' +0000')
