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
    const connection = await this.#connected()
    try {
      return await answerTo(connection, path, message, limitMs, this.#options.clock)
    } catch (error) {
      if (error instanceof RpcError && error.code === codes.unavailable) this.#leave(connection)
      throw error
    }
  }

  /** Takes no calls any more; those on their way may end. */
  close(): void {
    this.#closed = true
    this.#connection?.close()
  }

  #connected(): Connection | Promise<Connection> {
    if (this.#closed) throw new RpcError(codes.unavailable, 'the connection to etcd was closed')
    if (this.#connection?.usable) return this.#connection
    return (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)))
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
      problem = new RpcError(codes.deadlineExceeded, `no answer within ${String(limitMs)} ms`)
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
      const error = problem ?? errorIn(told)
      if (error) reject(error)
      else resolve(answer ?? Buffer.alloc(0))
    })
    stream.end(framed(message))
  })
}
