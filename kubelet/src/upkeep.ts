import path from 'node:path'
import type { Registry } from 'prom-client'
import type { Quantity } from '@kubets/shared/machinery/quantity.ts'
import type { ObjectReference } from '@kubets/shared/api/types/core-v1.ts'
import { EvictionManager } from './eviction/manager.ts'
import { GarbageCollector } from './garbage.ts'
import type { ReclaimMetrics } from './metrics.ts'
import type { Machine } from './node/machine.ts'
import type { Options } from './options.ts'
import type { PodDeps } from './pods/deps.ts'
import type { PodManager } from './pods/manager.ts'
import { Logind, systemLogind } from './shutdown/logind.ts'
import { ShutdownManager } from './shutdown/manager.ts'
import { shutdownPeriods } from './shutdown/plan.ts'
import { shutdownMetrics, shutdownStateFile } from './shutdown/state.ts'
import { StatsCollector } from './stats/collector.ts'
import { SizeTracker } from './stats/sizes.ts'

interface UpkeepOptions {
  options: Options
  machine: Machine
  /** What all Pods together may use. */
  share: ReadonlyMap<string, Quantity>
  deps: PodDeps
  pods: PodManager
  /** Which images nobody uses any more is told to it. */
  pulled: { forget(ids: ReadonlySet<string>, since: number): Promise<void> }
  registry: Registry
  reclaimed: ReclaimMetrics
  node: ObjectReference
  /** What the Node object says of the node is no longer so. */
  changed(): void
}

/** What keeps the node in order around its Pods: it measures, removes what is unused, and ends Pods when it must. */
export interface Upkeep {
  readonly sizes: SizeTracker
  readonly stats: StatsCollector
  readonly garbage: GarbageCollector
  readonly evictions: EvictionManager
  readonly shutdown: ShutdownManager
}

/** Puts it together; nothing of it runs yet. */
export function nodeUpkeep(given: UpkeepOptions): Upkeep {
  const { options, machine, deps, pods, reclaimed, node } = given
  const { runtime, recorder, volumes, clock, log, lifetime } = deps
  const { nodeName, rootDir } = options
  const changed = (): void => given.changed()
  const sizes = new SizeTracker({
    runtime,
    clock,
    log,
    volumePeriodMs: options.volumeStatsPeriodMs,
    pods: () => pods.list(),
    volumesOf: (pod) => volumes.measured(pod),
    hostsFile: (uid) => path.join(volumes.podDir(uid), 'etc-hosts'),
  })
  const stats = new StatsCollector({
    nodeName,
    rootDir,
    memoryBytes: machine.memoryBytes,
    memoryForPodsBytes: given.share.get('memory')?.value() ?? machine.memoryBytes,
    cpus: machine.cpus,
    runtime,
    sizes,
    clock,
    pods: () => pods.list(),
  })
  const garbage = new GarbageCollector({
    runtime,
    recorder,
    clock,
    log,
    node,
    pods: () => pods.list(),
    imageDisk: async () => (await stats.node(lifetime)).imageFs,
    images: options.imageGc,
    containers: options.containerGc,
    imageCollected: (reason) => reclaimed.imageCollected(reason),
    imagesLeft: (ids, since) => given.pulled.forget(ids, since),
  })
  const ended = {
    active: () => pods.active(),
    evict: (...which: Parameters<PodManager['evict']>) => pods.evict(...which),
    cleanedUp: (uid: string) => volumes.isTornDown(uid),
    unmounted: (uid: string) => volumes.isTornDown(uid),
  }
  const evictions = new EvictionManager({
    policy: options.eviction,
    stats,
    sizes,
    pods: ended,
    garbage,
    recorder,
    node,
    clock,
    log,
    counted: (name) => reclaimed.evicted(name),
    changed,
  })
  const shutdown = new ShutdownManager({
    periods: shutdownPeriods(options.shutdown),
    logind: new Logind(systemLogind),
    pods: ended,
    stateFile: shutdownStateFile(rootDir),
    metrics: shutdownMetrics(given.registry),
    recorder,
    node,
    clock,
    log,
    changed,
  })
  return { sizes, stats, garbage, evictions, shutdown }
}
