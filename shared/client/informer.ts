import type { Clock } from '../machinery/clock.ts'
import { deepFreeze } from '../machinery/deep.ts'
import type { Logger } from '../machinery/logger.ts'
import { apiVersionOf, objectKey, type KubeObject, type ResourceRef } from '../machinery/object.ts'
import { Cache } from './cache.ts'
import type { Client, WatchEvent } from './client.ts'
import { Reflector } from './reflector.ts'

/** Reads of the cache; its objects are shared and must not be changed. */
export interface Lister<T> {
  get(name: string, namespace?: string): T | undefined
  /** By "namespace/name" or "name". */
  byKey(key: string): T | undefined
  list(namespace?: string): T[]
  byIndex(index: string, value: string): T[]
}

export interface InformerHandler<T> {
  add?(obj: T): void
  update?(old: T, obj: T): void
  /** Gets the last known state. */
  delete?(obj: T): void
}

export interface Informer<T> {
  readonly lister: Lister<T>
  /** A late handler first gets an `add` for everything that is there. What a handler throws is logged. */
  addHandler(handler: InformerHandler<T>): void
  addIndex(name: string, fn: (obj: T) => readonly string[]): void
  /** The first list is in the cache and the handlers have seen it. */
  readonly synced: boolean
}

interface InformerOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

interface FactoryOptions {
  clock: Clock
  log: Logger
  /** Freezes objects deeply, so that a test notices who changes them. */
  freeze?: boolean
}

// client-go tools/cache/shared_informer.go sharedIndexInformer
class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly lister: Lister<T>
  readonly whenSynced: Promise<void>
  readonly #cache = new Cache<T>()
  readonly #handlers: InformerHandler<T>[] = []
  readonly #reflector: Reflector<T>
  readonly #ref: ResourceRef<T>
  readonly #options: FactoryOptions
  #markSynced: () => void = () => undefined
  #synced = false
  #running = false

  constructor(client: Client, ref: ResourceRef<T>, selection: InformerOptions, options: FactoryOptions) {
    this.#ref = ref
    this.#options = options
    this.whenSynced = new Promise((resolve) => (this.#markSynced = resolve))
    const cache = this.#cache
    this.lister = {
      get: (name, namespace) => cache.get(namespace ? `${namespace}/${name}` : name),
      byKey: (key) => cache.get(key),
      list: (namespace) => cache.list(namespace),
      byIndex: (index, value) => cache.byIndex(index, value),
    }
    this.#reflector = new Reflector<T>({
      client,
      clock: options.clock,
      log: options.log,
      ref,
      ...selection,
      onList: (items) => this.#replace(items),
      onEvent: (event) => this.#apply(event),
    })
  }

  get synced(): boolean {
    return this.#synced
  }

  addHandler(handler: InformerHandler<T>): void {
    this.#handlers.push(handler)
    for (const obj of this.#cache.list()) this.#call(() => handler.add?.(obj))
  }

  addIndex(name: string, fn: (obj: T) => readonly string[]): void {
    this.#cache.addIndex(name, fn)
  }

  start(signal: AbortSignal): void {
    if (this.#running) return
    this.#running = true
    void this.#reflector.run(signal)
  }

  /** Takes a whole list: what is missing from it was deleted while nobody watched. */
  #replace(items: T[]): void {
    const gone = new Set(this.#cache.keys())
    for (const item of items) {
      gone.delete(objectKey(item))
      this.#put(item)
    }
    for (const key of gone) this.#remove(key)
    this.#synced = true
    this.#markSynced()
  }

  #apply({ type, object }: WatchEvent<T>): void {
    if (type !== 'DELETED') {
      this.#put(object)
      return
    }
    const key = objectKey(object)
    if (this.#cache.get(key) === undefined) return
    // handlers get the state the object was deleted in
    this.#put(object, false)
    this.#remove(key)
  }

  #put(obj: T, notify = true): void {
    // list items and objects from lenient servers may lack these
    obj.apiVersion ||= apiVersionOf(this.#ref)
    obj.kind ||= this.#ref.kind
    if (this.#options.freeze) deepFreeze(obj)
    const old = this.#cache.get(objectKey(obj))
    const unchanged = old !== undefined && old.metadata.resourceVersion === obj.metadata.resourceVersion
    if (unchanged && old.metadata.resourceVersion !== undefined) return
    this.#cache.set(obj)
    if (!notify) return
    for (const handler of this.#handlers) {
      this.#call(() => (old === undefined ? handler.add?.(obj) : handler.update?.(old, obj)))
    }
  }

  #remove(key: string): void {
    const old = this.#cache.delete(key)
    if (old === undefined) return
    for (const handler of this.#handlers) this.#call(() => handler.delete?.(old))
  }

  #call(notify: () => void): void {
    try {
      notify()
    } catch (error) {
      this.#options.log.error({ resource: this.#ref.plural, err: error }, 'an event handler failed')
    }
  }
}

/** One informer per resource and selection, shared by everyone in the process who asks for it. */
export class InformerFactory {
  readonly #client: Client
  readonly #options: FactoryOptions
  readonly #informers = new Map<string, SharedInformer<never>>()
  #signal: AbortSignal | undefined

  constructor(client: Client, options: FactoryOptions) {
    this.#client = client
    this.#options = options
  }

  /** The shared informer; it begins to run with `start`, or now if that has been called. */
  informer<T extends KubeObject>(ref: ResourceRef<T>, selection: InformerOptions = {}): Informer<T> {
    const { namespace, labelSelector, fieldSelector } = selection
    const id = JSON.stringify([ref.group, ref.version, ref.plural, namespace, labelSelector, fieldSelector])
    const known = this.#informers.get(id)
    if (known !== undefined) return known as unknown as Informer<T>
    const informer = new SharedInformer(this.#client, ref, selection, this.#options)
    this.#informers.set(id, informer as unknown as SharedInformer<never>)
    if (this.#signal !== undefined) informer.start(this.#signal)
    return informer
  }

  /** Runs all informers, also those asked for later, until the signal aborts. */
  start(signal: AbortSignal): void {
    this.#signal = signal
    for (const informer of this.#informers.values()) informer.start(signal)
  }

  /** Resolves when every informer asked for so far has synced; rejects with the signal's reason when it aborts. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const synced = Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced))
    let onAbort: () => void = () => undefined
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      await Promise.race([synced, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
