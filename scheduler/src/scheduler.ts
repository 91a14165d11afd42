import { scheduler as eventLoop } from 'node:timers/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Cache } from './cache/cache.ts'
import type { PodInfo } from './cache/pod-info.ts'
import type { Extender } from './framework/extender.ts'
import { fitErrorMessage, histogram, type Diagnosis } from './framework/fit-error.ts'
import type { Profile } from './framework/profile.ts'
import { scheduleExtended } from './framework/schedule-extended.ts'
import { schedule, type Scheduled } from './framework/schedule.ts'
import type { AttemptResult } from './metrics.ts'
import type { SchedulingQueue, WaitingPod } from './queue/queue.ts'

/** Tells users what became of a Pod; never throws. */
export interface Reporter {
  scheduled(pod: PodInfo, node: string): void
  /** @param nominated the node it waits for; empty takes an earlier one back, undefined leaves it as it is */
  failed(pod: PodInfo, reason: 'Unschedulable' | 'SchedulerError', message: string, nominated?: string): void
  /** It is on its way to the node, which will take a while. */
  expected(pod: PodInfo, node: string): void
  /** It is being deleted and needs no node any more. */
  skipped(pod: PodInfo): void
}

/** Makes Pods go for more important ones. */
export interface Evictor {
  /** Whether Pods are still being made to go for the Pod of this uid. */
  isEvicting(uid: string): boolean
  /**
   * Deletes the victims, and takes back what was promised to others on their node. Resolves when all are told to go;
   * with false when one was not. Never rejects.
   */
  evict(
    pod: PodInfo,
    node: string,
    victims: readonly PodInfo[],
    demoted: readonly PodInfo[],
    signal: AbortSignal,
  ): Promise<boolean>
}

export interface AttemptMetrics {
  attempt(pod: PodInfo, result: AttemptResult, seconds: number): void
  algorithm(seconds: number): void
  scheduled(attempts: number, seconds: number): void
  preempted(victims: number): void
}

export interface SchedulerOptions {
  readonly queue: SchedulingQueue
  readonly cache: Cache
  /** By the name of the scheduler that Pods ask for. */
  readonly profiles: ReadonlyMap<string, Profile>
  /** Other programs with a say in it, in the order in which they are asked. */
  readonly extenders: readonly Extender[]
  readonly report: Reporter
  readonly evictor: Evictor
  readonly metrics: AttemptMetrics
  /** Whether the API still has the Pod without a node. */
  readonly isPending: (pod: PodInfo) => boolean
  readonly clock: Clock
  readonly log: Logger
  readonly random: () => number
  readonly percentageOfNodesToScore: number
}

/** Bindings on their way; more and the next Pod waits, so that a slow apiserver is not buried. */
const maxBinding = 256
/** How long the API may take for one binding. */
const bindLimitMs = 60_000

/**
 * Takes Pods from the queue one by one and finds each a node. A cycle waits for extenders alone; the binding goes on
 * beside the next cycles, for which the Pod already has its place.
 */
// pkg/scheduler/schedule_one.go ScheduleOne
export class Scheduler {
  readonly #options: SchedulerOptions
  #startIndex = 0
  #binding = 0
  #bindingEnded: (() => void) | undefined

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  /** Schedules until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { queue, log } = this.#options
    signal.addEventListener('abort', () => queue.close(), { once: true })
    if (signal.aborted) queue.close()
    for (;;) {
      const waiting = await queue.pop()
      if (!waiting) return
      try {
        const answers = this.#attempt(waiting, signal)
        if (answers) await answers
      } catch (error) {
        queue.landed()
        if (signal.aborted) return
        log.error({ err: error, pod: nameOf(waiting.info) }, 'scheduling failed')
        this.#failed(waiting, error, this.#options.clock.now())
      }
      // let bindings and watches go on
      await eventLoop.yield()
      if (this.#binding >= maxBinding) await new Promise<void>((resolve) => (this.#bindingEnded = resolve))
    }
  }

  /** One scheduling cycle; a promise only where extenders have to be waited for. */
  #attempt(waiting: WaitingPod, signal: AbortSignal): Promise<void> | undefined {
    const { cache, clock, extenders: all, queue, report, random, percentageOfNodesToScore } = this.#options
    const { info } = waiting
    const started = clock.now()
    const profile = this.#profileOf(info)
    if (info.pod.metadata.deletionTimestamp) {
      report.skipped(info)
      return undefined
    }
    const options = { profile, percentageOfNodesToScore, startIndex: this.#startIndex, random }
    const extenders = all.filter((extender) => extender.isInterested(info))
    if (extenders.length === 0) {
      this.#conclude(waiting, schedule(info, cache, options), started, signal)
      return undefined
    }
    queue.inFlight(waiting)
    return scheduleExtended(info, cache, { ...options, extenders, signal }).then((result) => {
      if (this.#options.isPending(info)) this.#conclude(waiting, result, started, signal)
      queue.landed()
    })
  }

  /** Acts on what a cycle found. */
  #conclude(waiting: WaitingPod, result: Scheduled | Diagnosis, started: number, signal: AbortSignal): void {
    const { cache, clock, metrics, queue, report } = this.#options
    const { info } = waiting
    const profile = this.#profileOf(info)
    metrics.algorithm((clock.now() - started) / 1000)

    if (!('node' in result)) {
      queue.putUnschedulable(waiting, result.plugins)
      metrics.attempt(info, 'unschedulable', (clock.now() - started) / 1000)
      this.#nominate(info, result, signal)
      report.failed(info, 'Unschedulable', fitErrorMessage(result), result.nominated)
      return
    }
    this.#startIndex = (this.#startIndex + result.evaluated) % Math.max(1, cache.nodes.length)
    const node = result.node.name
    cache.assume(info, node)
    for (const plugin of profile.reserve) {
      const refusal = plugin.reserve?.(info, result.node)
      if (!refusal) continue
      this.#release(waiting, node)
      queue.putUnschedulable(waiting, new Set([plugin.name]))
      metrics.attempt(info, 'unschedulable', (clock.now() - started) / 1000)
      report.failed(info, 'Unschedulable', `0/1 nodes are available: ${histogram([refusal])}.`, '')
      return
    }
    void this.#bind(waiting, node, started, signal)
  }

  /** Keeps the node that postFilter found for the Pod, and makes room there. */
  #nominate(info: PodInfo, { nominated, victims }: Diagnosis, signal: AbortSignal): void {
    const { cache, evictor, metrics, queue } = this.#options
    metrics.preempted(victims.length)
    if (nominated === undefined) return
    cache.nominator.set(info, nominated)
    if (victims.length === 0) return
    const demoted = [...cache.nominated(nominated)].filter(({ priority }) => priority < info.priority)
    for (const { uid } of demoted) cache.nominator.delete(uid)
    void evictor.evict(info, nominated, victims, demoted, signal).then((done) => {
      if (!done) queue.activate(info.uid)
    })
  }

  /** Makes the choice known; never rejects. */
  async #bind(waiting: WaitingPod, node: string, started: number, signal: AbortSignal): Promise<void> {
    const { clock, log, metrics, report } = this.#options
    const { info } = waiting
    const profile = this.#profileOf(info)
    let known = waiting
    try {
      for (const plugin of profile.permit) {
        const refusal = await plugin.permit?.(info, node, signal)
        if (refusal) throw new Error(refusal.reasons.join(', '))
      }
      if (profile.preBind.some((plugin) => plugin.willPreBind?.(info))) {
        // it will take a while: others may want to know where the Pod is going
        report.expected(info, node)
        known = { ...waiting, info: withNomination(info, node) }
      }
      for (const plugin of profile.preBind) {
        await step(`PreBind plugin "${plugin.name}"`, plugin.preBind?.(info, node, signal))
      }
      await this.#tell(info, node, signal)
    } catch (error) {
      this.#release(waiting, node)
      if (signal.aborted) return
      log.warn({ err: error, pod: nameOf(info), node }, 'binding failed')
      this.#failed(known, error, started)
      return
    }
    const now = clock.now()
    metrics.attempt(info, 'scheduled', (now - started) / 1000)
    metrics.scheduled(waiting.attempts, (now - waiting.firstSeen) / 1000)
    report.scheduled(info, node)
  }

  async #tell(info: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(bindLimitMs)])
    const [plugin] = this.#profileOf(info).bind
    this.#binding++
    try {
      if (await this.#bindByExtender(info, node, limit)) return
      await step(`Bind plugin "${plugin?.name ?? ''}"`, plugin?.bind?.(info, node, limit))
    } finally {
      this.#binding--
      this.#bindingEnded?.()
      this.#bindingEnded = undefined
    }
  }

  /** Whether an extender has bound the Pod: it comes before plugins. */
  // pkg/scheduler/schedule_one.go extendersBinding
  async #bindByExtender(info: PodInfo, node: string, signal: AbortSignal): Promise<boolean> {
    const { extenders, log } = this.#options
    for (const extender of extenders) {
      if (!extender.isBinder || !extender.isInterested(info)) continue
      try {
        await extender.bind(info, node, signal)
        return true
      } catch (error) {
        if (signal.aborted || !extender.ignorable) throw error
        log.info({ err: error, extender: extender.name }, 'skipping an extender in bind that may be ignored')
      }
    }
    return false
  }

  /** Gives the place on the node back and lets those who wait for it know. */
  #release({ info }: WaitingPod, node: string): void {
    const { cache, queue } = this.#options
    for (const plugin of this.#profileOf(info).reserve.toReversed()) plugin.unreserve?.(info, node)
    cache.forget(info.uid)
    queue.move(() => ({ kind: 'AssignedPodDelete', pod: info }))
  }

  #profileOf({ pod }: PodInfo): Profile {
    const { schedulerName = '' } = pod.spec
    const profile = this.#options.profiles.get(schedulerName)
    if (!profile) throw new Error(`profile not found for scheduler name ${JSON.stringify(schedulerName)}`)
    return profile
  }

  /** An attempt ended in an error: the Pod is tried again, unless it is gone or has its node by now. */
  // pkg/scheduler/schedule_one.go handleSchedulingFailure
  #failed(waiting: WaitingPod, error: unknown, started: number): void {
    const { clock, isPending, metrics, queue, report } = this.#options
    metrics.attempt(waiting.info, 'error', (clock.now() - started) / 1000)
    if (isNotFound(error instanceof Error ? (error.cause ?? error) : error) || !isPending(waiting.info)) return
    queue.putBackoff(waiting)
    report.failed(waiting.info, 'SchedulerError', error instanceof Error ? error.message : String(error), '')
  }
}

/** A Pod whose status names the node, as it is about to. */
function withNomination(info: PodInfo, nominatedNodeName: string): PodInfo {
  return { ...info, pod: { ...info.pod, status: { ...info.pod.status, nominatedNodeName } } }
}

/** Waits for a plugin; its error says whose it is. */
// pkg/scheduler/framework/runtime/framework.go RunPreBindPlugins, RunBindPlugins
async function step(what: string, work: Promise<void> | undefined): Promise<void> {
  await work?.catch((error: unknown) => {
    throw new Error(`running ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })
}

function nameOf({ pod }: PodInfo): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
}
