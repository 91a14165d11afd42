import { isPodTerminal } from '@kubets/shared/api/pod.ts'
import type { Pod, PodStatus } from '@kubets/shared/api/types/core-v1.ts'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Informer } from '@kubets/shared/client/informer.ts'
import { formatMicroTime } from '@kubets/shared/machinery/time.ts'
import type { PodIdentity } from '../runtime/types.ts'
import { MirrorWriter } from '../static/mirror-writer.ts'
import { fullName, isMirror, isStatic } from '../static/mirror.ts'
import { StaticPods } from '../static/static-pods.ts'
import { resizeRefusal, type Rejection } from './admission.ts'
import { isOver, PodAdmitter, type OwnNode } from './admitter.ts'
import type { PodDeps } from './deps.ts'
import type { PodFailure } from './model.ts'
import { Orphans } from './orphans.ts'
import { Pleg } from './pleg.ts'
import { StatusWriter } from './status-writer.ts'
import { PodWorker } from './worker.ts'

// pkg/kubelet/kubelet_pods.go HandlePodCleanups: what nobody knows any more ends soon
const orphanGraceSeconds = 2

/**
 * Has a worker for each Pod of this node, from the API server or static, and for what is left of Pods that nobody knows any
 * more. Mirrors have none: they show how their static Pod is.
 *
 * A Pod comes from the informer or a source of static Pods, is judged (admitter.ts), and gets a worker (worker.ts), which
 * is woken when the runtime has something new of it (pleg.ts); what it says of the Pod is written (status-writer.ts). What
 * the runtime or the disk has of Pods without one is removed (orphans.ts).
 */
// pkg/kubelet/kubelet.go syncLoop, pod/pod_manager.go, pod_workers.go
export class PodManager {
  readonly #deps: PodDeps
  readonly #informer: Informer<Pod>
  readonly #node: OwnNode
  readonly #admitter: PodAdmitter
  readonly #pleg: Pleg
  readonly #orphans: Orphans
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
  /** All Pods that there are to run are known: what nobody knows can go. */
  #complete = false

  constructor(deps: PodDeps, client: Client, informer: Informer<Pod>, node: OwnNode) {
    this.#deps = deps
    this.#informer = informer
    this.#node = node
    this.#writer = new StatusWriter(client, deps.clock, deps.log, deps.lifetime)
    this.#admitter = new PodAdmitter(deps, {
      node,
      others: (pod) => this.#others(pod),
      evict: (uid, why) => this.evict(uid, why),
      judged: (pod, why) => this.#begin(pod, why),
    })
    this.#orphans = new Orphans(deps, {
      knows: (uid) => this.#knows(uid),
      end: (identity) => this.#endOrphan(identity),
    })
    this.#pleg = new Pleg(deps, {
      changed: (uid, endedId) => this.#workers.get(uid)?.poke(endedId),
      looked: async (now) => {
        if (this.#complete) await this.#orphans.remove(now)
      },
    })
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

  /** The Pods that the node has taken and that have not ended, as they are granted. */
  active(): Pod[] {
    const taken = this.list().filter(({ metadata: { uid = '' }, status }) => {
      // after a restart those the kubelet had taken before count, in whatever order they are seen
      return this.#workers.has(uid) ? !this.#rejected.has(uid) : status?.startTime !== undefined
    })
    return taken.filter((pod) => !isPodTerminal(pod)).map((pod) => this.#deps.allocations.granted(pod))
  }

  /** The Pods that have not ended, those that are not judged yet too; undefined while not all are known. */
  occupied(): Pod[] | undefined {
    return this.#complete ? [...this.active(), ...this.#admitter.list()] : undefined
  }

  /** Whether nothing of a Pod is on the node any more; false while not all Pods are known. */
  isGone(podUid: string): boolean {
    return this.#complete && !this.#knows(podUid)
  }

  /** What is wrong when the runtime could not be looked through for long; undefined when nothing is. */
  stuck(): string | undefined {
    return this.#pleg.stuck()
  }

  /** Makes the worker of a Pod look again. */
  poke(podUid: string): void {
    this.#workers.get(podUid)?.poke()
  }

  /** Makes the worker of a Pod bring the files of its volumes up to date. */
  refresh(podUid: string): void {
    this.#workers.get(podUid)?.refresh()
  }

  /** Ends a Pod, which has failed then; with this grace where it is shorter than the Pod's own. */
  async evict(podUid: string, why: PodFailure, graceSeconds?: number): Promise<void> {
    await this.#workers.get(podUid)?.evict(why, graceSeconds)
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
      return this.#pleg.relist()
    })
    const mirroring = synced.then(() => {
      if (!mirrored) return
      for (const name of this.#static.names()) this.#mirrors.check(name)
      return this.#mirrors.run(lifetime)
    })
    await Promise.all([this.#pleg.run(), Promise.race([Promise.all([removing, mirroring]), ended.promise])])
  }

  #knows(uid: string): boolean {
    return this.#workers.has(uid) || this.#admitter.has(uid)
  }

  #others(pod: Pod): Pod[] {
    return this.active().filter(({ metadata: { uid } }) => uid !== pod.metadata.uid)
  }

  // Pods of the API server

  #take(pod: Pod): void {
    if (isMirror(pod)) return this.#takeMirror(pod)
    const uid = pod.metadata.uid ?? ''
    this.#writer.observe(pod)
    const worker = this.#workers.get(uid)
    if (worker) worker.update(pod)
    else if (this.#admitter.has(uid)) this.#admitter.update(pod)
    else if (isOver(pod)) this.#start(pod)
    else void this.#admitter.admit(pod)
  }

  #lose(pod: Pod): void {
    if (isMirror(pod)) return this.#loseMirror(pod)
    const { uid = '', deletionGracePeriodSeconds } = pod.metadata
    this.#admitter.forget(uid)
    this.#rejected.delete(uid)
    this.#workers.get(uid)?.remove(deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30)
    if (this.#ended.delete(uid)) this.#workers.delete(uid)
    this.#writer.forget(uid)
  }

  // Static Pods and their mirrors

  // pkg/kubelet/pod_workers.go allowStaticPodStart: one of a name at a time
  #takeStatic(pod: Pod): void {
    const name = fullName(pod)
    if (this.#runsAnother(name, undefined)) this.#waiting.set(name, pod)
    else void this.#admitter.admit(pod)
    this.#mirrors.check(name)
  }

  #loseStatic(pod: Pod): void {
    const { uid = '' } = pod.metadata
    this.#admitter.forget(uid)
    this.#rejected.delete(uid)
    const name = fullName(pod)
    if (this.#waiting.get(name)?.metadata.uid === uid) this.#waiting.delete(name)
    this.#workers.get(uid)?.remove(pod.spec.terminationGracePeriodSeconds ?? 30)
    this.#mirrors.check(name)
  }

  #takeMirror(mirror: Pod): void {
    this.#static.takeMirror(mirror)
    this.#writer.observe(mirror)
    const pod = this.#static.byName(fullName(mirror))
    // the worker has news for it
    if (pod && this.#static.mirrorOf(pod) === mirror) this.#workers.get(pod.metadata.uid ?? '')?.update(pod)
    this.#mirrors.check(fullName(mirror))
  }

  #loseMirror(mirror: Pod): void {
    this.#static.loseMirror(mirror)
    this.#writer.forget(mirror.metadata.uid ?? '')
    this.#mirrors.check(fullName(mirror))
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

  // Workers

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

  #endOrphan(identity: PodIdentity): void {
    this.#deps.log.info({ pod: identity.name, namespace: identity.namespace }, 'removing a Pod that is gone')
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...identity }, spec: { containers: [] } }
    this.#start(pod).remove(orphanGraceSeconds)
  }

  #start(pod: Pod, rejected?: Rejection): PodWorker {
    const { cpus, allocations } = this.#deps
    const { uid = '', name = '', namespace } = pod.metadata
    const worker = new PodWorker(
      this.#deps,
      {
        report: (reported, status) => this.#report(reported, status),
        finished: (finished) => this.#delete(finished),
        resizeRefusal: (wanted) =>
          cpus.resizeRefusal(allocations.granted(wanted), wanted) ??
          resizeRefusal(wanted, this.#others(wanted), this.#node.known()),
      },
      pod,
      rejected,
    )
    this.#workers.set(uid, worker)
    void worker.run().then(() => {
      if (this.#has(name, namespace, uid)) this.#ended.add(uid)
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

  /** Deletes the API object of a Pod of which nothing is left, if somebody has asked for that. */
  async #delete(pod: Pod): Promise<void> {
    const { uid = '', name = '', namespace, deletionTimestamp } = pod.metadata
    if (deletionTimestamp === undefined) return
    await this.#writer.delete(pod, () => this.#has(name, namespace, uid))
  }

  /** Whether the API server has this very Pod, as far as is known. */
  #has(name: string, namespace: string | undefined, uid: string): boolean {
    return this.#informer.lister.get(name, namespace)?.metadata.uid === uid
  }
}
