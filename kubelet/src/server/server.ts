import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Client } from '@kubets/shared/client/client.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { Authorizer, requester } from './auth.ts'
import { chooseContainer, declaresContainer, openLog, parseLogQuery } from './container-logs.ts'
import { cadvisorMetrics, noResourceMetrics, resourceMetrics } from '../stats/metrics.ts'
import { summaryOf } from '../stats/summary.ts'
import type { Usage } from '../stats/usage.ts'
import { goneWithDebugging, switchedOff, type Handlers } from './handlers.ts'
import { serveHealthz, type HealthChecks } from './healthz.ts'
import { serveNodeLogs } from './node-logs.ts'
import { findPod, podList, runningContainer, runningPods, ServerError } from './pods.ts'
import { serveUpgrade, type StreamingContext } from './upgrades.ts'

/** What the kubelet's HTTPS server needs. */
export interface ServerOptions extends StreamingContext {
  readonly host: string
  readonly port: number
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  readonly clientCA: string
  readonly client: Client
  readonly nodeName: string
  /** What of this server is switched on. */
  readonly handlers: Handlers
  /** Where the machine's own logs are. */
  readonly logsFolder: string
  readonly log: Logger
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  readonly probeMetrics: () => Promise<string>
  /** What the node and its Pods use now. */
  readonly usage: () => Promise<Usage>
  /** The KubeletConfiguration that the kubelet runs with. */
  readonly configuration: object
  /** By name: the text of what is wrong, or undefined. */
  readonly checks: HealthChecks
}

/**
 * Starts the kubelet's HTTPS server (logs, run, exec, attach, port-forward, /pods, /runningpods, /configz, /metrics, /healthz); it ends with
 * `options.signal`. Everybody shows a certificate of the cluster's authority and is authorised by the apiserver.
 * Rejects when the port is taken. pkg/kubelet/server/server.go
 */
export async function startServer(options: ServerOptions): Promise<void> {
  const { cert, key, clientCA, signal } = options
  const app = fastify({
    https: { cert, key, ca: clientCA, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    forceCloseConnections: true,
  })
  const authorizer = new Authorizer(options.client, options.nodeName, options.clock)
  app.addHook('onRequest', async (request: FastifyRequest) => {
    const who = requester(request.raw.socket as TLSSocket)
    await authorizer.check(who, request.method, request.url, options.signal)
    refuseSwitchedOff(options.handlers, request.url)
  })
  app.setErrorHandler((error, _request, reply) => {
    const code = error instanceof ServerError ? error.code : 500
    if (code === 500) options.log.error({ err: error }, 'a request failed')
    void reply
      .code(code)
      .type('text/plain')
      .send(`${error instanceof Error ? error.message : String(error)}\n`)
  })
  routes(app, options)
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => options.log.debug({ err: error }, 'a streaming client went away'))
    void upgrade(options, authorizer, request, socket, head)
  })
  await app.listen({ host: options.host, port: options.port })
  signal.addEventListener('abort', () => void app.close(), { once: true })
}

/** @throws ServerError 405 or 404 for what there would be otherwise. */
function refuseSwitchedOff(handlers: Handlers, url: string): void {
  const off = switchedOff(handlers, url)
  if (off !== undefined) throw new ServerError(405, off)
  if (goneWithDebugging(handlers, url)) throw new ServerError(404, '404 page not found')
}

// upstream waits for ever
const longestRunMs = 24 * 3600 * 1000

function routes(app: FastifyInstance, options: ServerOptions): void {
  serveHealthz(app, options.checks)
  app.get('/pods', () => podList(options.pods.list()))
  app.get('/runningpods', async () => podList(await runningPods(options.runtime, options.signal)))
  app.get('/configz', () => ({ kubeletconfig: options.configuration }))
  app.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await options.metrics()))
  // pkg/kubelet/server/server.go InstallAuthNotRequiredHandlers, server/stats/handler.go
  const prometheus = { 'content-type': 'text/plain; version=0.0.4' }
  app.get('/metrics/probes', async (_request, reply) => reply.headers(prometheus).send(await options.probeMetrics()))
  app.get('/metrics/resource', async (_request, reply) =>
    reply.headers(prometheus).send(await options.usage().then(resourceMetrics, noResourceMetrics)),
  )
  app.get('/metrics/cadvisor', async (_request, reply) =>
    reply.headers(prometheus).send(cadvisorMetrics(await options.usage())),
  )
  app.get<{ Querystring: { only_cpu_and_memory?: string } }>('/stats/summary', async (request) =>
    summaryOf(await options.usage(), request.query.only_cpu_and_memory === 'true'),
  )
  app.get('/logs', (_request, reply) => reply.redirect('logs/', 301))
  app.get<{ Params: { '*': string } }>('/logs/*', (request, reply) =>
    serveNodeLogs(options.logsFolder, request.params['*'], reply),
  )
  // as exec, in one answer; the part between Pod and container may be the Pod's uid
  const run = (request: FastifyRequest<{ Params: OfContainer; Querystring: { cmd?: string } }>): Promise<Buffer> => {
    const { namespace, pod, container } = request.params
    return runOnce(options, namespace, pod, container, (request.query.cmd ?? '').split(' '))
  }
  for (const way of ['/run/:namespace/:pod/:container', '/run/:namespace/:pod/:uid/:container']) {
    app.post<{ Params: OfContainer; Querystring: { cmd?: string } }>(way, async (request, reply) =>
      reply.type('application/json').send(await run(request)),
    )
  }
  app.get<{ Params: OfContainer }>('/containerLogs/:namespace/:pod/:container', async (request, reply) => {
    const { namespace, pod: name, container } = request.params
    const pod = findPod(options.pods, namespace, name)
    if (!declaresContainer(pod, container)) {
      throw new ServerError(404, `container "${container}" not found in pod "${name}"`)
    }
    const query = parseLogQuery(new URL(request.url, 'https://kubelet').searchParams, options.clock.now())
    const all = await options.runtime.listContainers({ podUid: pod.metadata.uid ?? '' }, options.signal)
    const log = await openLog(
      options.runtime,
      chooseContainer(pod, container, all, query.previous),
      query,
      options.signal,
    )
    // By hand: a follower must see the headers before the container says its first word.
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/plain' })
    reply.raw.flushHeaders()
    await pipeline(log, reply.raw).catch((error: unknown) =>
      options.log.debug({ err: error }, 'a log reader went away'),
    )
  })
}

interface OfContainer {
  namespace: string
  pod: string
  container: string
}

// pkg/kubelet/kubelet_pods.go RunInContainer
async function runOnce(
  { pods, runtime, signal }: ServerOptions,
  namespace: string,
  name: string,
  container: string,
  command: readonly string[],
): Promise<Buffer> {
  const { id } = await runningContainer(runtime, findPod(pods, namespace, name), container, signal)
  const { stdout, stderr, exitCode } = await runtime.execSync(id, command, longestRunMs, signal)
  const said = Buffer.concat([stdout, stderr])
  if (exitCode === 0) return said
  throw new ServerError(500, `command '${command.join(' ')}' exited with ${exitCode}: ${said.toString('utf8')}`)
}

async function upgrade(
  options: ServerOptions,
  authorizer: Authorizer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  try {
    const who = requester(request.socket as TLSSocket)
    await authorizer.check(who, 'POST', request.url ?? '/', options.signal)
    refuseSwitchedOff(options.handlers, request.url ?? '/')
    await serveUpgrade(options, request, socket, head)
  } catch (error) {
    const code = error instanceof ServerError ? error.code : 500
    if (code === 500) options.log.error({ err: error }, 'a request failed')
    const text = `${error instanceof Error ? error.message : String(error)}\n`
    socket.end(
      `HTTP/1.1 ${String(code)} ${code === 500 ? 'Internal Server Error' : 'Error'}\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${String(Buffer.byteLength(text))}\r\nConnection: close\r\n\r\n${text}`,
    )
  }
}
