import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Node, Pod } from '@kubets/shared/api/types/core-v1.ts'
import { pressureRefusal } from '../eviction/admission.ts'
import type { Pressure } from '../eviction/thresholds.ts'
import { admission, type Admission, type Rejection } from './admission.ts'
import { appArmorRefusal } from './app-armor.ts'
import type { PodDeps } from './deps.ts'
import type { PodFailure } from './model.ts'
import { preempted } from './preemption.ts'
import { forbiddenSysctl } from './sysctls.ts'

/** The Node object of this node. */
export interface OwnNode {
  /** As it was last seen, or as it will be registered. */
  known(): Node
  /** As the API server has it now. */
  fetch(): Promise<Node>
  /** What it is short of. */
  pressure(): readonly Pressure[]
  /** Whether it goes down. */
  shuttingDown(): boolean
}

export interface AdmitterOptions {
  node: OwnNode
  /** The Pods that the node has taken, other than this one, as they are granted. */
  others(pod: Pod): readonly Pod[]
  /** Sends a Pod away; resolves when nothing of it runs. */
  evict(podUid: string, why: PodFailure): Promise<void>
  /** Hears that a Pod is judged: that the node takes it, or why it does not. */
  judged(pod: Pod, why: Rejection | undefined): void
}

// pkg/kubelet/nodeshutdown/nodeshutdown_manager_linux.go Admit
const shuttingDown: Rejection = { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }

/** Judges new Pods: whether the node takes each, and what has to go for it. Of a Pod that has ended already it asks nothing. */
// pkg/kubelet/kubelet.go HandlePodAdditions, allocation/allocation_manager.go AddPod
export class PodAdmitter {
  readonly #deps: PodDeps
  readonly #options: AdmitterOptions
  /** Pods that are not judged yet: they wait for a newer look at the Node object, or for others to go. */
  readonly #unjudged = new Map<string, Pod>()
  /** Set while Pods are sent away for a critical one. */
  #preempting: Promise<void> | undefined

  constructor(deps: PodDeps, options: AdmitterOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** Whether the Pod is not judged yet. */
  has(podUid: string): boolean {
    return this.#unjudged.has(podUid)
  }

  /** The Pods that are not judged yet. */
  list(): Pod[] {
    return [...this.#unjudged.values()]
  }

  /** Takes a newer version of a Pod that is not judged yet. */
  update(pod: Pod): void {
    this.#unjudged.set(pod.metadata.uid ?? '', pod)
  }

  /** The Pod is gone: nobody hears of it any more. */
  forget(podUid: string): void {
    this.#unjudged.delete(podUid)
  }

  /** Judges a Pod. Never rejects. */
  async admit(pod: Pod): Promise<void> {
    const { cpus, devices } = this.#deps
    const { node } = this.#options
    const { uid = '' } = pod.metadata
    this.#unjudged.set(uid, pod)
    const wants = cpus.wants(pod) || devices.wants(pod)
    const refused = wants ? (this.#early(pod) ?? (await this.#allocate(uid))) : undefined
    if (refused) return this.#settle(uid, { why: refused, victims: [] })
    let newer: Node | undefined
    for (;;) {
      // nobody takes the room that is being made for another
      if (this.#preempting) {
        await this.#preempting
        continue
      }
      const found = this.#judge(uid, newer ?? node.known())
      // with nothing in between: the next Pod that is judged counts this one
      if (newer || found?.why?.reason !== 'NodeAffinity') return this.#settle(uid, found)
      // the node may have been labelled for this very Pod a moment ago
      newer = await node.fetch().catch(() => node.known())
    }
  }

  async #settle(uid: string, found: Admission | undefined): Promise<void> {
    if (found && found.victims.length > 0) {
      this.#preempting = this.#preempt(found).finally(() => (this.#preempting = undefined))
      await this.#preempting
    }
    const newest = this.#unjudged.get(uid)
    this.#unjudged.delete(uid)
    if (newest && !this.#deps.lifetime.aborted) this.#options.judged(newest, isOver(newest) ? undefined : found?.why)
  }

  /** undefined when the Pod is gone already. */
  #judge(uid: string, node: Node): Admission | undefined {
    const pod = this.#unjudged.get(uid)
    if (!pod) return undefined
    const { devices, allocations } = this.#deps
    const why = this.#early(pod)
    if (why) return { why, victims: [] }
    const found = admission(allocations.granted(pod), this.#options.others(pod), devices.sanitized(pod, node))
    return !found.why && this.#options.node.shuttingDown() ? { why: shuttingDown, victims: [] } : found
  }

  #early(pod: Pod): Rejection | undefined {
    const { sysctls, appArmor } = this.#deps.node
    const pressure = this.#options.node.pressure()
    return pressureRefusal(pod, pressure) ?? forbiddenSysctl(pod, sysctls) ?? appArmorRefusal(pod, appArmor)
  }

  /** What a Pod has alone, it gets before it is judged, as upstream does it. */
  // pkg/kubelet/cm/container_manager_linux.go GetAllocateResourcesPodAdmitHandler
  async #allocate(uid: string): Promise<Rejection | undefined> {
    const pod = this.#unjudged.get(uid)
    if (!pod) return undefined
    const { cpus, devices, allocations } = this.#deps
    return (await devices.allocate(pod)) ?? cpus.allocate(allocations.granted(pod))
  }

  // pkg/kubelet/preemption/preemption.go evictPodsToFreeRequests
  async #preempt({ victims, lacking }: Admission): Promise<void> {
    const { recorder, metrics } = this.#deps
    for (const victim of victims) {
      recorder.event(victim, 'Warning', preempted.reason, preempted.message)
      await this.#options.evict(victim.metadata.uid ?? '', preempted)
      metrics.preempted(lacking ?? '')
    }
  }
}

/** What ends or has ended is not judged any more. */
export function isOver(pod: Pod): boolean {
  return isPodTerminal(pod) || pod.metadata.deletionTimestamp !== undefined
}
