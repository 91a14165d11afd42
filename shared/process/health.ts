import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../machinery/logger.ts'

/** By name: the text of what is wrong, or undefined. */
type Checks = Readonly<Record<string, () => string | undefined>>

interface HealthOptions {
  host: string
  /** 0 takes any free port. */
  port: number
  log: Logger
  checks: Checks
  /** Of /readyz beside those. */
  readyChecks?: Checks
  metrics: () => Promise<string>
  /** Further paths. */
  extra?: Record<string, (req: IncomingMessage, res: ServerResponse) => void>
}

const healthPath = /^\/(healthz|livez|readyz)(?:\/(.*))?$/

/**
 * Serves /healthz, /livez, /readyz (with ?verbose and ?exclude=CHECK, and one check alone at /healthz/CHECK) and
 * /metrics over plain HTTP until the signal aborts. Resolves with the port once it listens; rejects when it cannot.
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
  const [, name, check] = healthPath.exec(pathname) ?? []
  const extra = options.extra?.[pathname]
  if (extra !== undefined) {
    extra(req, res)
  } else if (pathname === '/metrics') {
    send(res, 200, await options.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
  } else if (name !== undefined) {
    const checks = name === 'readyz' ? { ...options.checks, ...options.readyChecks } : options.checks
    if (check) return answerOne(checks, check, res)
    const { healthy, text } = healthText(name, checks, new Set(searchParams.getAll('exclude')))
    send(res, healthy ? 200 : 500, healthy && !searchParams.has('verbose') ? 'ok' : text)
  } else {
    send(res, 404, '404 page not found\n')
  }
}

// apiserver/pkg/server/healthz/healthz.go adaptCheckToHandler
function answerOne(checks: Checks, name: string, res: ServerResponse): void {
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined
  if (!check) return send(res, 404, '404 page not found\n')
  const problem = check()
  if (problem === undefined) send(res, 200, 'ok')
  else send(res, 500, `internal server error: ${problem}\n`)
}

function send(res: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' })
  res.end(body)
}

/** The list of checks, one a line, and their sum; those to be left out are well. */
// apiserver/pkg/server/healthz/healthz.go handleRootHealth
export function healthText(
  name: string,
  checks: Checks,
  excluded: ReadonlySet<string> = new Set(),
): { healthy: boolean; text: string } {
  let healthy = true
  const lines = Object.entries(checks).map(([check, run]) => {
    if (excluded.has(check)) return `[+]${check} excluded: ok`
    const problem = run()
    if (problem === undefined) return `[+]${check} ok`
    healthy = false
    return `[-]${check} failed: ${problem}`
  })
  const unknown = [...excluded].filter((check) => !Object.hasOwn(checks, check)).toSorted()
  if (unknown.length > 0) {
    const names = unknown.map((check) => JSON.stringify(check)).join(', ')
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`)
  }
  return { healthy, text: [...lines, `${name} check ${healthy ? 'passed' : 'failed'}`, ''].join('\n') }
}
