import { jobs as jobsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Job } from '@kubets/shared/api/types/batch-v1.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { objectKey } from '@kubets/shared/machinery/object.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { runLoop } from '../run-loop.ts'
import { timeLeft } from './plan.ts'

const name = 'ttl-after-finished-controller'

const start = (context: ControllerContext): Run => {
  const { client, informers, clock } = context
  const jobs = informers.informer(jobsRef)
  const queue = context.queue(name)
  const enqueue = (job: Job): void => {
    const left = timeLeft(job, clock.now())
    if (left !== undefined) queue.addAfter(objectKey(job), left)
  }
  jobs.addHandler({ add: enqueue, update: (_, job) => enqueue(job) })

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const cached = jobs.lister.byKey(key)
    if (!cached) return
    const { name: jobName = '', namespace } = cached.metadata
    try {
      // Deleting is for good, so the live object decides: its time may have been prolonged.
      const job = await client.get(jobsRef, jobName, { namespace, signal })
      const left = timeLeft(job, clock.now())
      if (left === undefined) return
      if (left > 0) return queue.addAfter(key, left)
      const { uid, resourceVersion } = job.metadata
      const preconditions = { uid, resourceVersion }
      await client.delete(jobsRef, jobName, { namespace, propagationPolicy: 'Foreground', preconditions, signal })
    } catch (error) {
      if (isConflict(error)) queue.addRateLimited(key)
      else if (!isNotFound(error)) throw error
    }
  }
  return runLoop(context, { name, queue, workers: context.options.syncs['ttl-after-finished'], reconcile })
}

// pkg/controller/ttlafterfinished/ttlafterfinished_controller.go
export const ttlAfterFinishedController: Controller = { name, start }
