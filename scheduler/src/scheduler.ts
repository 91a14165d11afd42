import { scheduler as eventLoop } from 'node:timers/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { isNotFound } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Cache } from './cache/cache.ts'
import type { NodeInfo } from './cache/node-info.ts'
import type { PodInfo } from './cache/pod-info.ts'
import type { Extender } from './framework/extender.ts'
import { fitErrorMessage, histogram, type Diagnosis } from './framework/fit-error.ts'
import type { Plugin, Rejection } from './framework/plugin.ts'
import type { Profile } from './framework/profile.ts'
import { scheduleExtended } from './framework/schedule-extended.ts'
import { schedule, type Scheduled } from './framework/schedule.ts'
import { statusOf, type Status, type Trace } from './framework/trace.ts'
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
  scheduled(pod: Pick<WaitingPod, 'attempts' | 'flushed'>, seconds: number): void
  preempted(victims: number): void
  /** Victims were told to go, or one could not be; so long it took. */
  evicted(done: boolean, seconds: number): void
  /** Learns what takes how long in an attempt with a Pod of this profile. */
  trace(profile: string): Trace
  /** Permit plugins held a Pod for so long. */
  permitted(status: Status, seconds: number): void
  /** So many bindings are on their way. */
  binding(count: number): void
}

/** One try to find a Pod its node. */
interface Attempt {
  readonly waiting: WaitingPod
  readonly profile: Profile
  readonly started: number
  readonly trace: Trace
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
        this.#failed(waiting, error, this.#options.clock.elapsed())
      }
      // let bindings and watches go on
      await eventLoop.yield()
      if (this.#binding >= maxBinding) await new Promise<void>((resolve) => (this.#bindingEnded = resolve))
    }
  }

  /** One scheduling cycle; a promise only where extenders have to be waited for. */
  #attempt(waiting: WaitingPod, signal: AbortSignal): Promise<void> | undefined {
    const { cache, clock, extenders: all, metrics, queue, report, random, percentageOfNodesToScore } = this.#options
    const { info } = waiting
    const started = clock.elapsed()
    const profile = this.#profileOf(info)
    if (info.pod.metadata.deletionTimestamp) {
      report.skipped(info)
      return undefined
    }
    const trace = metrics.trace(profile.schedulerName)
    const attempt = { waiting, profile, started, trace }
    const options = { profile, percentageOfNodesToScore, startIndex: this.#startIndex, random, trace }
    const extenders = all.filter((extender) => extender.isInterested(info))
    if (extenders.length === 0) {
      this.#conclude(attempt, schedule(info, cache, options), signal)
      return undefined
    }
    queue.inFlight(waiting)
    return scheduleExtended(info, cache, { ...options, extenders, signal }).then((result) => {
      if (this.#options.isPending(info)) this.#conclude(attempt, result, signal)
      queue.landed()
    })
  }

  /** Acts on what a cycle found. */
  #conclude(attempt: Attempt, result: Scheduled | Diagnosis, signal: AbortSignal): void {
    const { cache, clock, metrics, queue, report } = this.#options
    const { waiting, started } = attempt
    const { info } = waiting
    metrics.algorithm((clock.elapsed() - started) / 1000)

    if (!('node' in result)) {
      queue.putUnschedulable(waiting, result.plugins)
      metrics.attempt(info, 'unschedulable', (clock.elapsed() - started) / 1000)
      this.#nominate(info, result, signal)
      report.failed(info, 'Unschedulable', fitErrorMessage(result), result.nominated)
      return
    }
    this.#startIndex = (this.#startIndex + result.evaluated) % Math.max(1, cache.nodes.length)
    const node = result.node.name
    cache.assume(info, node)
    const refused = this.#reserve(attempt, result.node)
    if (refused) {
      this.#release(attempt, node)
      queue.putUnschedulable(waiting, new Set([refused.plugin]))
      metrics.attempt(info, 'unschedulable', (clock.elapsed() - started) / 1000)
      report.failed(info, 'Unschedulable', `0/1 nodes are available: ${histogram([refused.rejection])}.`, '')
      return
    }
    void this.#bind(attempt, node, signal)
  }

  /** Who does not let the Pod have what it needs beside its place. */
  // pkg/scheduler/framework/runtime/framework.go RunReservePluginsReserve
  #reserve({ waiting, profile, trace }: Attempt, node: NodeInfo): { plugin: string; rejection: Rejection } | undefined {
    const started = trace.now()
    for (const plugin of profile.reserve) {
      const since = trace.isSampled ? trace.now() : 0
      const rejection = plugin.reserve?.(waiting.info, node)
      if (trace.isSampled) trace.plugin(plugin.name, 'Reserve', statusOf(rejection), since)
      if (!rejection) continue
      trace.point('Reserve', statusOf(rejection), started)
      return { plugin: plugin.name, rejection }
    }
    trace.point('Reserve', 'Success', started)
    return undefined
  }

  /** Keeps the node that postFilter found for the Pod, and makes room there. */
  #nominate(info: PodInfo, { nominated, victims }: Diagnosis, signal: AbortSignal): void {
    const { cache, clock, evictor, metrics, queue } = this.#options
    metrics.preempted(victims.length)
    if (nominated === undefined) return
    cache.nominator.set(info, nominated)
    if (victims.length === 0) return
    const demoted = [...cache.nominated(nominated)].filter(({ priority }) => priority < info.priority)
    for (const { uid } of demoted) cache.nominator.delete(uid)
    const began = clock.elapsed()
    void evictor.evict(info, nominated, victims, demoted, signal).then((done) => {
      metrics.evicted(done, (clock.elapsed() - began) / 1000)
      if (!done) queue.activate(info.uid)
    })
  }

  /** Makes the choice known; never rejects. */
  async #bind(attempt: Attempt, node: string, signal: AbortSignal): Promise<void> {
    const { clock, log, metrics, report } = this.#options
    const { waiting, profile, started } = attempt
    const { info } = waiting
    let known = waiting
    try {
      await this.#permit(attempt, node, signal)
      if (profile.preBind.some((plugin) => plugin.willPreBind?.(info))) {
        // it will take a while: others may want to know where the Pod is going
        report.expected(info, node)
        known = { ...waiting, info: withNomination(info, node) }
      }
      await traced(attempt.trace, 'PreBind', async () => {
        for (const plugin of profile.preBind)
          await step(attempt.trace, 'PreBind', plugin, () => plugin.preBind?.(info, node, signal))
      })
      await traced(attempt.trace, 'Bind', () => this.#tell(attempt, node, signal))
      // no plugin has anything to do then
      await traced(attempt.trace, 'PostBind', () => Promise.resolve())
    } catch (error) {
      this.#release(attempt, node)
      if (signal.aborted) return
      log.warn({ err: error, pod: nameOf(info), node }, 'binding failed')
      this.#failed(known, error, started)
      return
    }
    const now = clock.elapsed()
    metrics.attempt(info, 'scheduled', (now - started) / 1000)
    metrics.scheduled(waiting, (now - waiting.firstSeen) / 1000)
    report.scheduled(info, node)
  }

  /** Waits until all plugins let the Pod go on; throws when one refuses. */
  // pkg/scheduler/framework/runtime/framework.go RunPermitPlugins, WaitOnPermit
  async #permit({ waiting, profile, trace }: Attempt, node: string, signal: AbortSignal): Promise<void> {
    if (profile.permit.length === 0) return
    const { clock, metrics } = this.#options
    const [since, started] = [trace.now(), clock.elapsed()]
    for (const plugin of profile.permit) {
      const asked = trace.isSampled ? trace.now() : 0
      const refusal = await plugin.permit?.(waiting.info, node, signal)
      if (trace.isSampled) trace.plugin(plugin.name, 'Permit', statusOf(refusal), asked)
      if (!refusal) continue
      trace.point('Permit', statusOf(refusal), since)
      metrics.permitted(statusOf(refusal), (clock.elapsed() - started) / 1000)
      throw new Error(refusal.reasons.join(', '))
    }
    trace.point('Permit', 'Success', since)
    metrics.permitted('Success', (clock.elapsed() - started) / 1000)
  }

  async #tell({ waiting: { info }, profile, trace }: Attempt, node: string, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(bindLimitMs)])
    const [plugin] = profile.bind
    this.#countBinding(1)
    try {
      if (await this.#bindByExtender(info, node, limit)) return
      if (plugin) await step(trace, 'Bind', plugin, () => plugin.bind?.(info, node, limit))
    } finally {
      this.#countBinding(-1)
      this.#bindingEnded?.()
      this.#bindingEnded = undefined
    }
  }

  #countBinding(more: 1 | -1): void {
    this.#binding += more
    this.#options.metrics.binding(this.#binding)
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
  #release({ waiting: { info }, profile, trace }: Attempt, node: string): void {
    const { cache, queue } = this.#options
    const since = trace.now()
    for (const plugin of profile.reserve.toReversed()) {
      const asked = trace.isSampled ? trace.now() : 0
      plugin.unreserve?.(info, node)
      if (trace.isSampled) trace.plugin(plugin.name, 'Unreserve', 'Success', asked)
    }
    trace.point('Unreserve', 'Success', since)
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
    metrics.attempt(waiting.info, 'error', (clock.elapsed() - started) / 1000)
    if (isNotFound(error instanceof Error ? (error.cause ?? error) : error) || !isPending(waiting.info)) return
    queue.putBackoff(waiting)
    report.failed(waiting.info, 'SchedulerError', error instanceof Error ? error.message : String(error), '')
  }
}

/** A Pod whose status names the node, as it is about to. */
function withNomination(info: PodInfo, nominatedNodeName: string): PodInfo {
  return { ...info, pod: { ...info.pod, status: { ...info.pod.status, nominatedNodeName } } }
}

/** Runs all plugins of a point. */
async function traced(trace: Trace, point: 'PreBind' | 'Bind' | 'PostBind', work: () => Promise<void>): Promise<void> {
  const since = trace.now()
  try {
    await work()
  } catch (error) {
    trace.point(point, 'Error', since)
    throw error
  }
  trace.point(point, 'Success', since)
}

/** Waits for a plugin; its error says whose it is. */
// pkg/scheduler/framework/runtime/framework.go RunPreBindPlugins, RunBindPlugins
async function step(
  trace: Trace,
  point: 'PreBind' | 'Bind',
  { name }: Plugin,
  work: () => Promise<void> | undefined,
): Promise<void> {
  const since = trace.isSampled ? trace.now() : 0
  try {
    await work()
  } catch (error) {
    if (trace.isSampled) trace.plugin(name, point, 'Error', since)
    const said = error instanceof Error ? error.message : String(error)
    throw new Error(`running ${point} plugin "${name}": ${said}`, { cause: error })
  }
  if (trace.isSampled) trace.plugin(name, point, 'Success', since)
}

function nameOf({ pod }: PodInfo): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`
}
