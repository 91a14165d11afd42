import { chmod, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import * as grpc from '@grpc/grpc-js'

/** Answers a request of a service; rejects with an Error, of which the client sees the message. */
export type Answer = (request: never) => Promise<object> | object

/** Serves one service on a unix socket, in the place of one that is there, until the signal aborts. Rejects when it cannot. */
export async function serveSocket(
  socket: string,
  service: grpc.ServiceClientConstructor,
  methods: Readonly<Record<string, Answer>>,
  signal: AbortSignal,
): Promise<void> {
  const handlers = Object.entries(methods).map(([name, method]) => {
    const reply = async (request: unknown): Promise<object> => method(request as never)
    const handler: grpc.handleUnaryCall<unknown, object> = ({ request }, answer) => {
      void reply(request).then(
        (response) => answer(null, response),
        (error: unknown) => answer({ code: grpc.status.UNKNOWN, details: (error as Error).message }),
      )
    }
    return [name, handler as grpc.UntypedHandleCall] as const
  })
  await mkdir(path.dirname(socket), { recursive: true, mode: 0o750 })
  await rm(socket, { force: true })
  const server = new grpc.Server()
  server.addService(service.service, Object.fromEntries(handlers))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) reject(error)
    else resolve()
  })
  await promise
  await chmod(socket, 0o700)
  signal.addEventListener('abort', () => server.forceShutdown(), { once: true })
  if (signal.aborted) server.forceShutdown()
}
