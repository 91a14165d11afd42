import { cronJobs as cronJobsRef, jobs as jobsRef } from '@kubets/shared/api/resources.gen.ts'
import type { CronJob, CronJobStatus, Job } from '@kubets/shared/api/types/batch-v1.ts'
import type { ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isAlreadyExists, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { controllerOf, objectKey } from '@kubets/shared/machinery/object.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { messageOf, namespaceIsGoing } from '../failure.ts'
import { isFinished } from '../job/plan.ts'
import { indexByOwner } from '../owner-index.ts'
import { runLoop } from '../run-loop.ts'
import { plan, untilStart } from './plan.ts'

const name = 'cronjob-controller'

const referenceTo = ({ metadata: { name: jobName, namespace, uid, resourceVersion } }: Job): ObjectReference => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  ...(namespace === undefined ? {} : { namespace }),
  ...(jobName === undefined ? {} : { name: jobName }),
  ...(uid === undefined ? {} : { uid }),
  ...(resourceVersion === undefined ? {} : { resourceVersion }),
})

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, batchMetrics: counts } = context
  const recorder = context.recorder(name)
  const cronJobs = informers.informer(cronJobsRef)
  const jobs = informers.informer(jobsRef)
  const jobIndex = indexByOwner(jobs)
  const queue = context.queue(name)

  const enqueueOwner = (job: Job): void => {
    const reference = controllerOf(job)
    if (reference?.kind !== 'CronJob') return
    const owner = cronJobs.lister.get(reference.name, job.metadata.namespace)
    if (owner?.metadata.uid === reference.uid) queue.add(objectKey(owner))
  }
  cronJobs.addHandler({
    add: (cronJob) => queue.add(objectKey(cronJob)),
    update: (old, cronJob) => {
      const { schedule, timeZone } = cronJob.spec
      const isRescheduled = old.spec.schedule !== schedule || old.spec.timeZone !== timeZone
      queue.addAfter(objectKey(cronJob), isRescheduled ? (untilStart(cronJob, clock.now()) ?? 0) : 0)
    },
  })
  jobs.addHandler({ add: enqueueOwner, update: (_, job) => enqueueOwner(job), delete: enqueueOwner })

  /** Active Jobs that are neither in the cache nor on the server. */
  const missingOf = async (
    { status }: CronJob,
    known: readonly Job[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> => {
    const missing = new Set<string>()
    const uids = new Set(known.map(({ metadata }) => metadata.uid))
    for (const { uid = '', name: jobName = '', namespace } of status?.active ?? []) {
      if (uids.has(uid)) continue
      try {
        await client.get(jobsRef, jobName, { ...(namespace === undefined ? {} : { namespace }), signal })
      } catch (error) {
        if (!isNotFound(error)) throw error
        missing.add(uid)
      }
    }
    return missing
  }

  const remove = async (cronJob: CronJob, job: Job, signal: AbortSignal): Promise<void> => {
    const { name: jobName = '', namespace, uid } = job.metadata
    try {
      await client.delete(jobsRef, jobName, {
        namespace,
        propagationPolicy: 'Background',
        preconditions: { uid },
        signal,
      })
      recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${jobName}`)
    } catch (error) {
      if (isNotFound(error)) return
      recorder.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(error)}`)
      throw error
    }
  }

  /** The Job, made or found made; undefined where somebody else has one of that name. */
  const make = async (
    cronJob: CronJob,
    job: Job,
    due: string | undefined,
    signal: AbortSignal,
  ): Promise<Job | undefined> => {
    const { name: jobName = '', namespace } = job.metadata
    try {
      const made = await client.create(jobsRef, job, { namespace, signal })
      const { creationTimestamp } = made.metadata
      if (due && creationTimestamp) counts.late((parseTime(creationTimestamp) - parseTime(due)) / 1000)
      recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${jobName}`)
      return made
    } catch (error) {
      if (isAlreadyExists(error)) {
        const found = await client.get(jobsRef, jobName, { namespace, signal })
        return controllerOf(found)?.uid === cronJob.metadata.uid ? found : undefined
      }
      if (!namespaceIsGoing(error))
        recorder.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`)
      throw error
    }
  }

  const write = async (cronJob: CronJob, status: CronJobStatus, signal: AbortSignal): Promise<void> => {
    if (deepEqual(status, cronJob.status ?? {})) return
    try {
      await client.update(cronJobsRef, { ...cronJob, status }, { subresource: 'status', signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  /** A Job that runs and is not known to may be newer than the cached CronJob: then the live one counts. */
  const current = async (cached: CronJob, owned: readonly Job[], signal: AbortSignal): Promise<CronJob | undefined> => {
    const active = new Set((cached.status?.active ?? []).map(({ uid }) => uid))
    if (owned.every((job) => isFinished(job) || active.has(job.metadata.uid))) return cached
    const { name: own = '', namespace, uid } = cached.metadata
    try {
      const live = await client.get(cronJobsRef, own, { namespace, signal })
      return live.metadata.uid === uid ? live : undefined
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const cached = cronJobs.lister.byKey(key)
    if (!cached) return
    const owned = jobIndex.ownedBy(cached.metadata.uid)
    const cronJob = await current(cached, owned, signal)
    if (!cronJob) return
    const missing = await missingOf(cronJob, owned, signal)
    const planned = plan(cronJob, owned, missing, clock.now())
    for (const { type, reason, message } of planned.events) recorder.event(cronJob, type, reason, message)
    for (const job of planned.delete) await remove(cronJob, job, signal)
    let { status } = planned
    if (planned.create) {
      const made = await make(cronJob, planned.create, status.lastScheduleTime, signal)
      if (!made) return
      status = { ...status, active: [...(status.active ?? []), referenceTo(made)] }
    }
    await write(cronJob, status, signal)
    if (planned.checkAfter !== undefined) queue.addAfter(key, planned.checkAfter)
  }

  return runLoop(context, { name, queue, workers: context.options.syncs['cron-job'], reconcile })
}

// pkg/controller/cronjob/cronjob_controllerv2.go
export const cronJobController: Controller = { name, start }
