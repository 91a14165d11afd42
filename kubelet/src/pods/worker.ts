import type { Pod, PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import type { PodDeps } from './deps.ts'
import { deadlineOf, endingOf, failureOfPod, stageOf, type Ending, type Ends, type Stage } from './lifecycle.ts'
import {
  formatPod,
  inWallTime,
  readySandbox,
  runningContainers,
  shared,
  type PodFailure,
  type PodRuntimeState,
  type StartFailure,
} from './model.ts'
import { PodVolumes } from './pod-volumes.ts'
import { PodReports } from './reports.ts'
import type { ResizeAction } from './resize.ts'
import { PodResizer, resizeRetryMs } from './resizer.ts'
import { addressesOf } from './sandbox.ts'
import { Sleeper } from './sleeper.ts'
import { PodStateReader } from './state.ts'
import { PodSteps } from './steps.ts'
import { sync, type Step, type SyncResult, type Waiting } from './sync.ts'

/** Where a worker's news go, and who knows of the other Pods. */
export interface WorkerOwner {
  report(pod: Pod, status: PodStatus): void
  /** Nothing of the Pod is left on the node; resolves when the API object is gone too. */
  finished(pod: Pod): Promise<void>
  /** Why the node cannot grant what the Pod wants now. */
  resizeRefusal(pod: Pod): Waiting | undefined
}

/** What a worker sees of its Pod when it looks. */
interface Look {
  /** With the status that was last told, and with what it is granted. */
  pod: Pod
  state: PodRuntimeState
  now: number
  /** Set when it must end. */
  ending: Ending | undefined
  resizes: ReadonlyMap<string, ResizeAction>
}

// pkg/kubelet/pod_workers.go killPodNow
const minKillMs = 10_000
// what waits for a time of the day looks so often whether the clock was set meanwhile
const clockLookMs = 10_000
const firstErrorMs = 250
const longestErrorMs = 10_000

/**
 * One Pod's own loop through the stages of its life (lifecycle.ts): see what is, decide what comes next (sync.ts), say how
 * things are (reports.ts), do one step (steps.ts), and look again; with nothing to do, sleep until something changes.
 */
// pkg/kubelet/pod_workers.go podWorkerLoop
export class PodWorker {
  readonly #deps: PodDeps
  readonly #owner: WorkerOwner
  readonly #uid: string
  readonly #ends: Ends
  readonly #failures = new Map<string, StartFailure>()
  readonly #reader: PodStateReader
  readonly #resizer: PodResizer
  readonly #volumes: PodVolumes
  readonly #steps: PodSteps
  readonly #reports: PodReports
  readonly #sleeper: Sleeper
  /** Resolves when nothing of the Pod runs any more. */
  readonly #ended = Promise.withResolvers<void>()
  #pod: Pod
  /** Aborts the step that goes on, as the Pod must end sooner. */
  #interrupt = new AbortController()

  /** @param rejected why the node does not take the Pod, if it does not: it has failed then, and nothing of it runs */
  constructor(deps: PodDeps, owner: WorkerOwner, pod: Pod, rejected?: Waiting) {
    const { uid = '' } = pod.metadata
    this.#deps = deps
    this.#owner = owner
    this.#uid = uid
    this.#pod = pod
    this.#ends = rejected ? { rejected } : {}
    this.#reader = new PodStateReader(deps.runtime, uid)
    this.#resizer = new PodResizer(deps, uid, this.#failures, (wanted) => owner.resizeRefusal(wanted))
    this.#volumes = new PodVolumes(deps)
    this.#steps = new PodSteps(deps, uid, {
      volumes: this.#volumes,
      resizer: this.#resizer,
      failures: this.#failures,
      cannotStay: (why) => (this.#ends.evicted ??= { why, graceSeconds: Infinity }),
    })
    this.#reports = new PodReports(deps, this.#resizer, this.#failures, (told, status) => owner.report(told, status))
    this.#sleeper = new Sleeper(deps.clock, deps.lifetime)
  }

  get pod(): Pod {
    return this.#pod
  }

  /** Takes a newer version of the Pod. */
  update(pod: Pod): void {
    this.#change(() => {
      this.#volumes.updated(this.#pod, pod)
      this.#pod = pod
    })
  }

  /** The Pod is gone from the API server: what is left of it ends with this grace. */
  remove(graceSeconds: number): void {
    this.#change(() => (this.#ends.gone = { graceSeconds }))
  }

  /**
   * Ends the Pod, which has failed then, with this grace where it is shorter than the Pod's own. Resolves when nothing of
   * it runs any more, or when that takes too long.
   */
  // pkg/kubelet/pod_workers.go killPodNow
  async evict(why: PodFailure, graceSeconds = Infinity): Promise<void> {
    const { clock, lifetime } = this.#deps
    this.#change(() => (this.#ends.evicted ??= { why, graceSeconds }))
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
    this.#sleeper.wake()
  }

  /** Takes a change after which the Pod may have to end: what goes on (a pull, a hook, a longer grace) must not delay that. */
  #change(make: () => void): void {
    const before = this.#ending()?.graceSeconds ?? Infinity
    make()
    const after = this.#ending()?.graceSeconds ?? Infinity
    if (after < before) this.#interrupt.abort(new Error('the Pod must end'))
    this.poke()
  }

  /** Works until nothing of the Pod is left, or the kubelet stops. */
  async run(): Promise<void> {
    const { lifetime, clock, log, metrics } = this.#deps
    let errorMs = firstErrorMs
    while (!lifetime.aborted) {
      try {
        const begun = clock.elapsed()
        const operation = this.#ending() ? 'kill' : this.#reports.status ? 'sync' : 'create'
        const { stage, wakeIn } = await this.#turn()
        metrics.worked(operation, (clock.elapsed() - begun) / 1000)
        if (stage === 'finished') return this.#ended.resolve()
        errorMs = firstErrorMs
        if (wakeIn !== 0) await this.#sleeper.sleep(wakeIn)
      } catch (error) {
        if (lifetime.aborted) return
        if (this.#interrupt.signal.aborted) continue
        const text = error instanceof Error ? error.message : String(error)
        log.warn({ pod: formatPod(this.#pod), error: text }, 'work on a Pod failed, will be tried again')
        await this.#sleeper.sleep(errorMs, true)
        errorMs = Math.min(errorMs * 2, longestErrorMs)
      }
    }
  }

  /** Looks, and does one step. Answers in which stage the Pod is, and in how long to look again (undefined: when woken). */
  async #turn(): Promise<{ stage: Stage; wakeIn: number | undefined }> {
    this.#sleeper.up()
    const interrupt = this.#interruptible()
    const look = await this.#look()
    this.#probe(look)
    const plan = this.#plan(look)
    const stage = stageOf(plan, look.state)
    this.#reports.announce(look.pod, plan.waiting)
    if (hasEnded(stage)) {
      // before anybody hears of the end, and gives what it had to another. pkg/kubelet/kubelet.go SyncTerminatingPod
      await this.#deps.dra.unprepare(this.#uid, this.#deps.lifetime)
    }
    this.#tell(look, plan, stage)
    const [step, next] = plan.steps
    if (!step) return { stage, wakeIn: await this.#rest(look, plan, interrupt) }
    if (step.kind === 'mountVolumes' && next?.kind === 'runSandbox') await this.#begin(step, next, look, interrupt)
    else if (step.kind === 'finish') {
      await this.#steps.do(step, look.pod, look.state, interrupt)
      await this.#owner.finished(look.pod)
    } else await this.#doAndTell(step, look, plan, stage, interrupt)
    return { stage, wakeIn: 0 }
  }

  /** What ends the steps of this turn: the kubelet's end, or that the Pod must end sooner. */
  #interruptible(): AbortSignal {
    if (this.#interrupt.signal.aborted) {
      this.#interrupt = new AbortController()
      this.#steps.interrupted()
    }
    return AbortSignal.any([this.#deps.lifetime, this.#interrupt.signal])
  }

  async #look(): Promise<Look> {
    const { lifetime, clock, allocations } = this.#deps
    const state = await this.#reader.read(lifetime)
    const now = clock.now()
    const ending = this.#ending()
    const fresh = this.#reports.fresh(this.#pod)
    // what ends is granted nothing more
    if (ending) return { pod: allocations.granted(fresh), state, now, ending, resizes: new Map() }
    const pod = await this.#resizer.grant(fresh)
    return { pod, state, now, ending, resizes: await this.#resizer.actions(pod, state) }
  }

  #plan(look: Look): SyncResult {
    const { clock, node, probes } = this.#deps
    return sync({
      ...look,
      probes: (id, kind) => probes.result(id, kind),
      failures: inWallTime(this.#failures, look.now - clock.elapsed()),
      mostBackOffSeconds: node.maxContainerRestartMs / 1000,
      mounted: this.#volumes.areMounted(look.pod),
      volumesOnDisk: this.#volumes.onDisk,
    })
  }

  #tell({ pod, state, now }: Omit<Look, 'ending' | 'resizes'>, { waiting, done }: SyncResult, stage: Stage): void {
    // nobody looks at the status of what is gone
    if (this.#ends.gone) return
    const ended = hasEnded(stage)
    const failed = failureOfPod(this.#ends, done && this.#isOvertime(now))
    this.#reports.tell({ pod, state, now, waiting, ended, rejected: this.#ends.rejected, failed })
    if (ended) this.#ended.resolve()
  }

  /** Volumes and sandbox take their time side by side. */
  async #begin(mount: Step, run: Step, { pod, state }: Look, interrupt: AbortSignal): Promise<void> {
    // a sandbox that still begins when volumes are given up must not be overlooked by what comes next
    const both = [mount, run].map((step) => this.#steps.do(step, pod, state, interrupt))
    const failed = (await Promise.allSettled(both)).find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
    this.#volumes.addressed(pod)
  }

  /** Does a step, and tells meanwhile when what is ready changes: a hook or a pull may take long. */
  // pkg/kubelet/status/status_manager.go SetContainerReadiness
  async #doAndTell(step: Step, look: Look, plan: SyncResult, stage: Stage, interrupt: AbortSignal): Promise<void> {
    const { lifetime, clock } = this.#deps
    const { pod, state } = look
    let going = true
    const done = this.#steps.do(step, pod, state, interrupt).finally(() => {
      going = false
      this.#sleeper.wake()
    })
    if (!isAsked(pod)) return done
    done.catch(() => undefined)
    while (going && !lifetime.aborted) {
      this.#sleeper.up()
      await this.#sleeper.sleep(undefined)
      const { status = {} } = this.#reports.fresh(this.#pod)
      if (going) this.#tell({ pod: { ...pod, status }, state, now: clock.now() }, plan, stage)
    }
    return done
  }

  /** Nothing to do: keeps the volumes' files up to date and says in how long to look again. */
  async #rest({ pod, state, now }: Look, plan: SyncResult, interrupt: AbortSignal): Promise<number | undefined> {
    const elapsed = this.#deps.clock.elapsed()
    const retryAt = this.#resizer.inProgress?.retryAt
    const waits = [plan.wakeAt, this.#deadline()]
      .filter((at) => at !== undefined && at > now)
      .map((at) => Math.min(Number(at) - now, clockLookMs))
    if (retryAt !== undefined && retryAt > elapsed) waits.push(retryAt - elapsed)
    if (this.#resizer.pending?.reason === 'Deferred') waits.push(resizeRetryMs)
    if (this.#volumes.areMounted(pod) && !plan.done) {
      const again = await this.#volumes.refresh(pod, addressesOf(this.#deps, readySandbox(state)), interrupt)
      if (again !== undefined) waits.push(again)
    }
    return waits.length > 0 ? Math.min(...waits) : undefined
  }

  #probe({ pod, state, ending }: Look): void {
    const { probes } = this.#deps
    const running = runningContainers(state)
    if (ending) probes.ending(this.#uid)
    // while it ends, what is probed goes on being probed, but nothing new is
    if (ending && running.length > 0) return
    const podIP = addressesOf(this.#deps, readySandbox(state)).podIPs[0] ?? ''
    probes.update(pod, running, podIP)
  }

  #ending(): Ending | undefined {
    return endingOf(this.#pod, this.#ends, this.#isOvertime(this.#deps.clock.now()))
  }

  #isOvertime(now: number): boolean {
    return (this.#deadline() ?? Infinity) <= now
  }

  #deadline(): number | undefined {
    return deadlineOf(this.#pod, this.#reports.status?.startTime ?? this.#pod.status?.startTime)
  }
}

function hasEnded(stage: Stage): boolean {
  return stage === 'terminated' || stage === 'finished'
}

/** Whether what is ready of it may change though nothing begins or ends. */
function isAsked({ spec: { initContainers = [], containers, readinessGates = [] } }: Pod): boolean {
  const all = [...initContainers, ...containers]
  return readinessGates.length > 0 || all.some((one) => one.readinessProbe ?? one.startupProbe)
}
