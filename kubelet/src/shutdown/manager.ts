// Ends Pods before the machine goes down. pkg/kubelet/nodeshutdown/nodeshutdown_manager.go, nodeshutdown_manager_linux.go
import type { ObjectReference, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { formatGoDuration } from '@kubets/shared/machinery/schema/go-values.ts'
import type { Recorder } from '../events.ts'
import type { PodFailure } from '../pods/model.ts'
import type { InhibitLock, Logind } from './logind.ts'
import { secondsOf, shutdownGroups, type ShutdownGroup, type ShutdownPeriod } from './plan.ts'
import { readTimes, writeTimes, type ShutdownMetrics, type ShutdownTimes } from './state.ts'

export interface ShutdownOptions {
  /** Lowest priority first; none when the node goes down at once. */
  periods: readonly ShutdownPeriod[]
  logind: Logind
  pods: {
    /** Those that run or may run. */
    active(): Pod[]
    /** Ends a Pod, and waits for that as long as it may take. */
    evict(podUid: string, why: PodFailure, graceSeconds: number): Promise<void>
    /** True when nothing is left of the Pod's volumes. */
    unmounted(podUid: string): Promise<boolean>
  }
  stateFile: string
  metrics: ShutdownMetrics
  recorder: Recorder
  node: ObjectReference
  clock: Clock
  log: Logger
  /** Whether the node shuts down has changed. */
  changed(): void
}

const message = 'Pod was terminated in response to imminent node shutdown.'
const terminated: PodFailure = { reason: 'Terminated', message, disruption: message }

// dbusReconnectPeriod; here it costs a process each time
const firstPauseMs = 1000
const longestPauseMs = 30_000
const firstReloadMs = 100
const reloadLooks = 5
const unmountPollMs = 300

/** Holds a shutdown of the machine up until its Pods have ended, in the order of their priorities. */
export class ShutdownManager {
  readonly #options: ShutdownOptions
  #shuttingDown = false
  #lock: InhibitLock | undefined
  #watch = new AbortController()

  constructor(options: ShutdownOptions) {
    this.#options = options
  }

  /** Whether the node goes down: it takes no more Pods then. */
  get shuttingDown(): boolean {
    return this.#shuttingDown
  }

  /** Waits for shutdowns until the signal aborts. Without a login manager that is said, and it ends. */
  // Start
  async run(signal: AbortSignal): Promise<void> {
    const { periods, clock, log } = this.#options
    if (periods.length === 0) {
      log.info({}, 'No graceful configuration specified, node shutdown will be immediate')
      return
    }
    await this.#tellTimes()
    let pauseMs = firstPauseMs
    for (let first = true; !signal.aborted; first = false) {
      const since = clock.elapsed()
      try {
        for await (const begins of await this.#startWatching(signal)) await this.#handle(begins, signal)
        if (!signal.aborted) log.error({}, 'Ended to watching the node for shutdown events')
      } catch (error) {
        if (signal.aborted) break
        const text = first ? 'Failed to start node shutdown manager' : 'Unable to watch the node for shutdown events'
        log.error({ error: (error as Error).message }, text)
        // a machine without it has none later
        if (first) return
      }
      if (clock.elapsed() - since > longestPauseMs) pauseMs = firstPauseMs
      await clock.sleep(pauseMs, signal).catch(() => undefined)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      if (!signal.aborted) log.info({}, 'Restarting watch for node shutdown events')
    }
    this.#release()
  }

  async #tellTimes(): Promise<void> {
    const { stateFile, metrics, log } = this.#options
    try {
      metrics.tell(await readTimes(stateFile))
    } catch (error) {
      log.error({ error: (error as Error).message }, 'Failed to load graceful shutdown state')
    }
  }

  // startWatching
  async #startWatching(signal: AbortSignal): Promise<AsyncIterable<boolean>> {
    const { periods, logind } = this.#options
    const requested = secondsOf(periods)
    if (requested * 1000 > (await logind.inhibitDelay(signal))) await this.#allowDelay(requested, signal)
    this.#watch = new AbortController()
    await this.#acquire()
    return logind.monitor(AbortSignal.any([signal, this.#watch.signal]))
  }

  async #allowDelay(seconds: number, signal: AbortSignal): Promise<void> {
    const { logind, clock } = this.#options
    await logind.overrideInhibitDelay(seconds).catch((error: unknown) => {
      throw new Error(`unable to override inhibit delay by shutdown manager: ${(error as Error).message}`)
    })
    await logind.reload(signal)
    let delayMs = 0
    for (let look = 0, pauseMs = firstReloadMs; look < reloadLooks; look++, pauseMs *= 2) {
      if (look > 0) await clock.sleep(pauseMs / 2, signal)
      delayMs = await logind.inhibitDelay(signal)
      if (delayMs >= seconds * 1000) return
    }
    const wanted = `${goDuration(seconds * 1000)} (ShutdownGracePeriod), current value is ${goDuration(delayMs)}`
    const waited = `was timed out after ${reloadLooks} attempts waiting for logind InhibitDelayMaxSec to update to`
    throw new Error(`node shutdown manager ${waited} ${wanted}`)
  }

  // acquireInhibitLock: there is no moment without one
  async #acquire(): Promise<void> {
    const before = this.#lock
    // somebody ended the process that holds it: all begins again
    this.#lock = await this.#options.logind.inhibit(() => this.#watch.abort())
    before?.release()
  }

  #release(): void {
    this.#lock?.release()
    this.#lock = undefined
  }

  // watchShutdownEvents
  async #handle(begins: boolean, signal: AbortSignal): Promise<void> {
    const { recorder, node, log, changed } = this.#options
    log.info({ event: begins ? 'shutdown' : 'cancelled' }, 'Shutdown manager detected new shutdown event')
    const what = `Shutdown manager detected shutdown ${begins ? 'event' : 'cancellation'}`
    recorder.event(node, 'Normal', 'NodeShutdown', what)
    this.#shuttingDown = begins
    changed()
    if (begins) {
      await this.#shutDown(signal)
    } else {
      await this.#acquire().catch((error: unknown) =>
        log.error({ error: (error as Error).message }, 'no lock any more'),
      )
    }
  }

  // processShutdownEvent
  async #shutDown(signal: AbortSignal): Promise<void> {
    const { periods, pods, clock, log } = this.#options
    const active = pods.active()
    const start = clock.now()
    await this.#keep({ start })
    for (const group of shutdownGroups(periods, active)) await this.#end(group, signal)
    if (signal.aborted) return
    await this.#keep({ start, end: clock.now() })
    this.#release()
    log.info({}, 'Shutdown manager completed processing shutdown event, node will shutdown shortly')
  }

  async #keep(times: ShutdownTimes): Promise<void> {
    const { stateFile, metrics, log } = this.#options
    metrics.tell(times)
    await writeTimes(stateFile, times).catch((error: unknown) => {
      log.error({ error: (error as Error).message }, 'Failed to store graceful shutdown state')
    })
  }

  /** Ends Pods and waits until they and their volumes are gone, but not longer than they have. */
  // podManager.killPods
  async #end({ period, pods }: ShutdownGroup, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    const { priority, shutdownGracePeriodSeconds: seconds } = period
    log.info({ priority, seconds, pods: pods.length }, 'Shutdown manager killing pods of a group')
    const over = new AbortController()
    const until = AbortSignal.any([signal, over.signal])
    const gone = Promise.withResolvers<undefined>()
    until.addEventListener('abort', () => gone.resolve(undefined), { once: true })
    const cancel = clock.timer(seconds * 1000, () => {
      log.info({ priority, seconds }, 'Shutdown manager pod killing time out')
      over.abort()
    })
    const ended = Promise.all(
      pods.map(async ({ metadata: { uid = '' }, spec }) => {
        const grace = Math.min(seconds, spec.terminationGracePeriodSeconds ?? seconds)
        await this.#options.pods.evict(uid, terminated, grace)
        // so that a driver, which is likely to be of a higher priority, can still unmount
        while (!(await this.#options.pods.unmounted(uid))) await clock.sleep(unmountPollMs, until)
      }),
    )
    await Promise.race([ended.catch(() => undefined), gone.promise])
    cancel()
  }
}

const goDuration = (ms: number): string => formatGoDuration(BigInt(Math.round(ms)) * 1_000_000n)
