import { jobs as jobsRef, pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Job, JobStatus } from '@kubets/shared/api/types/batch-v1.ts'
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import { controllerOf, newControllerRef, objectKey } from '@kubets/shared/machinery/object.ts'
import { labelSelectorFromObject } from '@kubets/shared/machinery/selector.ts'
import type { Controller, ControllerContext, Run } from '../context.ts'
import { namespaceIsGoing } from '../failure.ts'
import { indexByOwner } from '../owner-index.ts'
import { OwnWrites } from '../own-writes.ts'
import { applyClaim } from '../pods/adopt.ts'
import { isPodActive } from '../pods/availability.ts'
import { claim } from '../pods/claim.ts'
import { PodControl } from '../pods/control.ts'
import { Expectations, expectationLapseMs } from '../pods/expectations.ts'
import { slowStart } from '../pods/slow-start.ts'
import { podFromTemplate } from '../pods/template.ts'
import { watchPods } from '../replicaset/pod-events.ts'
import { runLoop } from '../run-loop.ts'
import { account, counted, ended, outcomeOf, trackedUids } from './account.ts'
import type { Outcome } from './account.ts'
import { noBackoff } from './failures.ts'
import type { Backoff } from './failures.ts'
import { actionOf } from './metrics.ts'
import type { Action } from './metrics.ts'
import { isFinished, plan } from './plan.ts'
import type { Creation, JobPlan } from './plan.ts'
import { isTracked, prefixOf, templateOf, trackingFinalizer } from './pods.ts'

const name = 'job-controller'
// Pods of a Job end in bursts: what comes within this time is looked at together.
// pkg/controller/job/job_controller.go syncJobBatchPeriod, a second there
const batchMs = 100
const ownManager = 'kubernetes.io/job-controller'

const isForeign = ({ spec }: Job): boolean => spec.managedBy !== undefined && spec.managedBy !== ownManager

const start = (context: ControllerContext): Run => {
  const { client, informers, clock, batchMetrics: counts } = context
  const recorder = context.recorder(name)
  const control = new PodControl(client, recorder)
  const jobs = informers.informer(jobsRef)
  const pods = informers.informer(podsRef)
  const podIndex = indexByOwner(pods)
  const queue = context.queue(name)
  const orphans = context.queue(`${name}-orphan`)
  const expectations = new Expectations(() => clock.elapsed())
  const writes = new OwnWrites()
  const backoffs = new Map<string, Backoff>()
  /** Uids of Pods that were let go of, by Job, until the cache shows it. */
  const released = new Map<string, Set<string>>()

  const forget = (key: string): void => {
    expectations.forget(key)
    writes.forget(key)
    backoffs.delete(key)
    released.delete(key)
  }
  const jobOf = (pod: Pod): Job | undefined => {
    const reference = controllerOf(pod)
    if (reference?.kind !== 'Job') return undefined
    const job = jobs.lister.get(reference.name, pod.metadata.namespace)
    return job?.metadata.uid === reference.uid ? job : undefined
  }
  const matches = ({ spec }: Job, labels: Record<string, string>): boolean =>
    labelSelectorFromObject(spec.selector).matches(labels)

  jobs.addHandler({
    add: (job) => {
      if (isForeign(job)) counts.foreign(job.spec.managedBy ?? '')
      queue.add(objectKey(job))
    },
    update: (old, job) => {
      if (old.metadata.generation === job.metadata.generation) queue.addAfter(objectKey(job), batchMs)
      else queue.add(objectKey(job))
      if (isFinished(job)) for (const pod of podIndex.ownedBy(job.metadata.uid)) lookAfter(pod)
    },
    delete: (job) => {
      queue.add(objectKey(job))
      for (const pod of podIndex.ownedBy(job.metadata.uid)) lookAfter(pod)
    },
  })
  /** A Pod that is kept for nobody is let go of. */
  const lookAfter = (pod: Pod): void => {
    if (isTracked(pod)) orphans.add(objectKey(pod))
  }
  watchPods({
    pods,
    owners: jobs,
    ownerKind: 'Job',
    matches,
    expectations,
    enqueue: (key) => queue.addAfter(key, batchMs),
  })
  const seen = (pod: Pod, isGone: boolean): void => {
    const job = jobOf(pod)
    if (job && (isGone || !isTracked(pod))) released.get(objectKey(job))?.delete(pod.metadata.uid ?? '')
    if (!isGone && (!job || isFinished(job))) lookAfter(pod)
  }
  pods.addHandler({
    add: (pod) => {
      counts.tracked(undefined, pod)
      seen(pod, false)
    },
    update: (old, pod) => {
      counts.tracked(old, pod)
      seen(pod, false)
    },
    delete: (pod) => {
      counts.tracked(pod, undefined)
      seen(pod, true)
    },
  })

  const letGo = async (pod: Pod, signal: AbortSignal): Promise<void> => {
    const { name: podName = '', namespace, uid } = pod.metadata
    const patch = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } }
    try {
      await client.patch(podsRef, podName, patch, { type: 'strategic', namespace, signal })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  const createOne = (job: Job, { index, failures }: Creation, signal: AbortSignal): Promise<void> => {
    const pod = podFromTemplate(templateOf(job, index, failures), job, newControllerRef(job, jobsRef))
    if (index !== undefined) pod.metadata.generateName = prefixOf(job, index)
    return control.create(job, pod, signal)
  }

  const deleteOne = async (job: Job, pod: Pod, isForgotten: boolean, signal: AbortSignal): Promise<void> => {
    const seen = (): void => expectations.deletionSeen(objectKey(job), objectKey(pod))
    try {
      if (isForgotten && isTracked(pod)) await letGo(pod, signal)
      if (!(await control.delete(job, pod, signal))) seen()
    } catch (error) {
      seen()
      throw error
    }
  }

  interface Acted {
    created: number
    /** Creations that were tried in vain. */
    failed: number
    deleted: Pod[]
    error: unknown
  }
  const act = async (job: Job, key: string, planned: JobPlan, signal: AbortSignal): Promise<Acted> => {
    if (planned.delete.length > 0) {
      if (planned.forget) expectations.expectDeletions(key, planned.delete.map(objectKey))
      const results = await Promise.allSettled(planned.delete.map((pod) => deleteOne(job, pod, planned.forget, signal)))
      const deleted = planned.delete.filter((_, index) => results[index]?.status === 'fulfilled')
      return { created: 0, failed: 0, deleted, error: results.find((result) => result.status === 'rejected')?.reason }
    }
    const waiting = [...planned.create]
    if (waiting.length === 0) return { created: 0, failed: 0, deleted: [], error: undefined }
    expectations.expectCreations(key, waiting.length)
    const { succeeded, error } = await slowStart(waiting.length, () => createOne(job, waiting.shift() ?? {}, signal))
    expectations.creationSeen(key, planned.create.length - succeeded)
    const isExpected = namespaceIsGoing(error)
    const failed = isExpected ? 0 : planned.create.length - waiting.length - succeeded
    return { created: succeeded, failed, deleted: [], error: isExpected ? undefined : error }
  }

  const write = async (job: Job, status: JobStatus, signal: AbortSignal): Promise<Job> => {
    if (deepEqual(status, job.status ?? {})) return job
    const written = await client.update(jobsRef, { ...job, status }, { subresource: 'status', signal })
    writes.wrote(written)
    return written
  }

  const reconcile = async (key: string, signal: AbortSignal): Promise<void> => {
    const job = jobs.lister.byKey(key)
    if (!job || isFinished(job)) return forget(key)
    if (isForeign(job)) return
    // on an older status, Pods that have been counted and let go of would be made again
    if (!writes.isSeen(job)) {
      counts.stale()
      return queue.addAfter(key, batchMs)
    }
    const started = clock.elapsed()
    let action: Action = 'reconciling'
    const observe = (result: 'success' | 'error'): void =>
      counts.synced(job, result, action, (clock.elapsed() - started) / 1000)
    try {
      await sync(job, key, (planned) => (action = actionOf(job, planned)), signal)
    } catch (error) {
      observe('error')
      throw error
    }
    observe('success')
  }

  const sync = async (
    job: Job,
    key: string,
    decided: (planned: JobPlan) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const current = expectations.satisfied(key)
    if (!current) queue.addAfter(key, expectationLapseMs)
    const { namespace, uid } = job.metadata
    const candidates = [...podIndex.ownedBy(uid), ...podIndex.orphans(namespace).filter(isPodActive)]
    const wanted = claim(job, (labels) => matches(job, labels), candidates)
    const adopter = { client, owner: job, ownerRef: jobsRef, finalizer: trackingFinalizer, signal }
    const owned = await applyClaim(adopter, podsRef, wanted)
    const gone = released.get(key) ?? new Set<string>()
    released.set(key, gone)

    const backoff = backoffs.get(key) ?? noBackoff
    const planned = plan({ job, pods: owned, released: gone, current, backoff }, clock.now())
    decided(planned)
    const { created, failed, deleted, error } = await act(job, key, planned, signal)
    const outcome = outcomeOf(planned, owned, { created, deleted, whole: current && error === undefined })
    counts.created(job, planned, owned, { succeeded: created, failed })
    await track(job, key, owned, planned, outcome, signal)
    if (planned.checkAfter !== undefined) queue.addAfter(key, planned.checkAfter)
    if (error !== undefined) throw error
  }

  // Ended Pods are written into the status, then let go of, then counted: nothing is lost between.
  const track = async (
    job: Job,
    key: string,
    owned: readonly Pod[],
    planned: JobPlan,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<void> => {
    const gone = released.get(key) ?? new Set<string>()
    const tracked = trackedUids(owned, gone)
    const { status, handled, release, final, turned } = account(job, owned, tracked, planned, outcome, clock.now())
    let written = await write(job, status, signal)
    backoffs.set(key, planned.backoff)
    for (const [action, pods] of handled) counts.handled(action, pods)
    if (turned) recorder.event(job, 'Normal', turned, turned === 'Suspended' ? 'Job suspended' : 'Job resumed')
    const results = await Promise.allSettled(
      release.map(async (pod) => {
        await letGo(pod, signal)
        gone.add(pod.metadata.uid ?? '')
        tracked.delete(pod.metadata.uid ?? '')
      }),
    )
    const now = counted(written.status ?? {}, tracked)
    const last = final && ended(now, final)
    written = await write(written, last ?? now, signal)
    counts.counted(job, written.status ?? {})
    if (last && final) {
      counts.finished(job, final.type === 'Complete' ? 'succeeded' : 'failed', final.reason ?? '')
      if (final.type === 'Complete' && (written.status?.succeeded ?? 0) > (job.spec.completions ?? Infinity))
        recorder.event(
          job,
          'Warning',
          'TooManySucceededPods',
          'Too many succeeded pods running after completion count reached',
        )
      if (final.type === 'Complete') recorder.event(job, 'Normal', 'Completed', 'Job completed')
      else recorder.event(job, 'Warning', final.reason ?? '', final.message ?? '')
    }
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  const reconcileOrphan = async (key: string, signal: AbortSignal): Promise<void> => {
    const pod = pods.lister.byKey(key)
    if (!pod || !isTracked(pod)) return
    const reference = controllerOf(pod)
    if (reference && (reference.kind !== 'Job' || reference.apiVersion !== 'batch/v1')) return
    const job = jobOf(pod)
    if (job && (isForeign(job) || !isFinished(job))) return
    await letGo(pod, signal)
  }

  const work = runLoop(context, { name, queue, workers: context.options.syncs.job, reconcile })
  const clean = runLoop(context, { name: `${name}-orphan`, queue: orphans, workers: 1, reconcile: reconcileOrphan })
  return async (signal) => {
    await Promise.all([work(signal), clean(signal)])
  }
}

// pkg/controller/job/job_controller.go
export const jobController: Controller = { name, start }
