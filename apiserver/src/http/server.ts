import type { IncomingMessage, ServerOptions as HttpServerOptions, ServerResponse } from 'node:http'
import type { Http2SecureServer, SecureServerOptions } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import fastify from 'fastify'
import { pageNotFound, statusAnswer } from './answer.ts'
import type { Deps, Handler } from './context.ts'
import { serve } from './request.ts'
import { resource } from './resource.ts'
import type { Routes } from './routes.ts'
import { write } from './send.ts'
import { upgrade } from './upgrade-request.ts'

export interface ServerOptions {
  host: string
  port: number
  /** PEM */
  cert: string
  key: string
  /** The authority of client certificates, and that of proxies' certificates. */
  clientCa: string
  requestHeader: { clientCa: string } | undefined
}

export interface Server {
  readonly port: number
  /** Ends watches, lets short requests finish, then closes every connection. */
  close(): Promise<void>
}

const drainMilliseconds = 5_000
/** staging/src/k8s.io/apiserver/pkg/server/secure_serving.go IdleTimeout, ReadHeaderTimeout */
const idleMilliseconds = 90_000
const headersMilliseconds = 32_000
/** net/http/server.go DefaultMaxHeaderBytes */
const maxHeaderBytes = 1 << 20

/** Listens with TLS for HTTP/2, HTTP/1.1 and upgrades on one port. Rejects when it cannot listen. */
export async function startServer(options: ServerOptions, routes: Routes, deps: Deps): Promise<Server> {
  // the second is for HTTP/1.1, which Node's types leave out
  const https: SecureServerOptions & HttpServerOptions = {
    allowHTTP1: true,
    cert: options.cert,
    key: options.key,
    ca: [options.clientCa, ...(options.requestHeader === undefined ? [] : [options.requestHeader.clientCa])],
    requestCert: true,
    // who shows a certificate of another authority gets an answer, not a broken handshake
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    // those of Go's servers: Node's 16 KiB are too few for a long selector
    maxHeaderSize: maxHeaderBytes,
    settings: { maxHeaderListSize: maxHeaderBytes },
    headersTimeout: headersMilliseconds,
    // short requests have their time limit, the others may send as long as they like
    requestTimeout: 0,
    keepAliveTimeout: idleMilliseconds,
  }
  const app = fastify({
    http2: true,
    https,
    http2SessionTimeout: idleMilliseconds,
    exposeHeadRoutes: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    frameworkErrors: (error, _request, reply) => {
      reply.hijack()
      write(reply.raw as unknown as ServerResponse, statusAnswer(badRequest(error.message)), [])
    },
  })
  // handlers read bodies themselves: some stream them on
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  for (const [url, handler] of [...Object.entries(routes), ['/*', anything] as const]) {
    app.all(url, (request, reply) => {
      reply.hijack()
      const response = reply.raw as unknown as ServerResponse
      return serve(request.raw as unknown as IncomingMessage, response, handler, deps)
    })
  }

  const server = app.server as unknown as Http2SecureServer
  const sockets = new Set<Duplex>()
  server.on('secureConnection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  // a client that breaks off a handshake or a session is no concern of the others
  server.on('sessionError', (error: Error) => deps.log.debug({ err: error }, 'HTTP/2 session failed'))
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // an upgraded connection may end in one direction and go on in the other; the others may not, or they would stay
    socket.allowHalfOpen = true
    void upgrade(request, socket, head, deps)
  })
  await app.listen({ host: options.host, port: options.port })
  const { port } = server.address() as AddressInfo
  return {
    port,
    async close() {
      const closed = app.close()
      const cancel = deps.clock.timer(drainMilliseconds, () => sockets.forEach((socket) => socket.destroy()))
      await idle(deps)
      sockets.forEach((socket) => socket.destroy())
      await closed
      cancel()
    },
  }
}

/** Resolves when no short request is being answered any more, or the time for that is over. */
async function idle({ clock, metrics }: Deps): Promise<void> {
  const end = clock.elapsed() + drainMilliseconds
  while (metrics.inFlight.readonly + metrics.inFlight.mutating > 0 && clock.elapsed() < end) await clock.sleep(20)
}

const anything: Handler = (context, deps) => (context.info.isResourceRequest ? resource(context, deps) : pageNotFound())
