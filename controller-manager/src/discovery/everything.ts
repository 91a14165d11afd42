import type { Client } from '@kubets/shared/client/client.ts'
import { Reflector } from '@kubets/shared/client/reflector.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import type { KubeObject, ResourceRef } from '@kubets/shared/machinery/object.ts'
import { discover } from './discover.ts'
import { preferred, supports } from './resources.ts'
import type { DiscoveredResource } from './resources.ts'
import { ServedKinds } from './served.ts'

// Nobody owns or counts an event, and there are many.
// pkg/controller/garbagecollector/config DefaultIgnoredResources
const ignored: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events'])
// Whoever writes one of these is about to serve new kinds.
const announcing: ReadonlySet<string> = new Set([
  'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices',
])

// pkg/controller/garbagecollector: how often new resources are looked for, and how long the first sync may take
const discoveryPeriodMs = 30_000
const firstSyncMs = 30_000
const retryMs = 1000

const keyOf = ({ group, version, plural }: ResourceRef): string => `${group}/${version}/${plural}`

/** What happens to objects of any kind; of the objects only the metadata is there. */
export interface EverythingHandler {
  /** An object as it is now, new or changed. */
  put?: (object: KubeObject, ref: ResourceRef) => void
  /** An object that is gone. */
  remove?: (uid: string, namespace: string | undefined, ref: ResourceRef) => void
  /** All objects of a resource have been put. */
  synced?: (ref: ResourceRef) => void
  /** All served versions of all resources, as just discovered. */
  discovered?: (resources: readonly DiscoveredResource[]) => void
}

interface Monitor {
  ref: ResourceRef
  /** The namespace of each object by its uid. */
  objects: Map<string, string | undefined>
  counts: Map<string | undefined, number>
  stop: () => void
  isSynced: boolean
  whenSynced: Promise<void>
}

/**
 * Follows the metadata of all objects that can be listed, watched and deleted, of whatever kinds the server has just now:
 * one watch a resource, for all controllers that care about every kind there is.
 */
// pkg/controller/garbagecollector/graph_builder.go syncMonitors, pkg/controller/resourcequota/resource_quota_monitor.go
export class Everything {
  readonly #client: Client
  readonly #clock: Clock
  readonly #log: Logger
  readonly #handlers: EverythingHandler[] = []
  /** What is served just now, by kind. */
  readonly kinds = new ServedKinds()
  readonly #running = new Map<string, Monitor>()
  #hurry = new AbortController()
  #markReady: () => void = () => undefined
  /** All resources have been seen whole, or had 30 seconds for it: one broken resource must not stop all work. */
  readonly whenReady: Promise<void> = new Promise((resolve) => (this.#markReady = resolve))

  constructor({ client, clock, log }: { client: Client; clock: Clock; log: Logger }) {
    this.#client = client
    this.#clock = clock
    this.#log = log
  }

  /** Handlers are to be added before `run`. */
  addHandler(handler: EverythingHandler): void {
    this.#handlers.push(handler)
  }

  /** How many objects of the resource a namespace holds; undefined where that is not known (yet). */
  count(group: string, plural: string, namespace: string | undefined): number | undefined {
    const monitor = [...this.#running.values()].find(({ ref }) => ref.group === group && ref.plural === plural)
    return monitor?.isSynced ? (monitor.counts.get(namespace) ?? 0) : undefined
  }

  /** The resources that are followed and have been seen whole. */
  get resources(): ResourceRef[] {
    return [...this.#running.values()].filter(({ isSynced }) => isSynced).map(({ ref }) => ref)
  }

  /** Follows until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const cancel = this.#clock.timer(firstSyncMs, () => {
      this.#log.warn({}, 'not all resources have synced, going on without')
      this.#markReady()
    })
    const end = (): void => {
      cancel()
      // whoever waits has the signal too, and ends
      this.#markReady()
    }
    signal.addEventListener('abort', end, { once: true })
    while (!signal.aborted) {
      let pauseMs = discoveryPeriodMs
      try {
        void this.#follow(await this.#discover(signal), signal).then(() => {
          cancel()
          this.#markReady()
        })
      } catch (error) {
        if (signal.aborted) return
        this.#log.error({ err: error }, 'discovery failed, trying again')
        pauseMs = retryMs
      }
      await this.#pause(pauseMs, signal)
    }
  }

  // New kinds are served a moment after they were announced.
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    this.#hurry = new AbortController()
    try {
      await this.#clock.sleep(ms, AbortSignal.any([signal, this.#hurry.signal]))
    } catch {
      if (!signal.aborted) await this.#clock.sleep(retryMs, signal).catch(() => undefined)
    }
  }

  async #discover(signal: AbortSignal): Promise<{ resources: DiscoveredResource[]; unknown: ReadonlySet<string> }> {
    const { resources, failures } = await discover(this.#client, signal)
    this.kinds.serve(resources)
    for (const { discovered } of this.#handlers) discovered?.(resources)
    return { resources: preferred(resources), unknown: new Set(failures.map(({ groupVersion }) => groupVersion)) }
  }

  /**
   * Starts and stops what is needed for these resources; resolves when all have synced. Resources of groups in
   * `unknown` ("group/version") are left as they are: their server may only be away.
   */
  async #follow(
    { resources, unknown }: { resources: readonly DiscoveredResource[]; unknown: ReadonlySet<string> },
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = new Map<string, ResourceRef>()
    for (const resource of resources) {
      const { ref } = resource
      if (supports(resource, 'delete', 'list', 'watch') && !ignored.has(`${ref.group}/${ref.plural}`))
        wanted.set(keyOf(ref), ref)
    }
    for (const [key, monitor] of this.#running) {
      if (wanted.has(key) || unknown.has(apiVersionOf(monitor.ref))) continue
      this.#running.delete(key)
      monitor.stop()
    }
    for (const [key, ref] of wanted) if (!this.#running.has(key)) this.#running.set(key, this.#start(ref, signal))
    await Promise.all([...this.#running.values()].map(({ whenSynced }) => whenSynced))
  }

  #start(ref: ResourceRef, signal: AbortSignal): Monitor {
    const stopping = new AbortController()
    let markSynced: () => void = () => undefined
    const whenSynced = new Promise<void>((resolve) => (markSynced = resolve))
    const stop = (): void => {
      stopping.abort()
      markSynced()
      for (const uid of [...monitor.objects.keys()]) this.#remove(monitor, uid)
    }
    const monitor: Monitor = { ref, objects: new Map(), counts: new Map(), stop, isSynced: false, whenSynced }
    const reflector = new Reflector({
      client: this.#client,
      clock: this.#clock,
      log: this.#log,
      ref,
      metadataOnly: true,
      onList: (items) => {
        const present = new Set(items.map(({ metadata }) => metadata.uid))
        for (const uid of [...monitor.objects.keys()]) if (!present.has(uid)) this.#remove(monitor, uid)
        for (const item of items) this.#put(monitor, item)
        monitor.isSynced = true
        markSynced()
        for (const { synced } of this.#handlers) synced?.(ref)
      },
      onEvent: ({ type, object }) => {
        if (type === 'DELETED') this.#remove(monitor, object.metadata.uid ?? '')
        else if (type !== 'BOOKMARK') this.#put(monitor, object)
      },
      // its definition is gone, as discovery will tell
      onNotServed: () => this.#hurry.abort(),
    })
    void reflector.run(AbortSignal.any([signal, stopping.signal]))
    return monitor
  }

  #put(monitor: Monitor, object: KubeObject): void {
    const { uid, namespace } = object.metadata
    if (!uid) return
    if (!monitor.objects.has(uid)) monitor.counts.set(namespace, (monitor.counts.get(namespace) ?? 0) + 1)
    monitor.objects.set(uid, namespace)
    const { ref } = monitor
    // An object of metadata alone names that as its kind.
    for (const { put } of this.#handlers) put?.({ ...object, apiVersion: apiVersionOf(ref), kind: ref.kind }, ref)
    if (announcing.has(`${ref.group}/${ref.plural}`)) this.#hurry.abort()
  }

  #remove(monitor: Monitor, uid: string): void {
    if (!monitor.objects.has(uid)) return
    const namespace = monitor.objects.get(uid)
    monitor.objects.delete(uid)
    const left = (monitor.counts.get(namespace) ?? 1) - 1
    if (left > 0) monitor.counts.set(namespace, left)
    else monitor.counts.delete(namespace)
    for (const { remove } of this.#handlers) remove?.(uid, namespace, monitor.ref)
    if (announcing.has(`${monitor.ref.group}/${monitor.ref.plural}`)) this.#hurry.abort()
  }
}
