import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { Connection, wordsOf, type EtcdTls } from './connection.ts'
import { framed, Frames } from './frames.ts'
import { codes, errorIn, RpcError, type Told } from './rpc-error.ts'

export interface ChannelOptions {
  /** Members of etcd: host:port, or http(s)://host:port */
  endpoints: readonly string[]
  /** Unset: plain connections. */
  tls?: EtcdTls | undefined
  clock: Clock
}

/**
 * Calls of one message and one answer, all over one connection to one member of etcd, and to the next one when that cannot
 * be reached or says that it is of no use now. No call is made twice: a write that is sent again is not the same write.
 */
export class Channel {
  readonly #options: ChannelOptions
  #turn = 0
  #connection: Connection | undefined
  #connecting: Promise<Connection> | undefined
  #closed = false

  constructor(options: ChannelOptions) {
    this.#options = options
  }

  /** The answer to a message. Rejects with an RpcError, after `limitMs` at the latest. */
  async call(path: string, message: Buffer, limitMs: number): Promise<Buffer> {
    if (this.#closed) throw new RpcError(codes.unavailable, 'the connection to etcd was closed')
    if (this.#connection?.usable) return this.#ask(this.#connection, path, message, limitMs)
    const { clock } = this.#options
    const end = clock.elapsed() + limitMs
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    const connection = await inTime(this.#connecting, limitMs, clock)
    return this.#ask(connection, path, message, Math.max(1, Math.ceil(end - clock.elapsed())))
  }

  /** Takes no calls any more; those on their way may end. */
  close(): void {
    this.#closed = true
    this.#connection?.close()
  }

  async #ask(connection: Connection, path: string, message: Buffer, limitMs: number): Promise<Buffer> {
    try {
      return await answerTo(connection, path, message, limitMs, this.#options.clock)
    } catch (error) {
      if (error instanceof RpcError && error.code === codes.unavailable) this.#leave(connection)
      throw error
    }
  }

  /** To the member whose turn it is, or the next that can be reached. */
  async #connect(): Promise<Connection> {
    const { endpoints, ...options } = this.#options
    for (let left = endpoints.length; ; left--) {
      try {
        const endpoint = endpoints[this.#turn % endpoints.length] ?? ''
        const connection = await Connection.open({ ...options, endpoint })
        this.#connection?.close()
        this.#connection = connection
        if (this.#closed) connection.close()
        return connection
      } catch (error) {
        this.#turn++
        if (left <= 1) throw error
      }
    }
  }

  /** Another member may know more: one without a leader cannot say anything. */
  #leave(connection: Connection): void {
    if (this.#connection !== connection || this.#options.endpoints.length === 1) return
    this.#connection = undefined
    this.#turn++
    connection.close()
  }
}

const late = (ms: number): RpcError => new RpcError(codes.deadlineExceeded, `no answer within ${String(ms)} ms`)

/** What comes, unless it takes longer. */
function inTime<T>(coming: Promise<T>, limitMs: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancelLimit = clock.timer(limitMs, () => reject(late(limitMs)))
    void coming.then(resolve, reject).finally(cancelLimit)
  })
}

function answerTo(
  connection: Connection,
  path: string,
  message: Buffer,
  limitMs: number,
  clock: Clock,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stream = connection.call(path, { 'grpc-timeout': `${String(limitMs)}m` })
    const frames = new Frames()
    let answer: Buffer | undefined
    let told: Told = {}
    let problem: RpcError | undefined
    const cancelLimit = clock.timer(limitMs, () => {
      problem = late(limitMs)
      stream.destroy()
    })
    stream.on('response', (headers) => (told = headers))
    stream.on('trailers', (trailers) => (told = trailers))
    stream.on('data', (piece: Buffer) => {
      try {
        answer = frames.add(piece)[0] ?? answer
      } catch (error) {
        stream.destroy(error as Error)
      }
    })
    stream.on('error', (error: Error) => (problem ??= new RpcError(codes.unavailable, wordsOf(error))))
    stream.on('close', () => {
      cancelLimit()
      // what the other end has said of the call counts, also where the stream broke after it
      const error = told['grpc-status'] === undefined ? (problem ?? errorIn(told)) : errorIn(told)
      if (error) reject(error)
      else if (answer) resolve(answer)
      else reject(problem ?? new RpcError(codes.unavailable, 'the answer did not come'))
    })
    stream.end(framed(message))
  })
}
