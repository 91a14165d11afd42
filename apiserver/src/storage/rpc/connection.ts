import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { codes, RpcError } from './rpc-error.ts'

/** How to speak TLS to etcd, as PEM: its authority, and this apiserver's client certificate. */
export interface EtcdTls {
  ca: string
  cert: string
  key: string
}

export interface ConnectionOptions {
  /** host:port, or http(s)://host:port */
  endpoint: string
  /** Unset: a plain connection. */
  tls?: EtcdTls | undefined
  clock: Clock
}

// apiserver/pkg/storage/storagebackend/factory/etcd3.go dialTimeout
const connectMs = 20_000
/** etcd ends connections that are pinged more than every five seconds. server/embed/config.go DefaultGRPCKeepAliveMinTime */
const pingMs = 10_000
const pingLimitMs = 5_000
/** Bytes that may be on their way to us: of one call, and of all together. */
const callWindow = 4 << 20
const connectionWindow = 16 << 20
/** HTTP/2 has numbers for 2^30 calls. */
const maxCalls = 1 << 29

/** gRPC to one member of etcd: an HTTP/2 connection that is there. */
export class Connection {
  readonly #session: ClientHttp2Session
  readonly #clock: Clock
  #open = 0
  #begun = 0
  #cancelPing = (): void => undefined

  /** Connects. Rejects with an RpcError (unavailable), after 20 s at the latest. */
  static open({ endpoint, tls, clock }: ConnectionOptions): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const session = connect(`${tls ? 'https' : 'http'}://${endpoint.replace(/^https?:\/\//, '')}`, {
        ...tls,
        settings: { enablePush: false, initialWindowSize: callWindow },
        // Node's 10 MB would end calls when large answers are on their way
        maxSessionMemory: Number.MAX_SAFE_INTEGER,
      })
      const cancelLimit = clock.timer(connectMs, () => session.destroy(new Error(`no answer from ${endpoint}`)))
      session.once('connect', () => {
        cancelLimit()
        session.setLocalWindowSize(connectionWindow)
        resolve(new Connection(session, clock))
      })
      // what goes wrong later is told by the calls
      session.on('error', (error: Error) => reject(new RpcError(codes.unavailable, wordsOf(error))))
      session.once('close', () => {
        cancelLimit()
        reject(new RpcError(codes.unavailable, `${endpoint} ended the connection`))
      })
    })
  }

  private constructor(session: ClientHttp2Session, clock: Clock) {
    this.#session = session
    this.#clock = clock
    this.#pingLater()
    session.once('close', () => this.#cancelPing())
  }

  /** Whether calls can be begun: the other end is there and takes them. */
  get usable(): boolean {
    return !this.#session.closed && !this.#session.destroyed && this.#begun < maxCalls
  }

  /** Begins a call of a method, e.g. "/etcdserverpb.KV/Txn"; it ends with `close`, whatever happens. Throws where it is not usable. */
  call(path: string, headers: OutgoingHttpHeaders): ClientHttp2Stream {
    if (!this.usable) throw new RpcError(codes.unavailable, 'the connection to etcd has ended')
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    this.#begun++
    this.#open++
    stream.once('close', () => this.#open--)
    return stream
  }

  /** Begins no call any more; ends when those that are open have ended. */
  close(): void {
    this.#session.close()
  }

  /** Ends what goes silent while calls are open; without them etcd would take pings for an attack. */
  #pingLater(): void {
    this.#cancelPing = this.#clock.timer(pingMs, () => {
      if (this.#open === 0) return this.#pingLater()
      this.#cancelPing = this.#clock.timer(pingLimitMs, () => this.#session.destroy(new Error('etcd is silent')))
      this.#session.ping(() => {
        this.#cancelPing()
        if (!this.#session.destroyed) this.#pingLater()
      })
    })
  }
}

/** An error's words; that nobody listens on any address of a name has a code alone. */
export const wordsOf = (error: Error): string => error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
