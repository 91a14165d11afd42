import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerOptions as HttpServerOptions, ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2ServerRequest, SecureServerOptions } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { badRequest, notFound, serviceUnavailable, timeout, StatusError } from '@kubets/shared/machinery/errors.ts'
import { describeError } from '@kubets/shared/process/signals.ts'
import fastify from 'fastify'
import { Rejected } from '../flowcontrol/flow-control.ts'
import { aggregated, aggregatedTarget } from './aggregated.ts'
import { pageNotFound, statusAnswer, toStatusError, type Answer } from './answer.ts'
import { readBody } from './body.ts'
import { connectors } from './connect.ts'
import { admitConnect } from './connect-admission.ts'
import type { Deps, Handler, RequestContext } from './context.ts'
import { admitted } from './filters.ts'
import { serveLogSocket } from './log-socket.ts'
import { compressed, errorAnswer } from './output.ts'
import { proxyUpgrade } from './upgrade.ts'
import { durationMilliseconds } from './query.ts'
import { isLongRunning, parseRequestInfo, type RequestInfo } from './request-info.ts'
import { kindOf, resource } from './resource.ts'
import type { Routes } from './routes.ts'
import { warningHeaders } from './warnings.ts'
import { rejectedAnswer, takeSeat } from './seats.ts'

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

const requestMilliseconds = 60_000
const drainMilliseconds = 5_000
/** staging/src/k8s.io/apiserver/pkg/server/secure_serving.go IdleTimeout, ReadHeaderTimeout */
const idleMilliseconds = 90_000
const headersMilliseconds = 32_000
/** net/http/server.go DefaultMaxHeaderBytes */
const maxHeaderBytes = 1 << 20
/** How long a connection is still read after an answer that came before the whole body. */
const lingerMilliseconds = 500

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

/** Why the signal of a request aborts in the end; made once, as a stack for each request costs more than routing it. */
const ended = new DOMException('This operation was aborted', 'AbortError')

/** One request from its head to its answer; never rejects. */
async function serve(request: IncomingMessage, response: ServerResponse, handler: Handler, deps: Deps): Promise<void> {
  const { clock, metrics, log } = deps
  const start = clock.elapsed()
  const method = request.method ?? 'GET'
  const gone = new AbortController()
  let release = (): void => undefined
  response.on('close', () => {
    gone.abort(ended)
    release()
  })
  // reads of a broken connection end in the error that whoever reads gets; this is for when nobody does
  request.on('error', () => gone.abort(ended))
  response.on('error', () => gone.abort(ended))

  const warnings: string[] = []
  let known: RequestInfo = unknownRequest
  let lasting = false
  try {
    const { path, query, info } = parseUrl(request, method)
    lasting = isLongRunning(info)
    const countOut = lasting ? undefined : countIn(info, metrics.inFlight)
    try {
      if (lasting) {
        deps.stopping.addEventListener('abort', () => gone.abort(), { signal: gone.signal })
      } else {
        const after = Math.min(requestMilliseconds, durationMilliseconds(query.get('timeout')) || Infinity)
        // the answer has to be gone by then too: a client that does not read it would keep its seat
        const cancelTimer = clock.timer(after, () => {
          gone.abort(timeout('request did not complete within the allotted timeout'))
          if (response.headersSent) response.destroy()
        })
        gone.signal.addEventListener('abort', cancelTimer)
        if (gone.signal.aborted) cancelTimer()
      }
      const user = await admitted(request, path, info, deps)
      const seat = await takeSeat(info, query, user, lasting, response, gone.signal, deps)
      release = () => seat?.release()
      if (gone.signal.aborted) release()
      const context: RequestContext = {
        method,
        path,
        query,
        headers: request.headers,
        info,
        user,
        clock,
        signal: gone.signal,
        warnings,
        auditAnnotations: new Map(),
        request,
        response,
        initialized: () => release(),
        body: () => readBody(request),
      }
      // time series are made for what there is, not for what a client makes up
      if (!info.isResourceRequest || kindOf(context, deps.kinds) !== undefined) known = info
      if (lasting) metrics.longRunning(known, 1)
      const remote = deps.aggregator.remotes.forPath(path)
      const answer = await orAborted((remote ? aggregated(remote) : handler)(context, deps), gone.signal)
      if (answer !== undefined) {
        await send(response, await compressed(answer, request.headers['accept-encoding']), warnings, gone.signal)
      }
    } finally {
      countOut?.()
    }
  } catch (error) {
    fail(error, request, response, warnings, gone.signal, deps)
  } finally {
    if (!response.writableEnded) response.on('finish', () => request.resume())
    else request.resume()
    if (lasting && known !== unknownRequest) metrics.longRunning(known, -1)
    const seconds = (clock.elapsed() - start) / 1000
    metrics.finished(known, method, response.statusCode, seconds, lasting)
    log.debug({ method, url: request.url, code: response.statusCode, seconds }, 'request')
  }
}

const unknownRequest: RequestInfo = {
  isResourceRequest: false,
  path: '',
  verb: '',
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  fieldSelector: [],
  parts: [],
}

function parseUrl(
  request: IncomingMessage,
  method: string,
): { path: string; query: URLSearchParams; info: RequestInfo } {
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  try {
    return { path, query, info: parseRequestInfo(method, path, query) }
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(path)}`)
  }
}

/** Counts the request in; the function given back counts it out again. */
function countIn(info: RequestInfo, inFlight: Deps['metrics']['inFlight']): () => void {
  const sort = ['get', 'list', 'head'].includes(info.verb) ? 'readonly' : 'mutating'
  inFlight[sort]++
  return () => inFlight[sort]--
}

/** The handler's result, or the reason of the abort as soon as there is one. */
async function orAborted<T>(work: Promise<T> | T, signal: AbortSignal): Promise<T> {
  if (!(work instanceof Promise)) return work
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      // what ends in order by the signal (a watch) is given the turn to do so
      if (signal.reason instanceof StatusError) reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function fail(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  warnings: readonly string[],
  signal: AbortSignal,
  { clock, log }: Deps,
): void {
  const reason: unknown = signal.reason
  if (signal.aborted && !(reason instanceof StatusError)) {
    response.destroy()
    return
  }
  if (error instanceof Rejected) {
    write(response, rejectedAnswer(error, response), warnings)
    return
  }
  const status = toStatusError(reason instanceof StatusError ? reason : error)
  if (status.code >= 500) log.error({ err: error, method: request.method, url: request.url }, describeError(error))
  if (response.headersSent) {
    response.destroy()
    return
  }
  const answer = errorAnswer(status, request.headers.accept)
  if (status.code === 413) refuseRest(request, response, answer, clock)
  else write(response, answer, warnings)
}

/**
 * Answers before the body has come whole, and ends this connection, or stream. A connection closed on a client that
 * still sends is reset, and the answer lost with it: what comes is read and dropped for a moment more.
 * net/http/server.go rstAvoidanceDelay
 */
function refuseRest(request: IncomingMessage, response: ServerResponse, answer: Answer, clock: Clock): void {
  if (request.httpVersionMajor !== 1) {
    response.on('finish', () => (request as unknown as Http2ServerRequest).stream.close())
    write(response, answer, [])
    return
  }
  if (response.destroyed) return
  response.setHeader('connection', 'close')
  writeHead(response, answer)
  response.write(answer.body)
  const end = (): void => void response.end()
  const cancelTimer = clock.timer(lingerMilliseconds, end)
  request.on('close', cancelTimer)
  request.on('end', end)
  request.resume()
}

/** Larger answers go out in pieces, as fast as the client takes them: encrypting one takes its time. */
const pieceLength = 256 * 1024

async function send(
  response: ServerResponse,
  answer: Answer,
  warnings: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { body } = answer
  if (body.length <= pieceLength) return write(response, answer, warnings)
  if (!begin(response, answer, warnings)) return
  try {
    for (let start = 0; start < body.length; start += pieceLength) {
      if (!response.write(body.subarray(start, start + pieceLength))) await once(response, 'drain', { signal })
    }
    response.end()
  } catch {
    // the client is gone, or too slow
    response.destroy()
  }
}

function write(response: ServerResponse, answer: Answer, warnings: readonly string[]): void {
  if (begin(response, answer, warnings)) response.end(answer.body)
}

/** Writes the head, where there is still somebody to read it and none was written. */
function begin(response: ServerResponse, answer: Answer, warnings: readonly string[]): boolean {
  if (response.destroyed || response.headersSent) return false
  if (warnings.length > 0) response.setHeader('warning', warningHeaders(warnings))
  writeHead(response, answer)
  return true
}

function writeHead(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.code, {
    'audit-id': randomUUID(),
    'cache-control': 'no-cache, private',
    ...answer.headers,
    'content-type': answer.contentType,
    'content-length': answer.body.length,
  })
}

/** An upgrade request: the same questions first, then bytes in both directions. Never rejects. */
async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer, deps: Deps): Promise<void> {
  const method = request.method ?? 'GET'
  const gone = new AbortController()
  socket.on('error', () => gone.abort())
  socket.on('close', () => gone.abort())
  deps.stopping.addEventListener('abort', () => gone.abort(), { signal: gone.signal })
  try {
    const { path, query, info } = parseUrl(request, method)
    const user = await admitted(request, path, info, deps)
    const remote = deps.aggregator.remotes.forPath(path)
    const locate = connectors[`${info.resource}/${info.subresource}`]
    if (remote === undefined && (!info.isResourceRequest || info.apiGroup !== '' || locate === undefined)) {
      throw badRequest(`${method} ${path} cannot be upgraded`)
    }
    const context = {
      method,
      path,
      query,
      headers: request.headers,
      info,
      user,
      clock: deps.clock,
      signal: gone.signal,
      warnings: [],
      auditAnnotations: new Map<string, string>(),
      request,
      response: undefined as never,
      initialized: () => undefined,
      body: () => Promise.resolve(Buffer.alloc(0)),
    }
    let target
    if (remote === undefined) {
      const kind = kindOf(context, deps.kinds)
      if (kind === undefined) throw notFound({ group: '', plural: info.resource }, info.name)
      target = await locate?.(await admitConnect(context, deps, kind), deps)
    } else {
      target = aggregatedTarget(remote, request.url ?? path, user, deps)
      if (target === undefined) throw serviceUnavailable('service unavailable')
    }
    if (target === undefined) throw badRequest(`${info.resource} ${info.name} is nowhere yet`)
    deps.metrics.longRunning(info, 1)
    try {
      if (remote === undefined && info.subresource === 'log')
        await serveLogSocket(request, socket, head, target, gone.signal)
      else await proxyUpgrade(request, socket, head, target, deps.clock, gone.signal)
    } finally {
      deps.metrics.longRunning(info, -1)
      deps.metrics.finished(info, method, 101, 0, true)
    }
  } catch (error) {
    refuseUpgrade(socket, statusAnswer(toStatusError(error)))
  }
}

function refuseUpgrade(socket: Socket, { code, body, contentType }: Answer): void {
  if (!socket.writable) return
  const head = `HTTP/1.1 ${code} \r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
  socket.end(Buffer.concat([Buffer.from(head), body]))
}
