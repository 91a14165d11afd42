import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import { pods as podsRef } from '@kubets/shared/api/resources.gen.ts'
import type { Node, Pod, PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'
import { isConflict, isNotFound } from '@kubets/shared/machinery/errors.ts'
import { formatMicroTime } from '@kubets/shared/machinery/time.ts'
import type { PodIdentity } from '../runtime/types.ts'
import { MirrorWriter } from '../static/mirror-writer.ts'
import { fullName, isMirror, isStatic } from '../static/mirror.ts'
import { StaticPods } from '../static/static-pods.ts'
import { pressureRefusal } from '../eviction/admission.ts'
import type { Pressure } from '../eviction/thresholds.ts'
import { admission, resizeRefusal, type Admission, type Rejection } from './admission.ts'
import { appArmorRefusal } from './app-armor.ts'
import type { PodDeps } from './deps.ts'
import type { PodFailure } from './model.ts'
import { preempted } from './preemption.ts'
import { withAllocated } from './resize.ts'
import { changedPods, traces, type PodTrace } from './relist.ts'
import { StatusWriter } from './status-writer.ts'
import { forbiddenSysctl } from './sysctls.ts'
import { PodWorker } from './worker.ts'

const relistMs = 10_000
// pkg/kubelet/kubelet.go SyncLoopHealthCheck
const stuckMs = 120_000
const deleteRetryMs = 1000
// pkg/kubelet/kubelet_pods.go HandlePodCleanups: what nobody knows any more ends soon
const orphanGraceSeconds = 2

// pkg/kubelet/nodeshutdown/nodeshutdown_manager_linux.go Admit
const shuttingDown: Rejection = { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }

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

/**
 * Has a worker for each Pod of this node, from the API server or static, and for what is left of Pods that nobody knows any
 * more. Mirrors have none: they show how their static Pod is.
 */
export class PodManager {
  readonly #deps: PodDeps
  readonly #client: Client
  readonly #informer: Informer<Pod>
  readonly #node: OwnNode
  readonly #writer: StatusWriter
  readonly #static = new StaticPods()
  readonly #mirrors: MirrorWriter
  readonly #workers = new Map<string, PodWorker>()
  /** Static Pods that wait for the end of another of their name, by that name. */
  readonly #waiting = new Map<string, Pod>()
  /** Pods whose worker has ended while the API server still has them. */
  readonly #ended = new Set<string>()
  /** Pods that this node does not take, which have failed for that. */
  readonly #rejected = new Set<string>()
  /** Pods that are not judged yet: they wait for a newer look at the Node object, or for others to go. */
  readonly #unjudged = new Map<string, Pod>()
  /** Set while Pods are sent away for a critical one. */
  #preempting: Promise<void> | undefined
  /** Pods that nobody knows, of which something on disk is being removed. */
  readonly #leaving = new Set<string>()
  #seen: ReadonlyMap<string, PodTrace> = new Map()
  /** All Pods that there are to run are known: what nobody knows can go. */
  #complete = false
  /** When the runtime was last looked through, in elapsed time. */
  #lookedAt: number | undefined

  constructor(deps: PodDeps, client: Client, informer: Informer<Pod>, node: OwnNode) {
    this.#deps = deps
    this.#client = client
    this.#informer = informer
    this.#node = node
    this.#writer = new StatusWriter(client, deps.clock, deps.log, deps.lifetime)
    this.#mirrors = new MirrorWriter({
      client,
      clock: deps.clock,
      log: deps.log,
      node: () => node.fetch(),
      find: (name) => this.#static.mirrored(name, (pod) => this.#runsAnother(name, pod)),
    })
    informer.addHandler({
      add: (pod) => this.#take(pod),
      update: (old, pod) => {
        if (old.metadata.uid !== pod.metadata.uid) this.#lose(old)
        this.#take(pod)
      },
      delete: (pod) => this.#lose(pod),
    })
  }

  /** The Pods of this node, static ones too, with the status that the API server knows. */
  list(): Pod[] {
    return [...this.#static.list(), ...this.#informer.lister.list().filter((pod) => !isMirror(pod))]
  }

  get(namespace: string, name: string): Pod | undefined {
    const pod = this.#informer.lister.get(name, namespace)
    return this.#static.byName(`${namespace}/${name}`) ?? (pod && isMirror(pod) ? undefined : pod)
  }

  /** Takes all static Pods that a source has now. */
  setStatic(source: string, pods: readonly Pod[]): void {
    const now = formatMicroTime(this.#deps.clock.now())
    const { added, changed, removed, ignored } = this.#static.set(source, pods, now)
    const text = 'Pod failed validation due to duplicate pod name, ignoring'
    for (const pod of ignored) this.#deps.log.warn({ pod: fullName(pod), source }, text)
    for (const pod of removed) this.#loseStatic(pod)
    for (const pod of changed) this.#workers.get(pod.metadata.uid ?? '')?.update(pod)
    for (const pod of added) this.#takeStatic(pod)
  }

  /** Makes the worker of a Pod look again. */
  poke(podUid: string): void {
    this.#workers.get(podUid)?.poke()
  }

  /** Makes the worker of a Pod bring the files of its volumes up to date. */
  refresh(podUid: string): void {
    this.#workers.get(podUid)?.refresh()
  }

  /**
   * Follows the runtime until the kubelet ends. `synced` tells when the informer has, `seen` when the sources of static Pods
   * have said what they have: what nobody knows by then is removed. `mirrored`: static Pods have mirrors.
   */
  async run(synced: Promise<unknown>, seen: Promise<unknown>, mirrored = true): Promise<void> {
    const { lifetime } = this.#deps
    if (lifetime.aborted) return
    const ended = Promise.withResolvers<undefined>()
    lifetime.addEventListener('abort', () => ended.resolve(undefined), { once: true })
    const removing = Promise.all([synced, seen]).then(() => {
      this.#complete = true
      return this.#relist()
    })
    const mirroring = synced.then(() => {
      if (!mirrored) return
      for (const name of this.#static.names()) this.#mirrors.check(name)
      return this.#mirrors.run(lifetime)
    })
    await Promise.all([
      this.#followEvents(),
      this.#relistForever(),
      Promise.race([Promise.all([removing, mirroring]), ended.promise]),
    ])
  }

  /** What is wrong when the runtime could not be looked through for long; undefined when nothing is. */
  stuck(): string | undefined {
    const late = this.#lookedAt !== undefined && this.#deps.clock.elapsed() - this.#lookedAt > stuckMs
    return late ? 'sync Loop took longer than expected' : undefined
  }

  async #followEvents(): Promise<void> {
    for await (const event of this.#deps.runtime.containerEvents(this.#deps.lifetime)) {
      if (event.type === 'missed') await this.#relist()
      else this.#workers.get(event.podUid)?.poke(event.type === 'stopped' ? event.containerId : undefined)
    }
  }

  async #relistForever(): Promise<void> {
    const { clock, lifetime } = this.#deps
    while (!lifetime.aborted) {
      await this.#relist()
      await clock.sleep(relistMs, lifetime).catch(() => undefined)
    }
  }

  async #relist(): Promise<void> {
    const { runtime, lifetime, cgroups, clock, metrics } = this.#deps
    const begun = clock.elapsed()
    try {
      const [sandboxes, containers] = await Promise.all([
        runtime.listPodSandbox({}, lifetime),
        runtime.listContainers({}, lifetime),
      ])
      const took = (clock.elapsed() - begun) / 1000
      const since = this.#lookedAt === undefined ? undefined : (begun - this.#lookedAt) / 1000
      metrics.relisted(sandboxes, containers, { took, since, at: clock.now() / 1000 })
      const now = traces(sandboxes, containers)
      for (const uid of changedPods(this.#seen, now)) this.poke(uid)
      this.#seen = now
      if (this.#complete) await this.#removeUnknown(now)
      this.#lookedAt = clock.elapsed()
      await cgroups.refresh(lifetime)
    } catch (error) {
      if (lifetime.aborted) return
      this.#deps.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'relist failed')
    }
  }

  async #removeUnknown(now: ReadonlyMap<string, PodTrace>): Promise<void> {
    const { volumes } = this.#deps
    for (const [uid, trace] of now) if (!this.#knows(uid)) this.#adoptOrphan(trace.identity)
    for (const uid of await volumes.podsOnDisk()) {
      if (this.#knows(uid) || now.has(uid) || this.#leaving.has(uid)) continue
      // in the background: a driver that does not let a volume go holds nobody else up
      this.#leaving.add(uid)
      void this.#removeLeft(uid).finally(() => this.#leaving.delete(uid))
    }
  }

  /** Removes what is on disk of a Pod that nobody knows. Never rejects: the next look tries again. */
  async #removeLeft(uid: string): Promise<void> {
    const { volumes, cgroups, lifetime, log } = this.#deps
    try {
      await cgroups.remove(uid, lifetime)
      await volumes.removePod(uid, lifetime)
    } catch (error) {
      if (lifetime.aborted) return
      const text = error instanceof Error ? error.message : String(error)
      log.warn({ pod: uid, error: text }, 'what is left of a Pod could not be removed, will be tried again')
    }
  }

  /** Whether nothing of a Pod is on the node any more; false while not all Pods are known. */
  isGone(podUid: string): boolean {
    return this.#complete && !this.#knows(podUid)
  }

  #knows(uid: string): boolean {
    return this.#workers.has(uid) || this.#unjudged.has(uid)
  }

  #take(pod: Pod): void {
    if (isMirror(pod)) return this.#takeMirror(pod)
    const uid = pod.metadata.uid ?? ''
    this.#writer.observe(pod)
    const worker = this.#workers.get(uid)
    if (worker) worker.update(pod)
    else if (this.#unjudged.has(uid)) this.#unjudged.set(uid, pod)
    else if (isOver(pod)) this.#start(pod)
    else void this.#admit(pod)
  }

  #takeMirror(mirror: Pod): void {
    this.#static.takeMirror(mirror)
    this.#writer.observe(mirror)
    const pod = this.#static.byName(fullName(mirror))
    // the worker has news for it
    if (pod && this.#static.mirrorOf(pod) === mirror) this.#workers.get(pod.metadata.uid ?? '')?.update(pod)
    this.#mirrors.check(fullName(mirror))
  }

  // pkg/kubelet/pod_workers.go allowStaticPodStart: one of a name at a time
  #takeStatic(pod: Pod): void {
    const name = fullName(pod)
    if (this.#runsAnother(name, undefined)) this.#waiting.set(name, pod)
    else void this.#admit(pod)
    this.#mirrors.check(name)
  }

  #loseStatic(pod: Pod): void {
    const { uid = '' } = pod.metadata
    this.#unjudged.delete(uid)
    this.#rejected.delete(uid)
    const name = fullName(pod)
    if (this.#waiting.get(name)?.metadata.uid === uid) this.#waiting.delete(name)
    this.#workers.get(uid)?.remove(pod.spec.terminationGracePeriodSeconds ?? 30)
    this.#mirrors.check(name)
  }

  /** Whether a Pod of that name has not ended, other than this one. */
  #runsAnother(name: string, pod: Pod | undefined): boolean {
    return this.#workers.entries().some(([uid, worker]) => uid !== pod?.metadata.uid && fullName(worker.pod) === name)
  }

  /** A static Pod may have waited for the end of this one; and its mirror for the end of what it shows. */
  #goOn(name: string): void {
    const next = this.#waiting.get(name)
    this.#waiting.delete(name)
    if (next) this.#takeStatic(next)
    else if (this.#static.names().has(name)) this.#mirrors.check(name)
  }

  // pkg/kubelet/kubelet.go HandlePodAdditions
  async #admit(pod: Pod): Promise<void> {
    const { uid = '' } = pod.metadata
    this.#unjudged.set(uid, pod)
    let newer: Node | undefined
    let found: Admission | undefined
    const { cpus, devices } = this.#deps
    const wants = cpus.wants(pod) || devices.wants(pod)
    const refused = wants ? (this.#early(pod) ?? (await this.#allocate(uid))) : undefined
    if (refused) found = { why: refused, victims: [] }
    while (!refused) {
      // nobody takes the room that is being made for another
      if (this.#preempting) {
        await this.#preempting
        continue
      }
      found = this.#judge(uid, newer ?? this.#node.known())
      if (newer || found?.why?.reason !== 'NodeAffinity') break
      // the node may have been labelled for this very Pod a moment ago
      newer = await this.#node.fetch().catch(() => this.#node.known())
    }
    if (found && found.victims.length > 0) {
      this.#preempting = this.#preempt(found).finally(() => (this.#preempting = undefined))
      await this.#preempting
    }
    const newest = this.#unjudged.get(uid)
    this.#unjudged.delete(uid)
    if (newest && !this.#deps.lifetime.aborted) this.#begin(newest, isOver(newest) ? undefined : found?.why)
  }

  /** undefined when the Pod is gone already. */
  #judge(uid: string, node: Node): Admission | undefined {
    const pod = this.#unjudged.get(uid)
    if (!pod) return undefined
    const why = this.#early(pod)
    if (why) return { why, victims: [] }
    const found = admission(this.#granted(pod), this.#others(pod), this.#deps.devices.sanitized(pod, node))
    return !found.why && this.#node.shuttingDown() ? { why: shuttingDown, victims: [] } : found
  }

  #early(pod: Pod): Rejection | undefined {
    const { sysctls, appArmor } = this.#deps.node
    return (
      pressureRefusal(pod, this.#node.pressure()) ?? forbiddenSysctl(pod, sysctls) ?? appArmorRefusal(pod, appArmor)
    )
  }

  /** What a Pod has alone, it gets before it is judged, as upstream does it. */
  // pkg/kubelet/cm/container_manager_linux.go GetAllocateResourcesPodAdmitHandler
  async #allocate(uid: string): Promise<Rejection | undefined> {
    const pod = this.#unjudged.get(uid)
    if (!pod) return undefined
    const { cpus, devices } = this.#deps
    return (await devices.allocate(pod)) ?? cpus.allocate(this.#granted(pod))
  }

  // pkg/kubelet/preemption/preemption.go evictPodsToFreeRequests
  async #preempt({ victims, lacking }: Admission): Promise<void> {
    const { recorder, metrics } = this.#deps
    for (const victim of victims) {
      recorder.event(victim, 'Warning', preempted.reason, preempted.message)
      await this.evict(victim.metadata.uid ?? '', preempted)
      metrics.preempted(lacking ?? '')
    }
  }

  /** Ends a Pod, which has failed then; with this grace where it is shorter than the Pod's own. */
  async evict(podUid: string, why: PodFailure, graceSeconds?: number): Promise<void> {
    await this.#workers.get(podUid)?.evict(why, graceSeconds)
  }

  /** The Pod with what it was granted, which a resize may not have changed yet. */
  #granted(pod: Pod): Pod {
    return withAllocated(pod, this.#deps.allocations.get(pod.metadata.uid ?? ''))
  }

  /** The Pods that the node has taken and that have not ended, as they are granted. */
  active(): Pod[] {
    const taken = this.list().filter(({ metadata: { uid = '' }, status }) => {
      // after a restart those the kubelet had taken before count, in whatever order they are seen
      return this.#workers.has(uid) ? !this.#rejected.has(uid) : status?.startTime !== undefined
    })
    return taken.filter((pod) => !isPodTerminal(pod)).map((pod) => this.#granted(pod))
  }

  /** The Pods that have not ended, those that are not judged yet too; undefined while not all are known. */
  occupied(): Pod[] | undefined {
    return this.#complete ? [...this.active(), ...this.#unjudged.values()] : undefined
  }

  #others(pod: Pod): Pod[] {
    return this.active().filter(({ metadata: { uid } }) => uid !== pod.metadata.uid)
  }

  #begin(pod: Pod, why: Rejection | undefined): void {
    if (!why) {
      this.#start(pod)
      return
    }
    const { reason, message } = why
    this.#deps.recorder.event(pod, 'Warning', reason, message)
    this.#rejected.add(pod.metadata.uid ?? '')
    this.#start(pod, { reason, message: `Pod was rejected: ${message}` })
  }

  #lose(pod: Pod): void {
    if (isMirror(pod)) {
      this.#static.loseMirror(pod)
      this.#writer.forget(pod.metadata.uid ?? '')
      this.#mirrors.check(fullName(pod))
      return
    }
    const { uid = '', deletionGracePeriodSeconds } = pod.metadata
    this.#unjudged.delete(uid)
    this.#rejected.delete(uid)
    this.#workers.get(uid)?.remove(deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30)
    if (this.#ended.delete(uid)) this.#workers.delete(uid)
    this.#writer.forget(uid)
  }

  #adoptOrphan(identity: PodIdentity): void {
    this.#deps.log.info({ pod: identity.name, namespace: identity.namespace }, 'removing a Pod that is gone')
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...identity }, spec: { containers: [] } }
    this.#start(pod).remove(orphanGraceSeconds)
  }

  #start(pod: Pod, rejected?: Rejection): PodWorker {
    const uid = pod.metadata.uid ?? ''
    const worker = new PodWorker(
      this.#deps,
      {
        report: (reported, status) => this.#report(reported, status),
        finished: (finished) => this.#delete(finished),
        resizeRefusal: (wanted) =>
          this.#deps.cpus.resizeRefusal(this.#granted(wanted), wanted) ??
          resizeRefusal(wanted, this.#others(wanted), this.#node.known()),
      },
      pod,
      rejected,
    )
    this.#workers.set(uid, worker)
    void worker.run().then(() => {
      const known = this.#informer.lister.get(pod.metadata.name ?? '', pod.metadata.namespace)
      if (known?.metadata.uid === uid) this.#ended.add(uid)
      else this.#workers.delete(uid)
      this.#goOn(fullName(pod))
    })
    return worker
  }

  /** The status of a static Pod is written to its mirror, when there is one. */
  #report(pod: Pod, status: PodStatus): void {
    if (!isStatic(pod)) return this.#writer.report(pod, status)
    const mirror = this.#static.mirrorOf(pod)
    const { generation } = mirror?.metadata ?? {}
    // a static Pod has no generation of its own
    const observed = generation === undefined ? {} : { observedGeneration: generation }
    if (mirror) this.#writer.report(mirror, { ...status, ...observed })
  }

  /** Deletes the API object of a Pod of which nothing is left, after its last status. */
  async #delete(pod: Pod): Promise<void> {
    const { uid = '', name = '', namespace = '', deletionTimestamp } = pod.metadata
    if (deletionTimestamp === undefined) return
    const { clock, lifetime, log } = this.#deps
    await this.#writer.flush(uid)
    for (;;) {
      try {
        const options = { namespace, gracePeriodSeconds: 0, preconditions: { uid }, signal: lifetime }
        await this.#client.delete(podsRef, name, options)
        return
      } catch (error) {
        if (isNotFound(error) || isConflict(error) || lifetime.aborted) return
        log.warn({ pod: name, error: String(error) }, 'a Pod that has ended could not be deleted, will be tried again')
        await clock.sleep(deleteRetryMs, lifetime).catch(() => undefined)
        // somebody else may have deleted it meanwhile
        if (this.#informer.lister.get(name, namespace)?.metadata.uid !== uid) return
      }
    }
  }
}

/** What ends or has ended is not judged any more. */
function isOver(pod: Pod): boolean {
  return isPodTerminal(pod) || pod.metadata.deletionTimestamp !== undefined
}
