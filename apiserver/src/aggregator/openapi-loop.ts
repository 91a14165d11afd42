import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { isObject, type Json } from '@kubets/shared/machinery/patch/json-object.ts'
import { askMore, type ProxyClient } from './ask.ts'
import { isAvailable } from './availability.ts'
import { addressesOf, ofGroup, type RemoteSwagger } from './remote-openapi.ts'
import type { Remotes } from './remotes.ts'
import { v3OfV2 } from './v3-of-v2.ts'

// kube-aggregator/pkg/controllers/openapi/controller.go successfulUpdateDelay, failedUpdateMaxExpDelay
const refreshMilliseconds = 60_000
const firstBackoffMilliseconds = 1000

// kube-aggregator/pkg/controllers/openapi/aggregator/downloader.go, ../openapiv3/aggregator/downloader.go
const user = 'system:aggregator'

const unknown = {
  askAt: 0,
  failures: 0,
  busy: false,
  etag: '',
  v2: undefined,
  document: undefined,
  converted: undefined,
}

interface Known {
  askAt: number
  failures: number
  busy: boolean
  etag: string
  v2: RemoteSwagger | undefined
  /** The v2 document that `v2` is a part of. */
  document: unknown
  /** What is made of that document while the server has none in v3. */
  converted: Converted | undefined
  /** Addresses of v3 documents by "apis/GROUP/VERSION". */
  v3: Record<string, string>
}

/** A v3 document made of a v2 document. */
interface Converted {
  readonly from: unknown
  readonly document: Json
}

export interface OpenApiOptions {
  remotes: Remotes
  client: ProxyClient
  clock: Clock
  log: Logger
}

/**
 * Asks aggregated API servers for their OpenAPI documents, and keeps what they said last for as long as their APIServices
 * are there.
 */
export class OpenApiLoop {
  readonly #options: OpenApiOptions
  readonly #known = new Map<string, Known>()
  readonly #running = new Set<Promise<void>>()
  #generation = 0

  constructor(options: OpenApiOptions) {
    this.#options = options
  }

  /** Grows whenever one of the documents changes, comes or goes. */
  get generation(): number {
    return this.#generation
  }

  /** Parts of v2 documents, by the names of their APIServices. */
  get swaggers(): RemoteSwagger[] {
    const named = [...this.#known].sort(([a], [b]) => (a < b ? -1 : 1))
    return named.flatMap(([, { v2 }]) => (v2 === undefined ? [] : [v2]))
  }

  /** Where v3 documents are, by "apis/GROUP/VERSION". */
  get addresses(): Record<string, string> {
    const all: Record<string, string> = {}
    for (const { v3 } of this.#known.values()) Object.assign(all, v3)
    return all
  }

  /** v3 documents that were made of v2 documents, by "apis/GROUP/VERSION". */
  get converted(): Map<string, Json> {
    const made = new Map<string, Json>()
    for (const { spec, metadata } of this.#options.remotes.all.values()) {
      const { converted } = this.#known.get(metadata.name ?? '') ?? {}
      if (converted !== undefined) made.set(`apis/${spec.group ?? ''}/${spec.version ?? ''}`, converted.document)
    }
    return made
  }

  /** The APIService whose server has a v3 document. */
  servedBy(place: string): APIService | undefined {
    for (const apiService of this.#options.remotes.all.values()) {
      const known = this.#known.get(apiService.metadata.name ?? '')
      if (known !== undefined && Object.hasOwn(known.v3, place)) return apiService
    }
    return undefined
  }

  /** Starts what is due; does not wait for the answers. */
  step(signal: AbortSignal): void {
    const { remotes, clock } = this.#options
    if (remotes.all.size === 0 && this.#known.size === 0) return
    const names = new Set<string>()
    for (const apiService of remotes.all.values()) {
      const name = apiService.metadata.name ?? ''
      names.add(name)
      const known = this.#known.get(name) ?? { ...unknown, v3: {} }
      this.#known.set(name, known)
      if (known.busy || clock.elapsed() < known.askAt || !isAvailable(apiService)) continue
      known.busy = true
      const run = this.#refresh(apiService, known, signal).finally(() => {
        known.busy = false
        this.#running.delete(run)
      })
      this.#running.add(run)
    }
    for (const name of this.#known.keys()) {
      if (names.has(name)) continue
      this.#known.delete(name)
      this.#generation++
    }
  }

  /** Resolves when nothing is being asked any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #refresh(apiService: APIService, known: Known, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    try {
      await this.#askV2(apiService, known, signal)
      await this.#askV3(apiService, known, signal)
      known.failures = 0
      known.askAt = clock.elapsed() + refreshMilliseconds
    } catch (error) {
      const backoff = firstBackoffMilliseconds * 2 ** Math.min(known.failures++, 10)
      known.askAt = clock.elapsed() + Math.min(backoff, refreshMilliseconds)
      if (!signal.aborted)
        log.warn({ err: error, apiService: apiService.metadata.name }, 'cannot take its OpenAPI over')
    }
  }

  async #askV2(apiService: APIService, known: Known, signal: AbortSignal): Promise<void> {
    const { group = '' } = apiService.spec
    const headers: Record<string, string> = known.etag === '' ? {} : { 'if-none-match': known.etag }
    const { code, etag, body } = await this.#ask(apiService, '/openapi/v2', headers, signal)
    if (code === 304) return
    // a server need not have one
    const document: unknown = code === 404 ? undefined : JSON.parse(body.toString())
    const v2 = document === undefined ? undefined : ofGroup(document, group)
    known.etag = etag
    known.document = document
    if (!deepEqual(v2, known.v2)) this.#generation++
    known.v2 = v2
  }

  async #askV3(apiService: APIService, known: Known, signal: AbortSignal): Promise<void> {
    const { group = '' } = apiService.spec
    const { code, body } = await this.#ask(apiService, '/openapi/v3', {}, signal)
    known.v3 = code === 404 ? {} : addressesOf(JSON.parse(body.toString()), group)
    // kube-aggregator/pkg/controllers/openapiv3/aggregator/aggregator.go updateAPIServiceSpecLocked
    const { document } = known
    if (code !== 404 || !isObject(document)) known.converted = undefined
    else if (known.converted?.from !== document) known.converted = { from: document, document: v3OfV2(document) }
  }

  #ask(
    apiService: APIService,
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): ReturnType<typeof askMore> {
    const { remotes, client } = this.#options
    const asked = { path, headers: { ...headers, 'X-Remote-User': user }, codes: [304, 404] }
    return askMore(remotes.place(apiService), asked, client, signal)
  }
}
