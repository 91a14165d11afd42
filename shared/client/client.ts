import type { Clock } from '../machinery/clock.ts'
import { StatusError } from '../machinery/errors.ts'
import type { DeleteOptions, Preconditions, Status } from '../machinery/meta-v1.gen.ts'
import { apiVersionOf, resourcePath, type KubeList, type KubeObject, type ResourceRef } from '../machinery/object.ts'
import type { ClientConfig } from './config.ts'
import { LineDecoder } from './lines.ts'
import { errorFromResponse } from './response-errors.ts'
import { Transport, type TransportRequest, type TransportResponse } from './transport.ts'

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  /** A bookmark's object has its resourceVersion only. */
  object: T
}

interface Selection {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

export interface ListOptions extends Selection {
  limit?: number
  continue?: string
  resourceVersion?: string
  resourceVersionMatch?: string
  /** Asks for nothing of the objects but their metadata. */
  metadataOnly?: boolean
  signal?: AbortSignal
}

export interface WatchOptions extends Selection {
  resourceVersion?: string
  allowWatchBookmarks?: boolean
  metadataOnly?: boolean
  /** The server ends the watch after this; 5 to 10 minutes when not given. */
  timeoutSeconds?: number
  signal: AbortSignal
}

interface CreateOptions {
  namespace?: string
  dryRun?: boolean
  signal?: AbortSignal
}

interface DeleteSettings {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: Preconditions
}

type PatchType = 'json' | 'merge' | 'strategic'

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}

// client-go metadata/metadata.go: a server that cannot leave the rest out sends whole objects
const metadataTypes = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
}

// client-go rest/request.go maxRetries; a server that is overloaded says in Retry-After when to come again
const maxRetries = 10
const maxRetryAfterMs = 30_000
// how much longer than its own end a watch may stay silent
const watchGraceSeconds = 30

/** Talks to an apiserver: every method throws StatusError for the server's refusals. */
export class Client {
  readonly #transport: Transport
  readonly #clock: Clock

  constructor(config: ClientConfig, { clock }: { clock: Clock }) {
    this.#transport = new Transport(config, clock)
    this.#clock = clock
  }

  get<T extends KubeObject>(
    ref: ResourceRef<T>,
    name: string,
    options: { namespace?: string; subresource?: string; resourceVersion?: string; signal?: AbortSignal } = {},
  ): Promise<T> {
    const path = resourcePath(ref, options.namespace, name, options.subresource)
    return this.#json('GET', path, { resourceVersion: options.resourceVersion }, undefined, options.signal)
  }

  /** One page (all of it without `limit`). Items always have their apiVersion and kind. */
  async list<T extends KubeObject>(ref: ResourceRef<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    const { namespace, signal, metadataOnly, ...query } = options
    const accept = metadataOnly ? metadataTypes.list : undefined
    const list = await this.#json<KubeList<T>>('GET', resourcePath(ref, namespace), query, undefined, signal, {
      accept,
    })
    // items inside a list come without them
    const apiVersion = apiVersionOf(ref)
    list.items = (list.items ?? []).map((item) => ({ ...item, apiVersion, kind: ref.kind }))
    return list
  }

  create<T extends KubeObject>(
    ref: ResourceRef<T>,
    obj: T,
    options?: CreateOptions & { name?: undefined; subresource?: undefined },
  ): Promise<T>
  /** Posts to a subresource of the object `name`, which takes and returns a kind of its own. */
  create<B extends object>(
    ref: ResourceRef,
    obj: B,
    options: CreateOptions & { name: string; subresource: string },
  ): Promise<B>
  create(
    ref: ResourceRef,
    obj: Partial<KubeObject>,
    options: CreateOptions & { name?: string; subresource?: string } = {},
  ): Promise<object> {
    const namespace = options.namespace ?? obj.metadata?.namespace
    const path = resourcePath(ref, namespace, options.name, options.subresource)
    const query = { dryRun: options.dryRun ? 'All' : undefined }
    return this.#json('POST', path, query, JSON.stringify(obj), options.signal)
  }

  /** Replaces the object (or its subresource) if its resourceVersion is still the current one. */
  update<T extends KubeObject>(
    ref: ResourceRef<T>,
    obj: T,
    options: { subresource?: string; signal?: AbortSignal } = {},
  ): Promise<T> {
    const { namespace, name } = obj.metadata
    const path = resourcePath(ref, namespace, name ?? '', options.subresource)
    return this.#json('PUT', path, {}, JSON.stringify(obj), options.signal)
  }

  patch<T extends KubeObject>(
    ref: ResourceRef<T>,
    name: string,
    body: object,
    options: { type: PatchType; namespace?: string; subresource?: string; signal?: AbortSignal },
  ): Promise<T> {
    const path = resourcePath(ref, options.namespace, name, options.subresource)
    const contentType = patchContentTypes[options.type]
    return this.#json('PATCH', path, {}, JSON.stringify(body), options.signal, { contentType })
  }

  /** The deleted object, or as it is while finalizers or a grace period keep it, or a Status. */
  delete<T extends KubeObject>(
    ref: ResourceRef<T>,
    name: string,
    options: DeleteSettings & { namespace?: string; signal?: AbortSignal } = {},
  ): Promise<T | Status> {
    const { namespace, signal, ...settings } = options
    return this.#json('DELETE', resourcePath(ref, namespace, name), {}, deleteBody(settings), signal)
  }

  async deleteCollection<T extends KubeObject>(
    ref: ResourceRef<T>,
    options: Selection & DeleteSettings & { signal?: AbortSignal } = {},
  ): Promise<void> {
    const { namespace, labelSelector, fieldSelector, signal, ...settings } = options
    const query = { labelSelector, fieldSelector }
    await this.#json('DELETE', resourcePath(ref, namespace), query, deleteBody(settings), signal)
  }

  /**
   * Events from `resourceVersion` on, until the server ends the watch (the iteration finishes), the signal aborts,
   * or an error comes (it throws: StatusError for the server's own, 410 among them).
   */
  async *watch<T extends KubeObject>(ref: ResourceRef<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, metadataOnly, timeoutSeconds = someMinutes(), ...query } = options
    const path = withQuery(resourcePath(ref, namespace), { ...query, timeoutSeconds, watch: true })
    const silenceMs = (timeoutSeconds + watchGraceSeconds) * 1000
    const headers = { accept: metadataOnly ? metadataTypes.watch : 'application/json' }
    const request = { method: 'GET', path, headers, signal }
    const response = await this.#transport.stream(request, silenceMs)
    try {
      if (response.statusCode !== 200) {
        const body = await response.body.text()
        throw errorFromResponse({ method: 'GET', code: response.statusCode, body })
      }
      const decoder = new LineDecoder()
      for await (const chunk of response.body) {
        for (const line of decoder.push(chunk as Buffer)) yield decodeEvent<T>(line)
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      response.body.destroy()
    }
  }

  /** Any request as it is: no retries, no errors from status codes. */
  raw(
    method: string,
    path: string,
    options: Pick<TransportRequest, 'body' | 'headers' | 'signal'> = {},
  ): Promise<TransportResponse> {
    return this.#transport.send({ method, path, ...options })
  }

  /** Ends open connections; requests under way fail. */
  close(): Promise<void> {
    return this.#transport.close()
  }

  async #json<T>(
    method: string,
    path: string,
    query: Record<string, string | number | boolean | undefined>,
    body: string | undefined,
    signal: AbortSignal | undefined,
    { accept = 'application/json', contentType = 'application/json' }: { accept?: string; contentType?: string } = {},
  ): Promise<T> {
    const headers: Record<string, string> = { accept }
    if (body !== undefined) headers['content-type'] = contentType
    const response = await this.#sendRetrying({ method, path: withQuery(path, query), headers, body, signal })
    if (response.status >= 200 && response.status < 300) return JSON.parse(response.body.toString('utf8')) as T
    throw errorFromResponse({
      method,
      code: response.status,
      body: response.body.toString('utf8'),
      retryAfterSeconds: retryAfter(response),
    })
  }

  // client-go rest/with_retry.go: a refusal with Retry-After was not processed and may be sent again
  async #sendRetrying(req: TransportRequest): Promise<TransportResponse> {
    let resets = 0
    for (let attempt = 0; ; attempt++) {
      let response: TransportResponse
      try {
        response = await this.#transport.send(req)
      } catch (error) {
        // the server closed a kept-alive connection just as it was used again
        if (req.method === 'GET' && isConnectionReset(error) && !req.signal?.aborted && resets++ === 0) continue
        throw error
      }
      const seconds = retryAfter(response)
      const asksToWait = response.status === 429 || response.status >= 500
      if (!asksToWait || seconds === undefined || attempt >= maxRetries) return response
      await this.#clock.sleep(Math.min(seconds * 1000, maxRetryAfterMs), req.signal)
    }
  }
}

const someMinutes = (): number => 300 + Math.floor(Math.random() * 300)

function deleteBody(settings: DeleteSettings): string {
  const body: DeleteOptions = { apiVersion: 'v1', kind: 'DeleteOptions', ...settings }
  return JSON.stringify(body)
}

function withQuery(path: string, query: Record<string, string | number | boolean | undefined>): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) params.set(key, String(value))
  return params.size > 0 ? `${path}?${params}` : path
}

function retryAfter({ headers }: TransportResponse): number | undefined {
  const value = headers['retry-after']
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined
}

function isConnectionReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET'
}

function decodeEvent<T>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type: string; object: unknown }
  if (event.type === 'ERROR') throw new StatusError(event.object as Status)
  return event as WatchEvent<T>
}
