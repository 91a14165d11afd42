import type { ObjectReference, Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Recorder } from '../events.ts'
import type { PodFailure } from '../pods/model.ts'
import { isCritical } from '../pods/preemption.ts'
import type { PodSizes } from '../stats/sizes.ts'
import type { NodeUsage, Usage } from '../stats/usage.ts'
import { evicted } from './admission.ts'
import { calm, decide, graceSecondsOf, immediateGraceSeconds, type EvictionState } from './decide.ts'
import { localStorageExcess } from './local-storage.ts'
import { evictionMessage } from './message.ts'
import { crossed, observationsOf, type Observations } from './observations.ts'
import { rank } from './rank.ts'
import { signals, type Pressure, type Threshold } from './thresholds.ts'

export interface EvictionPolicy {
  thresholds: readonly Threshold[]
  /** The longest grace that a soft threshold leaves a Pod, in seconds; at least one is left. */
  maxPodGraceSeconds: number
  /** For how long the node's condition stays when its reason is gone. */
  transitionMs: number
}

export interface EvictionOptions {
  policy: EvictionPolicy
  stats: { node(signal: AbortSignal): Promise<NodeUsage>; collect(signal: AbortSignal): Promise<Usage> }
  sizes: { of(podUid: string): PodSizes }
  pods: {
    /** Those that run or may run. */
    active(): Pod[]
    /** Ends a Pod, and waits for that as long as it may take. */
    evict(podUid: string, why: PodFailure, graceSeconds: number): Promise<void>
    /** True when nothing of the Pod takes room any more. */
    cleanedUp(podUid: string): Promise<boolean>
  }
  /** Makes room without taking any from Pods. */
  garbage: {
    deleteUnusedContainers(signal: AbortSignal): Promise<void>
    deleteUnusedImages(signal: AbortSignal): Promise<void>
  }
  recorder: Recorder
  node: ObjectReference
  clock: Clock
  log: Logger
  /** Called for each Pod that had to go. */
  counted(signal: string): void
  /** The node's conditions are others now. */
  changed(): void
}

// pkg/kubelet/kubelet.go evictionMonitoringPeriod
const periodMs = 10_000
// eviction_manager.go podCleanupTimeout, podCleanupPollFreq
const cleanupMs = 30_000
const cleanupPollMs = 1000

/** Watches what the node has left, and ends Pods before it has nothing left. */
// pkg/kubelet/eviction/eviction_manager.go managerImpl
export class EvictionManager {
  readonly #options: EvictionOptions
  #state: EvictionState = calm
  #conditions: readonly Pressure[] = []

  constructor(options: EvictionOptions) {
    this.#options = options
  }

  /** The conditions that the node has now. */
  get conditions(): readonly Pressure[] {
    return this.#conditions
  }

  /** Looks every ten seconds, and at once after Pods had to go, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      try {
        const gone = await this.#look(signal)
        for (const pod of gone) await this.#waitForCleanup(pod, signal)
        if (gone.length > 0) continue
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error: error instanceof Error ? error.message : String(error) }, 'resources could not be watched')
      }
      await clock.sleep(periodMs, signal).catch(() => undefined)
    }
  }

  /** One look; returns the Pods that had to go. */
  // synchronize
  async #look(signal: AbortSignal): Promise<Pod[]> {
    const { policy, stats, clock } = this.#options
    const node = await stats.node(signal)
    // to measure all Pods is dear: it is for when the node may be short of something
    const worst = observationsOf(node, undefined)
    const suspect = [...crossed(policy.thresholds, worst, { reclaim: true }), ...this.#state.met].length > 0
    const usage = suspect ? await stats.collect(signal) : undefined
    const observations = usage ? observationsOf(usage, usage.pods) : worst
    const decision = decide(policy.thresholds, observations, this.#state, policy.transitionMs, clock.elapsed())
    this.#state = decision.state
    const before = this.#conditions
    this.#conditions = decision.conditions
    if (before.join(' ') !== decision.conditions.join(' ')) this.#options.changed()
    const over = await this.#evictOverLimit(node.imagesApart)
    if (over.length > 0) return over
    const [threshold] = decision.act
    return threshold && usage ? this.#reclaim(threshold, decision.act, usage, observations, signal) : []
  }

  // localStorageEviction
  async #evictOverLimit(imagesApart: boolean): Promise<Pod[]> {
    const { pods, sizes } = this.#options
    const gone: Pod[] = []
    for (const pod of pods.active()) {
      const excess = localStorageExcess(pod, sizes.of(pod.metadata.uid ?? ''), imagesApart)
      const why = { reason: evicted, message: excess?.message ?? '' }
      if (excess && (await this.#evict(pod, why, {}, immediateGraceSeconds, excess.signal))) gone.push(pod)
    }
    return gone
  }

  async #reclaim(
    threshold: Threshold,
    act: readonly Threshold[],
    usage: Usage,
    observations: Observations,
    signal: AbortSignal,
  ): Promise<Pod[]> {
    const { policy, pods, recorder, node, log } = this.#options
    const { resource } = signals[threshold.signal]
    recorder.event(node, 'Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`)
    if (await this.#reclaimOfNode(threshold, usage.imagesApart, signal)) return []
    const known = new Map(usage.pods.map((one) => [one.pod.metadata.uid, one]))
    const usageOf = ({ metadata }: Pod) => known.get(metadata.uid)
    for (const pod of rank(pods.active(), threshold.signal, usageOf, usage.imagesApart)) {
      const { message, annotations } = evictionMessage(resource, pod, usageOf(pod), act, observations)
      const why = { reason: evicted, message, disruption: message }
      const grace = graceSecondsOf(threshold, policy.maxPodGraceSeconds)
      // one at a time: it may be enough
      if (await this.#evict(pod, why, annotations, grace, threshold.signal)) return [pod]
    }
    log.warn({ resource }, 'no Pod can be evicted')
    return []
  }

  /** True when there is enough again without an end of Pods. */
  // reclaimNodeLevelResources, buildSignalToNodeReclaimFuncs
  async #reclaimOfNode({ signal: short }: Threshold, imagesApart: boolean, signal: AbortSignal): Promise<boolean> {
    const { garbage, stats, policy, log } = this.#options
    const ofDisk = signals[short].condition === 'DiskPressure'
    if (!ofDisk || (imagesApart && !short.startsWith('imagefs.'))) return false
    for (const collect of [garbage.deleteUnusedContainers, garbage.deleteUnusedImages]) {
      await collect.call(garbage, signal).catch((error: unknown) => {
        signal.throwIfAborted()
        log.warn({ error: error instanceof Error ? error.message : String(error) }, 'not all garbage could be removed')
      })
    }
    const after = await stats.collect(signal)
    return crossed(policy.thresholds, observationsOf(after, after.pods), { reclaim: true }).length === 0
  }

  /** False when the Pod may not go. */
  // evictPod
  async #evict(
    pod: Pod,
    why: PodFailure,
    annotations: Readonly<Record<string, string>>,
    graceSeconds: number,
    counted: string,
  ): Promise<boolean> {
    if (isCritical(pod)) return false
    const { recorder, pods } = this.#options
    recorder.event(pod, 'Warning', why.reason, why.message, annotations)
    await pods.evict(pod.metadata.uid ?? '', why, graceSeconds)
    this.#options.counted(counted)
    return true
  }

  // waitForPodsCleanup
  async #waitForCleanup(pod: Pod, signal: AbortSignal): Promise<void> {
    const { clock, pods } = this.#options
    const until = clock.elapsed() + cleanupMs
    do {
      await clock.sleep(cleanupPollMs, signal)
    } while (clock.elapsed() < until && !(await pods.cleanedUp(pod.metadata.uid ?? '')))
  }
}
