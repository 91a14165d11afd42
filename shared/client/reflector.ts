import type { Clock } from '../machinery/clock.ts'
import { isGone, isNotFound, isTooLargeResourceVersion, StatusError } from '../machinery/errors.ts'
import type { Logger } from '../machinery/logger.ts'
import type { KubeList, KubeObject, ResourceRef } from '../machinery/object.ts'
import { Backoff } from './backoff.ts'
import type { Client, ListOptions, WatchEvent } from './client.ts'

const pageSize = 500
// A watch that ends sooner than this without a single event is a fault, not an end.
const shortestWatchMs = 1000

export interface ReflectorOptions<T extends KubeObject> {
  client: Client
  clock: Clock
  log: Logger
  ref: ResourceRef<T>
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Asks for nothing of the objects but their metadata. */
  metadataOnly?: boolean
  /** All there is now. */
  onList: (items: T[]) => void
  onEvent: (event: WatchEvent<T>) => void
  /** The server does not serve the resource (any longer): nothing to warn of for who follows kinds that come and go. */
  onNotServed?: () => void
}

/** Follows one resource by list and watch until the signal aborts; whatever fails is tried again. Never rejects. */
// client-go tools/cache/reflector.go Reflector
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #backoff: Backoff
  /** Up to where we have seen everything; '' before the first list. */
  #resourceVersion = ''
  /** The server no longer knows our version: only a list from the store itself helps. */
  #expired = false

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#backoff = new Backoff(options.clock)
  }

  async run(signal: AbortSignal): Promise<void> {
    let needsList = true
    while (!signal.aborted) {
      try {
        if (needsList) await this.#list(signal)
        needsList = false
        await this.#watch(signal)
      } catch (error) {
        if (signal.aborted) return
        needsList ||= this.#mustListAgain(error)
        this.#logFailure(error)
        // an expired version is no fault of the server: list at once, unless that is what just failed
        if (isGone(error) && !this.#expired) {
          this.#expired = true
          continue
        }
        await this.#backoff.wait(signal).catch(() => undefined)
      }
    }
  }

  /** A broken connection loses nothing: the watch goes on where it was. A refusal may mean anything. */
  #mustListAgain(error: unknown): boolean {
    return error instanceof StatusError && error.code !== 429
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, ref, namespace, labelSelector, fieldSelector, metadataOnly, onList } = this.#options
    // any version will do at first; later one must not go back behind what was seen
    const resourceVersion = this.#expired ? undefined : this.#resourceVersion || '0'
    const selection = { namespace, labelSelector, fieldSelector, metadataOnly, limit: pageSize, signal }
    let items: T[] = []
    let page = await this.#firstPage({ ...selection, resourceVersion })
    const version = page.metadata.resourceVersion ?? ''
    for (;;) {
      items = items.length === 0 ? page.items : items.concat(page.items)
      const token = page.metadata.continue
      if (!token) break
      page = await client.list(ref, { ...selection, continue: token })
    }
    this.#expired = false
    this.#resourceVersion = version
    onList(items)
  }

  async #firstPage(options: ListOptions): Promise<KubeList<T>> {
    const { client, ref } = this.#options
    try {
      return await client.list(ref, options)
    } catch (error) {
      // this server is behind the one we read from before: ask the store itself
      if (!isTooLargeResourceVersion(error)) throw error
      return client.list(ref, { ...options, resourceVersion: undefined })
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, clock, ref, namespace, labelSelector, fieldSelector, metadataOnly, onEvent } = this.#options
    const start = clock.elapsed()
    let events = 0
    const stream = client.watch(ref, {
      namespace,
      labelSelector,
      fieldSelector,
      metadataOnly,
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      signal,
    })
    for await (const event of stream) {
      if (events++ === 0) this.#backoff.reset()
      if (event.type !== 'BOOKMARK') onEvent(event)
      this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion
    }
    if (events === 0 && clock.elapsed() - start < shortestWatchMs) {
      throw new Error('the watch ended at once without an event')
    }
  }

  #logFailure(error: unknown): void {
    const { log, ref, onNotServed } = this.#options
    if (onNotServed && isNotFound(error)) {
      onNotServed()
      return
    }
    const fields = { resource: ref.plural, err: error }
    if (isGone(error)) log.info(fields, 'the watch is too far behind, listing again')
    else log.warn(fields, 'list or watch failed, trying again')
  }
}
