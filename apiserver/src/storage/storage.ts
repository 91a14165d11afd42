import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { runCompactor } from './compactor.ts'
import { fromStored, fromStoredInSteps, storedInSteps } from './encoded.ts'
import type { KeyValue } from './etcd-messages.ts'
import { Etcd } from './etcd.ts'
import { folderOf, prefixEnd } from './keys.ts'
import { Leases } from './leases.ts'
import type { Page, PageOptions, ResourceCache } from './resource-cache.ts'
import type { EtcdTls } from './rpc/connection.ts'
import { shared } from './shared-question.ts'
import type { Encoded, Resource } from './types.ts'
import { WatchCache } from './watch-cache.ts'

export interface StorageOptions {
  /** host:port, or http(s)://host:port */
  endpoints: readonly string[]
  tls?: EtcdTls | undefined
  /** Without a slash at the end: "/registry". */
  prefix: string
  clock: Clock
  log: Logger
}

/** What a transaction does with one object. */
export interface ObjectWrite {
  resource: Resource
  /** "namespace/name" or "name" */
  key: string
  /** undefined: it is deleted. */
  object: KubeObject | undefined
  /** The revision it must have now; 0: it must not exist. */
  expect: number
  /** After this time etcd deletes it. */
  ttlSeconds?: number
}

export type CommitResult =
  | { committed: true; revision: number; encoded: (Encoded | undefined)[] }
  /** What is there instead, in the order of the writes. */
  | { committed: false; current: (Encoded | undefined)[] }

const scanSize = 500
const healthMs = 1000
/** How long etcd may take to show that it is well. */
const checkMs = 5000
const problemMs = 50

/** Objects in etcd: written by transactions, read from the cache, or from etcd for the past. */
export class Storage {
  readonly cache: WatchCache
  readonly #options: StorageOptions
  readonly #etcd: Etcd
  readonly #leases: Leases
  readonly #askHealth: () => Promise<string | undefined>
  #health: { time: number; problem: string | undefined } | undefined

  constructor(options: StorageOptions) {
    this.#options = options
    this.#etcd = new Etcd(options)
    this.#leases = new Leases(this.#etcd, options.clock)
    this.cache = new WatchCache({ ...options, etcd: this.#etcd })
    this.#askHealth = shared(() => this.#checkHealth())
  }

  /** Keeps the cache current and etcd's past short until the signal aborts, then closes the connections. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.cache.run(signal), runCompactor(this.#etcd, this.#options, signal)])
    this.#etcd.close()
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#options.clock.now()
  }

  /** Milliseconds by the clock that nobody sets: what watches are begun with. */
  elapsed(): number {
    return this.#options.clock.elapsed()
  }

  resource(resource: Resource): ResourceCache {
    return this.cache.resource(resource)
  }

  /** All writes in one transaction, or none. */
  async commit(writes: readonly ObjectWrite[]): Promise<CommitResult> {
    const keys = writes.map(({ resource, key }) => folderOf(this.#options.prefix, resource) + key)
    const put = []
    const remove = []
    for (const [index, { object, ttlSeconds }] of writes.entries()) {
      const key = keys[index] ?? ''
      if (!object) remove.push(key)
      else {
        const value = await storedInSteps(object, this.#options.clock)
        const lease = ttlSeconds === undefined ? {} : { lease: await this.#leases.get(ttlSeconds) }
        put.push({ key, value, ...lease })
      }
    }
    const compare = writes.map(({ expect }, index) => ({ key: keys[index] ?? '', modRevision: expect }))
    const result = await this.#etcd.transact({ compare, put, remove })
    if (!result.succeeded)
      return { committed: false, current: await Promise.all(result.current.map((stored) => this.#decode(stored))) }
    const { revision } = result
    const values = put.values()
    const encoded: (Encoded | undefined)[] = []
    for (const { resource, key, object } of writes) {
      const value = object && values.next().value?.value
      encoded.push(
        value &&
          (this.cache.cachedAt(resource, key, revision) ??
            this.cache.wrote(resource, key, await fromStoredInSteps(value, revision, this.#options.clock))),
      )
    }
    return { committed: true, revision, encoded }
  }

  /** What etcd has under a key now, past the cache. */
  async read(resource: Resource, key: string): Promise<Encoded | undefined> {
    const start = folderOf(this.#options.prefix, resource) + key
    const { items } = await this.#etcd.range(start, `${start}\0`)
    return this.#decode(items[0])
  }

  /** The revision that etcd is at now, past the cache. */
  currentRevision(): Promise<number> {
    return this.#etcd.currentRevision()
  }

  /** A page as it was at a revision. Rejects with CompactedError when that is forgotten. */
  async pageAt(resource: Resource, { start, end, limit, matches }: PageOptions, revision: number): Promise<Page> {
    const folder = folderOf(this.#options.prefix, resource)
    const cache = this.resource(resource)
    const stop = end === '' ? prefixEnd(folder) : folder + end
    const items: Encoded[] = []
    for (let from = folder + start; ;) {
      const scan = await this.#etcd.range(from, stop, {
        limit: limit === 0 ? scanSize : Math.max(limit, 100),
        revision,
      })
      for (const [index, stored] of scan.items.entries()) {
        const key = stored.key.slice(folder.length)
        const cached = cache.get(key)
        const same = cached?.resourceVersion === String(stored.modRevision)
        const encoded = same ? cached : fromStored(stored.value, stored.modRevision)
        if (!matches(encoded)) continue
        items.push(encoded)
        const remaining = scan.count - index - 1
        if (items.length === limit && remaining > 0) return { items, last: key, remaining }
      }
      if (!scan.more) return { items, remaining: 0 }
      from = `${scan.items.at(-1)?.key ?? ''}\0`
    }
  }

  /** undefined: etcd answers and the cache is filled. Asks at most once a second while all is well. */
  async health(): Promise<string | undefined> {
    const known = this.#health
    // that it is well again is news worth having soon: starting waits for it
    const validMs = known?.problem === undefined ? healthMs : problemMs
    if (known && this.#options.clock.elapsed() - known.time < validMs) return known.problem
    return this.#askHealth()
  }

  async #decode(stored: KeyValue | undefined): Promise<Encoded | undefined> {
    return stored && fromStoredInSteps(stored.value, stored.modRevision, this.#options.clock)
  }

  async #checkHealth(): Promise<string | undefined> {
    const problem = await this.#etcd.currentRevision(checkMs).then(
      () => (this.cache.revision > 0 ? undefined : 'etcd has not been read yet'),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    this.#health = { time: this.#options.clock.elapsed(), problem }
    return problem
  }
}
