import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../machinery/logger.ts'

interface HealthOptions {
  host: string
  /** 0 takes any free port. */
  port: number
  log: Logger
  /** By name: the text of what is wrong, or undefined. */
  checks: Record<string, () => string | undefined>
  metrics: () => Promise<string>
  /** Further paths. */
  extra?: Record<string, (req: IncomingMessage, res: ServerResponse) => void>
}

const healthPaths: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz'])

/**
 * Serves /healthz, /livez, /readyz (with ?verbose) and /metrics over plain HTTP until the signal aborts.
 * Resolves with the port once it listens; rejects when it cannot.
 */
export async function serveHealth(options: HealthOptions, signal: AbortSignal): Promise<number> {
  const { host, port, log } = options
  const server = createServer({ requestTimeout: 10_000 }, (req, res) => {
    answer(options, req, res).catch((error: unknown) => {
      log.error({ err: error, path: req.url }, 'health server failed')
      if (!res.headersSent) res.writeHead(500)
      res.end()
    })
  })
  server.listen(port, host)
  await once(server, 'listening', { signal })
  server.on('error', (error) => log.error({ err: error }, 'health server failed'))
  signal.addEventListener('abort', () => close(server), { once: true })
  return (server.address() as AddressInfo).port
}

function close(server: Server): void {
  server.close()
  server.closeAllConnections()
}

async function answer(options: HealthOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost')
  const extra = options.extra?.[pathname]
  if (extra !== undefined) {
    extra(req, res)
  } else if (pathname === '/metrics') {
    send(res, 200, await options.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
  } else if (healthPaths.has(pathname)) {
    const { healthy, text } = healthText(pathname.slice(1), options.checks)
    send(res, healthy ? 200 : 500, healthy && !searchParams.has('verbose') ? 'ok' : text)
  } else {
    send(res, 404, '404 page not found\n')
  }
}

function send(res: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' })
  res.end(body)
}

/** The list of checks, one a line, and their sum. */
// apiserver/pkg/server/healthz/healthz.go handleRootHealth
export function healthText(
  name: string,
  checks: Record<string, () => string | undefined>,
): { healthy: boolean; text: string } {
  const results = Object.entries(checks).map(([check, run]) => [check, run()] as const)
  const healthy = results.every(([, problem]) => problem === undefined)
  const lines = results.map(([check, problem]) =>
    problem === undefined ? `[+]${check} ok` : `[-]${check} failed: ${problem}`,
  )
  return { healthy, text: [...lines, `${name} check ${healthy ? 'passed' : 'failed'}`, ''].join('\n') }
}
