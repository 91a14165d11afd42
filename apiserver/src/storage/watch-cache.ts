import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { serviceUnavailable } from '@kubets/shared/machinery/errors.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { fromStored } from './encoded.ts'
import type { WatchedKey } from './etcd-messages.ts'
import type { Etcd } from './etcd.ts'
import { folderOf, prefixEnd, splitStorageKey } from './keys.ts'
import { ProblemLog } from './problem-log.ts'
import { ResourceCache } from './resource-cache.ts'
import { RevisionWaiters } from './revision-waiters.ts'
import type { EtcdTls } from './rpc/connection.ts'
import { shared } from './shared-question.ts'
import { Turns } from './turns.ts'
import type { Encoded, Resource } from './types.ts'
import { openWatch, type StreamEnd } from './watch-stream.ts'

export interface WatchCacheOptions {
  etcd: Etcd
  endpoints: readonly string[]
  tls?: EtcdTls | undefined
  prefix: string
  clock: Clock
  log: Logger
}

const pageSize = 1000
const firstBackoffMs = 100
const maxBackoffMs = 500
// apiserver/pkg/storage/cacher/watch_cache.go blockTimeout
const blockTimeoutMs = 3000
/** How long a revision may take from etcd's answer to our watch before we make certain that one is coming. */
const nudgeMs = 50
const bookmarkCheckMs = 1000

/**
 * Everything under the prefix, kept current by one etcd watch over all of it. One watch, not one a resource: all
 * resources are then at the same revision, and any write in the cluster carries the quiet ones along, so that a
 * consistent read needs no progress notification (which etcd before 3.4.25 sends ahead of the events it speaks of).
 */
export class WatchCache {
  readonly #options: WatchCacheOptions
  readonly #resources = new Map<string, ResourceCache>()
  readonly #waiters: RevisionWaiters
  readonly #own = new Map<string, Encoded>()
  readonly #turns: Turns
  readonly #askRevision: () => Promise<number>
  readonly #nudge: () => Promise<void>
  #revision = 0
  #stop: (() => void) | undefined

  constructor(options: WatchCacheOptions) {
    const { etcd, prefix, clock } = options
    this.#options = options
    this.#waiters = new RevisionWaiters(clock)
    this.#turns = new Turns(clock)
    this.#askRevision = shared(() => etcd.currentRevision())
    this.#nudge = shared(async () => {
      const put = [{ key: `${prefix}/.nudge`, value: Buffer.from('') }]
      await etcd.transact({ compare: [], put, remove: [] })
    })
  }

  /** The revision that all resources are at; 0 before the first load. */
  get revision(): number {
    return this.#revision
  }

  /** Fills the cache and keeps it current until the signal aborts. Resolves when it ends; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    signal.addEventListener('abort', () => this.#stop?.(), { once: true })
    void this.#bookmarkLoop(signal)
    const problems = new ProblemLog(log, 'follow what is written to etcd')
    let backoff = firstBackoffMs
    let attempt = 0
    let reload = true
    while (!signal.aborted) {
      try {
        if (reload || (await this.#options.etcd.currentRevision()) < this.#revision) await this.#load()
        reload = false
        const end = await this.#follow(attempt++, signal, () => {
          backoff = firstBackoffMs
          problems.succeeded()
        })
        if (end.reason === 'compacted') reload = true
        if (end.reason === 'failed') problems.failed(end.message)
      } catch (error) {
        problems.failed(error)
      }
      if (!signal.aborted) await clock.sleep(backoff, signal).catch(() => undefined)
      backoff = Math.min(backoff * 2, maxBackoffMs)
    }
    for (const cache of this.#resources.values()) cache.closeWatchers()
  }

  /** The cache of a resource. It is there for any: objects of kinds that nobody has defined yet are kept too. */
  resource(resource: Resource): ResourceCache {
    return this.#folder(folderOf(this.#options.prefix, resource))
  }

  /** Resolves when the cache has everything that was written before the call; answers the revision it has. */
  async fresh(signal?: AbortSignal): Promise<number> {
    const revision = await this.#askRevision()
    await this.atLeast(revision, signal)
    return this.#revision
  }

  /** Resolves when the cache has reached a revision; 504 after three seconds, 503 when nothing was loaded yet. */
  async atLeast(revision: number, signal?: AbortSignal): Promise<void> {
    if (this.#revision >= revision && this.#revision > 0) return
    // writes outside our prefix raise the revision too and we do not see them: a write of our own shows where we are
    const cancel = this.#options.clock.timer(nudgeMs, () => {
      this.#nudge().catch(() => undefined)
    })
    try {
      await this.#waiters.wait(Math.max(revision, 1), () => this.#revision, blockTimeoutMs, signal)
    } catch (error) {
      throw this.#revision === 0 ? serviceUnavailable('etcd is not available: nothing was read from it yet') : error
    } finally {
      cancel()
    }
  }

  /** What a write of ours made, when the watch was quicker to bring it than etcd's answer: it need not be parsed again. */
  cachedAt(resource: Resource, key: string, revision: number): Encoded | undefined {
    const cached = this.#revision >= revision ? this.resource(resource).get(key) : undefined
    return cached?.resourceVersion === String(revision) ? cached : undefined
  }

  /**
   * Tells what a write of ours made, so that its event need not be parsed again. Answers what readers get: this, or what
   * the watch was quicker to bring.
   */
  wrote(resource: Resource, key: string, encoded: Encoded): Encoded {
    const revision = Number(encoded.resourceVersion)
    if (this.#revision >= revision) return this.cachedAt(resource, key, revision) ?? encoded
    this.#own.set(ownKey(folderOf(this.#options.prefix, resource) + key, encoded.resourceVersion), encoded)
    return encoded
  }

  #folder(folder: string): ResourceCache {
    let cache = this.#resources.get(folder)
    if (!cache) {
      cache = new ResourceCache(this.#revision, this.#turns)
      this.#resources.set(folder, cache)
    }
    return cache
  }

  async #load(): Promise<void> {
    const { etcd, prefix } = this.#options
    const folders = new Map<string, Map<string, Encoded>>()
    for (const folder of this.#resources.keys()) folders.set(folder, new Map())
    let start = `${prefix}/`
    let revision: number | undefined
    for (let more = true; more;) {
      const page = await etcd.range(start, prefixEnd(`${prefix}/`), {
        limit: pageSize,
        ...(revision === undefined ? {} : { revision }),
      })
      revision ??= page.revision
      for (const { key, value, modRevision } of page.items) {
        const place = splitStorageKey(prefix, key)
        const encoded = place && this.#decode(key, value, modRevision)
        if (encoded) getOrAdd(folders, place.folder).set(place.key, encoded)
      }
      more = page.more
      start = `${page.items.at(-1)?.key ?? ''}\0`
    }
    this.#own.clear()
    this.#revision = revision ?? 0
    for (const [folder, objects] of folders) this.#folder(folder).replace(objects, this.#revision)
    this.#waiters.reached(this.#revision)
  }

  #follow(attempt: number, signal: AbortSignal, onCreated: () => void): Promise<StreamEnd> {
    const { endpoints, tls, prefix, clock } = this.#options
    if (signal.aborted) return Promise.resolve({ reason: 'closed' })
    const endpoint = endpoints[attempt % endpoints.length] ?? ''
    return new Promise((resolve) => {
      this.#stop = openWatch({ endpoint, tls, clock }, `${prefix}/`, this.#revision + 1, {
        onCreated,
        onEvents: (events) => this.#apply(events),
        onEnd: resolve,
      })
    })
  }

  #apply(events: readonly WatchedKey[]): void {
    const { prefix, clock } = this.#options
    const time = clock.elapsed()
    const known = this.#revision
    for (const { key, value, revision } of events) {
      if (revision <= known) continue
      const place = splitStorageKey(prefix, key)
      if (!place) continue
      const current = value && this.#decode(key, value, revision)
      this.#folder(place.folder).apply(place.key, revision, time, current)
    }
    this.#revision = Math.max(known, events.at(-1)?.revision ?? 0)
    this.#waiters.reached(this.#revision)
  }

  #decode(key: string, value: Buffer, revision: number): Encoded | undefined {
    const own = ownKey(key, String(revision))
    const written = this.#own.get(own)
    if (written) {
      this.#own.delete(own)
      return written
    }
    try {
      return fromStored(value, revision)
    } catch (error) {
      // one broken value must not take the rest away
      this.#options.log.error({ key, error: String(error) }, 'a value in etcd is not JSON')
      return undefined
    }
  }

  async #bookmarkLoop(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      await clock.sleep(bookmarkCheckMs, signal).catch(() => undefined)
      if (this.#revision === 0) continue
      for (const cache of this.#resources.values()) cache.sendBookmarks(this.#revision, clock.elapsed())
    }
  }
}

const ownKey = (key: string, revision: string): string => `${revision} ${key}`

function getOrAdd(folders: Map<string, Map<string, Encoded>>, folder: string): Map<string, Encoded> {
  let objects = folders.get(folder)
  if (!objects) folders.set(folder, (objects = new Map()))
  return objects
}
