import type { ServerResponse } from 'node:http'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import { formatTime } from '@kubets/shared/machinery/time.ts'
import { serveHealth } from '@kubets/shared/process/health.ts'
import type { Options } from './options.ts'
import type { Proxier } from './proxier.ts'

interface ServerOptions {
  readonly options: Options
  readonly proxier: Proxier
  readonly mode: string
  /** This node takes traffic: it is not about to be removed. */
  readonly nodeEligible: () => boolean
  readonly metrics: () => Promise<string>
  readonly clock: Clock
  readonly log: Logger
}

/** Serves /healthz and /livez for load balancers, and /metrics and /proxyMode for operators. */
// pkg/proxy/healthcheck/proxy_health.go, cmd/kube-proxy/app/server.go serveMetrics
export async function serve(
  { options, proxier, mode, nodeEligible, metrics, clock, log }: ServerOptions,
  signal: AbortSignal,
): Promise<void> {
  const answer = (response: ServerResponse, eligible: boolean | undefined): void => {
    const { healthy, lastUpdated } = proxier.health()
    const body = {
      lastUpdated: formatTime(lastUpdated),
      currentTime: formatTime(clock.now()),
      ...(eligible === undefined ? {} : { nodeEligible: eligible }),
    }
    response.writeHead(healthy && eligible !== false ? 200 : 503, {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
    })
    response.end(JSON.stringify(body))
  }
  await serveHealth(
    {
      ...options.healthz,
      log,
      metrics,
      checks: {},
      extra: {
        '/healthz': (_request, response) => answer(response, nodeEligible()),
        '/livez': (_request, response) => answer(response, undefined),
      },
    },
    signal,
  )
  await serveHealth(
    {
      ...options.metrics,
      log,
      metrics,
      checks: { sync: () => (proxier.health().healthy ? undefined : 'rules are not written') },
      extra: {
        '/proxyMode': (_request, response) => {
          response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(mode)
        },
      },
    },
    signal,
  )
}
