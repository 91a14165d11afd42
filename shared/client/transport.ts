import type { Agent as UndiciAgent, Dispatcher } from 'undici'
import type { Clock } from '../machinery/clock.ts'
import type { ClientConfig } from './config.ts'
import { Agent, request } from './undici.ts'

const defaultLimitMs = 30_000
// Enough to keep a busy controller's workers going without opening a connection for each of a thousand requests.
const maxConnections = 64

export interface TransportRequest {
  method: string
  /** Path with query. */
  path: string
  headers?: Record<string, string>
  body?: string | Buffer
  signal?: AbortSignal
}

export interface TransportResponse {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** HTTP/1.1 to one server over kept-alive connections, with the credentials of the config. */
export class Transport {
  readonly #config: ClientConfig
  readonly #clock: Clock
  readonly #requests: Agent
  readonly #streams: Agent
  readonly #limitMs: number

  constructor(config: ClientConfig, clock: Clock) {
    const { requestLimitMs = defaultLimitMs } = config
    this.#config = config
    this.#clock = clock
    this.#limitMs = requestLimitMs
    const options: UndiciAgent.Options = {
      allowH2: false,
      headersTimeout: 0,
      // servers wait longer, or announce how long; a handshake costs more than an idle connection
      keepAliveTimeout: 30_000,
      connect: {
        ca: config.ca,
        cert: config.cert,
        key: config.key,
        servername: config.tlsServerName,
        rejectUnauthorized: !config.insecureSkipTLSVerify,
        timeout: requestLimitMs,
        // the kernel's probes find a peer that vanished without a word within a minute
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
      },
    }
    this.#requests = new Agent({ ...options, bodyTimeout: requestLimitMs, connections: maxConnections })
    // a watch holds its connection for minutes: it must not take a place from ordinary requests
    this.#streams = new Agent(options)
  }

  /** One exchange within the config's limit. Rejects with the signal's reason when that aborts. */
  async send(req: TransportRequest): Promise<TransportResponse> {
    const limit = new RequestLimit(this.#clock, this.#limitMs, req)
    try {
      const response = await this.#dispatch(this.#requests, req, limit.signal)
      const body = Buffer.from(await response.body.arrayBuffer())
      return { status: response.statusCode, headers: response.headers, body }
    } catch (error) {
      throw limit.explain(error)
    } finally {
      limit.end()
    }
  }

  /**
   * A response whose body is read as it comes. The headers must arrive within the config's limit, after that
   * no two chunks may lie `silenceMs` apart. The caller consumes or destroys the body.
   */
  async stream(req: TransportRequest & { signal: AbortSignal }, silenceMs: number): Promise<Dispatcher.ResponseData> {
    const limit = new RequestLimit(this.#clock, this.#limitMs, req)
    try {
      const response = await this.#dispatch(this.#streams, req, limit.signal, silenceMs)
      response.body.once('close', () => limit.end())
      return response
    } catch (error) {
      limit.end()
      throw limit.explain(error)
    } finally {
      limit.stopTimer()
    }
  }

  /** Ends open connections at once. */
  async close(): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#streams.destroy()])
  }

  #dispatch(
    dispatcher: Agent,
    req: TransportRequest,
    signal: AbortSignal,
    bodyTimeout?: number,
  ): Promise<Dispatcher.ResponseData> {
    return request(this.#config.server + req.path, {
      dispatcher,
      method: req.method as Dispatcher.HttpMethod,
      headers: { ...this.#credentials(), 'user-agent': this.#config.userAgent, ...req.headers },
      body: req.body,
      signal,
      ...(bodyTimeout === undefined ? {} : { bodyTimeout }),
    })
  }

  #credentials(): Record<string, string | string[]> {
    const { token, impersonate } = this.#config
    const headers: Record<string, string | string[]> = {}
    const bearer = typeof token === 'function' ? token() : token
    if (bearer) headers.authorization = `Bearer ${bearer}`
    if (impersonate) {
      headers['impersonate-user'] = impersonate.user
      if (impersonate.groups?.length) headers['impersonate-group'] = impersonate.groups
    }
    return headers
  }
}

/** Aborts a request when its caller does, or when its time is over; `end` must be called. */
class RequestLimit {
  readonly #controller = new AbortController()
  readonly #req: TransportRequest
  readonly #onAbort: () => void
  readonly stopTimer: () => void

  constructor(clock: Clock, limitMs: number, req: TransportRequest) {
    this.#req = req
    this.#onAbort = () => this.#controller.abort(req.signal?.reason)
    this.stopTimer = clock.timer(limitMs, () =>
      this.#controller.abort(new Error(`no answer within ${limitMs / 1000} s`)),
    )
    if (req.signal?.aborted) this.#onAbort()
    else req.signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    this.stopTimer()
    this.#req.signal?.removeEventListener('abort', this.#onAbort)
  }

  /** The caller's own abort is passed on as it is; everything else says which request failed. */
  explain(error: unknown): unknown {
    if (this.#req.signal?.aborted) return this.#req.signal.reason
    const message =
      error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)
    const path = this.#req.path.split('?')[0]
    return Object.assign(new Error(`${this.#req.method} ${path}: ${message}`, { cause: error }), {
      code: (error as NodeJS.ErrnoException | undefined)?.code,
    })
  }
}
