import type { Pod, PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import { parseTime } from '@kubets/shared/machinery/time.ts'
import type { ContainerStatus } from '../runtime/types.ts'
import { backOffEvents } from './back-off-events.ts'
import type { PodDeps } from './deps.ts'
import { GraceKeeper } from './grace.ts'
import { killContainer, prepareToKill } from './kill-container.ts'
import {
  failureOf,
  formatPod,
  readySandbox,
  shared,
  specOf,
  type PodFailure,
  type PodRuntimeState,
  type ProbeResults,
  type StartFailure,
  type StartFailures,
} from './model.ts'
import { PodVolumes } from './pod-volumes.ts'
import type { ResizeAction } from './resize.ts'
import { PodResizer, resizeRetryMs } from './resizer.ts'
import { runSandbox, sandboxFailure } from './sandbox.ts'
import { addressesOf, startContainer, StartError } from './start-container.ts'
import { PodStateReader } from './state.ts'
import { podStatus, rejectedStatus } from './status.ts'
import { sync, type Step, type SyncResult, type Waiting } from './sync.ts'

/** Where a worker's news go, and who knows of the other Pods. */
export interface PodReporter {
  report(pod: Pod, status: PodStatus): void
  /** Nothing of the Pod is left on the node; resolves when the API object is gone too. */
  finished(pod: Pod): Promise<void>
  /** Why the node cannot grant what the Pod wants now. */
  resizeRefusal(pod: Pod): Waiting | undefined
}

// pkg/kubelet/pod_workers.go killPodNow
const minKillMs = 10_000
// what waits for a time of the day looks so often whether the clock was set meanwhile
const clockLookMs = 10_000
const firstErrorMs = 250
const longestErrorMs = 10_000

/** One Pod's own loop: see what is, decide the next step, do it, say how things are. */
// pkg/kubelet/pod_workers.go, kubelet.go SyncPod
export class PodWorker {
  readonly #deps: PodDeps
  readonly #reporter: PodReporter
  readonly #reader: PodStateReader
  readonly #failures = new Map<string, StartFailure>()
  readonly #resizer: PodResizer
  readonly #grace: GraceKeeper
  readonly #volumes: PodVolumes
  readonly #rejected: Waiting | undefined
  readonly #ended = Promise.withResolvers<void>()
  readonly #seenAt: number
  #pod: Pod
  #status: PodStatus | undefined
  #gone: { graceSeconds: number } | undefined
  #evicted: { why: PodFailure; graceSeconds: number } | undefined
  #waiting: ReadonlyMap<string, Waiting> = new Map()
  #interrupt = new AbortController()
  /** By the ids of containers: what comes before they end, where that has begun. */
  readonly #prepared = new Map<string, Promise<void>>()
  #poked = false
  #resume: () => void = () => undefined

  /** @param rejected why the node does not take the Pod, if it does not: it has failed then, and nothing of it runs */
  constructor(deps: PodDeps, reporter: PodReporter, pod: Pod, rejected?: Waiting) {
    this.#deps = deps
    this.#reporter = reporter
    this.#pod = pod
    this.#rejected = rejected
    this.#seenAt = deps.clock.elapsed()
    const refusal = (wanted: Pod): Waiting | undefined => reporter.resizeRefusal(wanted)
    this.#resizer = new PodResizer(deps, pod.metadata.uid ?? '', this.#failures, refusal)
    this.#reader = new PodStateReader(deps.runtime, pod.metadata.uid ?? '')
    this.#volumes = new PodVolumes(deps)
    this.#grace = new GraceKeeper(deps.volumes.podDir(pod.metadata.uid ?? ''))
  }

  get pod(): Pod {
    return this.#pod
  }

  /** Takes a newer version of the Pod. */
  update(pod: Pod): void {
    const before = this.#ending()?.graceSeconds ?? Infinity
    // files that tell of the Pod follow it at once
    if (toldOf(pod) !== toldOf(this.#pod)) this.#volumes.changed()
    this.#pod = pod
    this.#hurry(before)
  }

  /** The Pod is gone from the API server: what is left of it ends with this grace. */
  remove(graceSeconds: number): void {
    const before = this.#ending()?.graceSeconds ?? Infinity
    this.#gone = { graceSeconds }
    this.#hurry(before)
  }

  /**
   * Ends the Pod, which has failed then, with this grace where it is shorter than the Pod's own. Resolves when nothing of
   * it runs any more, or when that takes too long.
   */
  // pkg/kubelet/pod_workers.go killPodNow
  async evict(why: PodFailure, graceSeconds = Infinity): Promise<void> {
    const { clock, lifetime } = this.#deps
    const before = this.#ending()?.graceSeconds ?? Infinity
    this.#evicted ??= { why, graceSeconds }
    this.#hurry(before)
    const graceMs = Math.min(graceSeconds, this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000
    const limit = new AbortController()
    const tooLong = clock.sleep(Math.max(minKillMs, graceMs * 1.5), AbortSignal.any([limit.signal, lifetime]))
    await Promise.race([this.#ended.promise, tooLong.catch(() => undefined)])
    limit.abort()
  }

  /** What volumes show has changed: brings their files up to date. */
  refresh(): void {
    this.#volumes.changed()
    this.#failures.delete(shared.volumes)
    this.poke()
  }

  /** Something may have changed: look again. `endedId`: a sandbox or container that an event says has ended. */
  poke(endedId?: string): void {
    if (endedId !== undefined) this.#reader.ended(endedId)
    this.#poked = true
    this.#resume()
  }

  // what goes on (a pull, a hook, a longer grace) must not delay an end
  #hurry(before: number): void {
    if ((this.#ending()?.graceSeconds ?? Infinity) < before) this.#interrupt.abort(new Error('the Pod must end'))
    this.poke()
  }

  /** Works until nothing of the Pod is left, or the kubelet stops. */
  async run(): Promise<void> {
    const { lifetime, clock, log, metrics } = this.#deps
    let errorMs = firstErrorMs
    lifetime.addEventListener('abort', () => this.#resume(), { once: true })
    while (!lifetime.aborted) {
      try {
        const begun = clock.elapsed()
        const operation = this.#ending() ? 'kill' : this.#status ? 'sync' : 'create'
        const { finished, wakeIn } = await this.#turn()
        metrics.worked(operation, (clock.elapsed() - begun) / 1000)
        if (finished) return this.#ended.resolve()
        errorMs = firstErrorMs
        if (wakeIn !== 0) await this.#wait(wakeIn)
      } catch (error) {
        if (lifetime.aborted) return
        if (this.#interrupt.signal.aborted) continue
        const text = error instanceof Error ? error.message : String(error)
        log.warn({ pod: formatPod(this.#pod), error: text }, 'work on a Pod failed, will be tried again')
        await this.#wait(errorMs, true)
        errorMs = Math.min(errorMs * 2, longestErrorMs)
      }
    }
  }

  async #turn(): Promise<{ finished: boolean; wakeIn: number | undefined }> {
    const { lifetime, clock } = this.#deps
    this.#poked = false
    if (this.#interrupt.signal.aborted) {
      this.#interrupt = new AbortController()
      this.#prepared.clear()
    }
    const interrupt = AbortSignal.any([lifetime, this.#interrupt.signal])
    const state = await this.#reader.read(lifetime)
    const now = clock.now()
    const ending = this.#ending()
    const fresh = this.#freshPod()
    const pod = ending ? this.#resizer.granted(fresh) : await this.#resizer.grant(fresh)
    const resizes: ReadonlyMap<string, ResizeAction> = ending ? new Map() : await this.#resizer.actions(pod, state)
    this.#updateProbes(pod, state, ending !== undefined)
    const result = sync({
      pod,
      state,
      now,
      ending,
      probes: (id, kind) => this.#deps.probes.result(id, kind),
      failures: inWallTime(this.#failures, now - clock.elapsed()),
      mostBackOffSeconds: this.#deps.node.maxContainerRestartMs / 1000,
      resizes,
      mounted: this.#volumes.areMounted(pod),
      volumesOnDisk: this.#volumes.onDisk,
    })
    this.#announce(pod, result.waiting)
    const over = result.done && !state.containers.some((one) => one.state === 'CONTAINER_RUNNING')
    // before anybody hears of the end, and gives what it had to another. pkg/kubelet/kubelet.go SyncTerminatingPod
    if (over) await this.#deps.dra.unprepare(pod.metadata.uid ?? '', lifetime)
    this.#report(pod, state, result, now)
    const [step, next] = result.steps
    if (step?.kind === 'finish') {
      await this.#finish(pod, state)
      return { finished: true, wakeIn: undefined }
    }
    if (step?.kind === 'mountVolumes' && next?.kind === 'runSandbox') {
      // a sandbox that still begins when volumes are given up must not be overlooked by what comes next
      const both = [this.#do(step, pod, state, interrupt), this.#do(next, pod, state, interrupt)]
      const failed = (await Promise.allSettled(both)).find((one) => one.status === 'rejected')
      if (failed) throw failed.reason
      this.#volumes.addressed(pod)
      return { finished: false, wakeIn: 0 }
    }
    if (step) {
      await this.#doAndTell(step, pod, state, result, interrupt)
      return { finished: false, wakeIn: 0 }
    }
    return { finished: false, wakeIn: await this.#rest(pod, state, result, now, interrupt) }
  }

  /** Nothing to do: keeps the volumes' files up to date and says in how long to look again. */
  async #rest(pod: Pod, state: PodRuntimeState, result: SyncResult, now: number, interrupt: AbortSignal) {
    const elapsed = this.#deps.clock.elapsed()
    const retryAt = this.#resizer.inProgress?.retryAt
    const waits = [result.wakeAt, this.#deadline()?.at]
      .filter((at) => at !== undefined && at > now)
      .map((at) => Math.min(Number(at) - now, clockLookMs))
    if (retryAt !== undefined && retryAt > elapsed) waits.push(retryAt - elapsed)
    if (this.#resizer.pending?.reason === 'Deferred') waits.push(resizeRetryMs)
    if (this.#volumes.areMounted(pod) && !result.done) {
      const again = await this.#volumes.refresh(pod, addressesOf(this.#deps, readySandbox(state)), interrupt)
      if (again !== undefined) waits.push(again)
    }
    return waits.length > 0 ? Math.min(...waits) : undefined
  }

  /** The Pod with the status as it was last reported, which the API server may not have sent back yet. */
  #freshPod(): Pod {
    if (!this.#status) return this.#pod
    const own = new Set(this.#status.conditions?.map((one) => one.type))
    const others = (this.#pod.status?.conditions ?? []).filter((one) => !own.has(one.type))
    const conditions = [...(this.#status.conditions ?? []), ...others]
    return { ...this.#pod, status: { ...this.#pod.status, ...this.#status, conditions } }
  }

  #ending(): { graceSeconds: number; remove: boolean } | undefined {
    if (this.#gone) return { ...this.#gone, remove: true }
    const { deletionTimestamp, deletionGracePeriodSeconds } = this.#pod.metadata
    const ofSpec = this.#pod.spec.terminationGracePeriodSeconds ?? 30
    const evicted = this.#evicted?.graceSeconds ?? Infinity
    if (deletionTimestamp !== undefined) {
      return { graceSeconds: Math.max(1, Math.min(evicted, deletionGracePeriodSeconds ?? ofSpec)), remove: true }
    }
    if (this.#rejected) return { graceSeconds: 1, remove: false }
    if (this.#evicted) return { graceSeconds: Math.max(1, Math.min(evicted, ofSpec)), remove: false }
    const deadline = this.#deadline()
    return deadline && deadline.at <= this.#deps.clock.now() ? { graceSeconds: ofSpec, remove: false } : undefined
  }

  // pkg/kubelet/active_deadline.go
  #deadline(): { at: number; failed: Waiting } | undefined {
    const { activeDeadlineSeconds } = this.#pod.spec
    const startTime = this.#status?.startTime ?? this.#pod.status?.startTime
    if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined
    const message = 'Pod was active on the node longer than the specified deadline'
    return { at: parseTime(startTime) + activeDeadlineSeconds * 1000, failed: { reason: 'DeadlineExceeded', message } }
  }

  #updateProbes(pod: Pod, state: PodRuntimeState, ending: boolean): void {
    const running = state.containers.filter((one) => one.state === 'CONTAINER_RUNNING')
    if (ending) this.#deps.probes.ending(pod.metadata.uid ?? '')
    // while it ends, what is probed goes on being probed, but nothing new is
    if (ending && running.length > 0) return
    const podIP = addressesOf(this.#deps, readySandbox(state)).podIPs[0] ?? ''
    this.#deps.probes.update(pod, running, podIP)
  }

  #announce(pod: Pod, waiting: ReadonlyMap<string, Waiting>): void {
    for (const { about, type, reason, message } of backOffEvents(pod, this.#waiting, waiting)) {
      this.#deps.recorder.event(about, type, reason, message)
    }
    this.#waiting = waiting
  }

  #report(pod: Pod, state: PodRuntimeState, result: SyncResult, now: number): void {
    // nobody looks at the status of what is gone
    if (this.#gone) return
    const failed = this.#rejected ?? this.#evicted?.why ?? this.#overtime(now, result.done)
    const ended = result.done && !state.containers.some((one) => one.state === 'CONTAINER_RUNNING')
    const probes: ProbeResults = (id, kind) => this.#deps.probes.result(id, kind)
    const { waiting } = result
    const error = this.#failures.get(shared.resize)?.message
    const resize = { pending: this.#resizer.pending, inProgress: this.#resizer.inProgress && { error } }
    const { actuated, actuatedPod } = this.#resizer.actuated
    const { ips: hostIPs } = this.#deps.node
    const before = (this.#status ?? pod.status)?.phase
    this.#status =
      this.#rejected && state.containers.length === 0
        ? rejectedStatus(pod, this.#rejected, now)
        : podStatus({ pod, state, now, failed, ended, probes, waiting, hostIPs, actuated, actuatedPod, resize })
    if (this.#status.phase === 'Running' && before !== 'Running') {
      this.#deps.metrics.began((this.#deps.clock.elapsed() - this.#seenAt) / 1000)
    }
    this.#reporter.report(pod, this.#status)
    if (ended) this.#ended.resolve()
  }

  #overtime(now: number, done: boolean): PodFailure | undefined {
    const deadline = this.#deadline()
    return deadline && deadline.at <= now && done ? deadline.failed : undefined
  }

  /** Does a step, and tells meanwhile when what is ready changes: a hook or a pull may take long. */
  // pkg/kubelet/status/status_manager.go SetContainerReadiness
  async #doAndTell(step: Step, pod: Pod, state: PodRuntimeState, result: SyncResult, interrupt: AbortSignal) {
    let going = true
    const done = this.#do(step, pod, state, interrupt).finally(() => {
      going = false
      this.#resume()
    })
    if (!isAsked(pod)) return done
    done.catch(() => undefined)
    while (going && !this.#deps.lifetime.aborted) {
      this.#poked = false
      await this.#wait(undefined)
      const { status = {} } = this.#freshPod()
      if (going) this.#report({ ...pod, status }, state, result, this.#deps.clock.now())
    }
    return done
  }

  async #do(step: Step, pod: Pod, state: PodRuntimeState, interrupt: AbortSignal): Promise<void> {
    const { runtime, lifetime } = this.#deps
    switch (step.kind) {
      case 'mountVolumes':
        return this.#mountVolumes(pod, state, interrupt)
      case 'runSandbox':
        return this.#runSandbox(pod, step.attempt, interrupt)
      case 'stopSandbox':
        return runtime.stopPodSandbox(step.id, lifetime)
      case 'removeContainer':
        return runtime.removeContainer(step.id, lifetime)
      case 'startContainer':
        return this.#startContainer(pod, state, step, interrupt)
      case 'killContainer':
        return this.#kill(pod, state, [step.id], step.graceSeconds, step.message, false, interrupt)
      case 'killAll':
        return this.#kill(pod, state, step.ids, await this.#graceLeft(step.graceSeconds), step.message, true, interrupt)
      case 'resizeContainer':
        return this.#resizer.resize(pod, step.id, step.name)
      case 'unmountVolumes':
        // pkg/kubelet/kubelet.go SyncTerminatedPod; the volumes last, as only they are remembered to be gone
        await this.#deps.cgroups.remove(pod.metadata.uid ?? '', lifetime)
        return this.#volumes.unmount(pod.metadata.uid ?? '', lifetime)
      case 'finish':
        return
    }
  }

  async #mountVolumes(pod: Pod, state: PodRuntimeState, interrupt: AbortSignal): Promise<void> {
    const addresses = addressesOf(this.#deps, readySandbox(state))
    const { failure, rejected } = await this.#volumes.mount(pod, addresses, interrupt)
    if (rejected !== undefined) this.#evicted ??= { why: rejected, graceSeconds: Infinity }
    if (failure === undefined) this.#failures.delete(shared.volumes)
    else this.#failures.set(shared.volumes, failure)
  }

  async #runSandbox(pod: Pod, attempt: number, interrupt: AbortSignal): Promise<void> {
    const { recorder, clock, lifetime, metrics } = this.#deps
    if (attempt > 0) {
      recorder.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    }
    try {
      await runSandbox(this.#deps, pod, attempt, interrupt, lifetime)
      metrics.sandbox(false)
      this.#failures.delete(shared.sandbox)
    } catch (error) {
      interrupt.throwIfAborted()
      const { reason, message, waitMs } = sandboxFailure(error)
      recorder.event(pod, 'Warning', reason, message)
      metrics.sandbox(true)
      this.#failures.set(shared.sandbox, { reason, message, retryAt: clock.elapsed() + waitMs })
    }
  }

  async #startContainer(
    pod: Pod,
    state: PodRuntimeState,
    step: Extract<Step, { kind: 'startContainer' }>,
    interrupt: AbortSignal,
  ): Promise<void> {
    const container = specOf(pod, step.name)
    const sandbox = state.sandboxes.find((one) => one.id === step.sandboxId)
    if (!container || !sandbox) return
    await this.#resizer.starts(pod, container)
    try {
      const before = failureOf(this.#failures, container)
      await startContainer(this.#deps, pod, container, step, state, sandbox, before, interrupt)
      this.#failures.delete(step.name)
      this.#deps.metrics.container(step.containerKind, undefined)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      this.#deps.metrics.container(step.containerKind, error.failure.reason)
      const { image } = container
      this.#failures.set(step.name, image === undefined ? error.failure : { ...error.failure, image })
    }
  }

  async #kill(
    pod: Pod,
    state: PodRuntimeState,
    ids: readonly string[],
    graceSeconds: number,
    message: string | undefined,
    all: boolean,
    interrupt: AbortSignal,
  ): Promise<void> {
    const podIP = addressesOf(this.#deps, readySandbox(state)).podIPs[0] ?? ''
    const running = state.containers.filter((one) => one.state === 'CONTAINER_RUNNING')
    const prepare = (one: ContainerStatus): Promise<void> =>
      prepareToKill(this.#deps, pod, one, graceSeconds, message, podIP, interrupt)
    if (all) {
      // sidecars end later, but hear of it when the others do
      for (const one of running) {
        if (this.#prepared.has(one.id)) continue
        const prepared = prepare(one)
        prepared.catch(() => undefined)
        this.#prepared.set(one.id, prepared)
      }
    }
    const now = running.filter((one) => ids.includes(one.id))
    await Promise.all(
      now.map((one) => {
        const prepared = this.#prepared.get(one.id) ?? prepare(one)
        return killContainer(this.#deps, one, graceSeconds, prepared, interrupt)
      }),
    )
  }

  /** What is left of the grace of a Pod that ends; none where all of it only starts again. */
  async #graceLeft(graceSeconds: number): Promise<number> {
    if (graceSeconds === 0) return 0
    try {
      return await this.#grace.left(graceSeconds, this.#deps.clock)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.#deps.log.warn({ pod: formatPod(this.#pod), error: text }, 'the end of its grace could not be written down')
      return graceSeconds
    }
  }

  async #finish(pod: Pod, state: PodRuntimeState): Promise<void> {
    const { runtime, volumes, lifetime } = this.#deps
    await Promise.all(state.containers.map((one) => runtime.removeContainer(one.id, lifetime)))
    await Promise.all(state.sandboxes.map((one) => runtime.removePodSandbox(one.id, lifetime)))
    // the folder tells of the Pod: it goes last
    await this.#deps.cgroups.remove(pod.metadata.uid ?? '', lifetime)
    await volumes.removePod(pod.metadata.uid ?? '', lifetime)
    this.#deps.allocations.forget(pod.metadata.uid ?? '')
    await this.#reporter.finished(pod)
  }

  async #wait(ms: number | undefined, deaf = false): Promise<void> {
    const { clock, lifetime } = this.#deps
    if (lifetime.aborted || (this.#poked && !deaf)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#resume = () => (deaf && !lifetime.aborted ? undefined : resolve())
    const cancel = ms === undefined ? () => undefined : clock.timer(ms, resolve)
    await promise
    cancel()
  }
}

/** Whether what is ready of it may change though nothing begins or ends. */
function isAsked({ spec: { initContainers = [], containers, readinessGates = [] } }: Pod): boolean {
  const all = [...initContainers, ...containers]
  return readinessGates.length > 0 || all.some((one) => one.readinessProbe ?? one.startupProbe)
}

/** The failures with times since the epoch, which is so far ahead of elapsed time. */
function inWallTime(failures: StartFailures, aheadMs: number): StartFailures {
  return new Map(
    [...failures].map(([name, failure]) => {
      const { retryAt, backOffAt } = failure
      const moved = { ...failure, retryAt: retryAt + aheadMs }
      return [name, backOffAt === undefined ? moved : { ...moved, backOffAt: backOffAt + aheadMs }]
    }),
  )
}

/** What files of the downward API may tell of a Pod, and may change. */
function toldOf({ metadata: { labels, annotations }, spec }: Pod): string {
  return JSON.stringify([labels, annotations, spec.containers.map(({ resources }) => resources)])
}
