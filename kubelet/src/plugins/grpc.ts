import { fileURLToPath } from 'node:url'
import * as grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Clock } from '@kubets/shared/machinery/clock.ts'

/** A call to a plugin failed; the text is that of Go's gRPC, which is what users find in events. */
export class RpcError extends Error {
  /** As Go's gRPC names it, for example `NotFound`. */
  readonly code: string
  readonly details: string

  constructor(code: string, details: string) {
    super(`rpc error: code = ${code} desc = ${details}`)
    this.name = 'RpcError'
    this.code = code
    this.details = details
  }
}

// google.golang.org/grpc/codes, by their number
const codes = ['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied', 'ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss', 'Unauthenticated'] // prettier-ignore

/** A service of a .proto file: `name` with its package. Fields keep their names; absent ones have their defaults; int64 are strings. */
export function loadService(file: URL, name: string): grpc.ServiceClientConstructor {
  const loaded = grpc.loadPackageDefinition(
    loadSync(fileURLToPath(file), { keepCase: true, longs: String, enums: String, defaults: true }),
  )
  let at: unknown = loaded
  for (const part of name.split('.')) at = (at as grpc.GrpcObject)[part]
  return at as grpc.ServiceClientConstructor
}

/** One connection to a plugin's service on a unix socket. It connects when it is first used; close it. */
export class PluginClient {
  readonly #client: grpc.Client
  readonly #methods: grpc.ServiceDefinition
  readonly #clock: Clock
  #closed = false

  constructor(service: grpc.ServiceClientConstructor, socket: string, clock: Clock) {
    // the name of a socket is no host name, which HTTP/2 asks for
    const options = { 'grpc.default_authority': 'localhost' }
    this.#client = new service(`unix:${socket}`, grpc.credentials.createInsecure(), options)
    this.#methods = service.service
    this.#clock = clock
  }

  /** Asks, waiting at most `limitMs`. Rejects with an RpcError, or with the signal's reason. */
  async call<Response>(method: string, request: object, limitMs: number, signal: AbortSignal): Promise<Response> {
    const definition = this.#methods[method]
    if (!definition) throw new Error(`no method ${method}`)
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const call = this.#client.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
      new grpc.Metadata(),
      { deadline: this.#clock.now() + limitMs },
      (error, response) => {
        if (error) reject(new RpcError(codes[error.code] ?? `Code(${error.code})`, error.details))
        else resolve(response as Response)
      },
    )
    const cancel = (): void => call.cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await promise
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Follows a stream until it ends; `take` gets each message. Rejects with an RpcError, or with the signal's reason. */
  async follow<Response>(
    method: string,
    request: object,
    take: (message: Response) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const definition = this.#methods[method]
    if (!definition) throw new Error(`no method ${method}`)
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stream = this.#client.makeServerStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      request,
    )
    stream.on('data', take)
    stream.on('end', resolve)
    stream.on('error', (error: grpc.ServiceError) => {
      reject(new RpcError(codes[error.code] ?? `Code(${error.code})`, error.details))
    })
    const cancel = (): void => {
      stream.cancel()
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', cancel, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', cancel))
  }

  /** Waits until somebody answers there, at most `limitMs`. Rejects when nobody does, or with the signal's reason. */
  async ready(limitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#client.waitForReady(this.#clock.now() + limitMs, (error) => (error ? reject(error) : resolve()))
    const cancel = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', cancel, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', cancel))
  }

  /** Keeps the connection up, and tells whenever it is there or not, until it is closed. */
  keepConnected(changed: (connected: boolean) => void): void {
    const channel = this.#client.getChannel()
    const look = (): void => {
      if (this.#closed) return
      const state = channel.getConnectivityState(true)
      changed(state === grpc.connectivityState.READY)
      channel.watchConnectivityState(state, Infinity, look)
    }
    look()
  }

  close(): void {
    this.#closed = true
    this.#client.close()
  }
}
