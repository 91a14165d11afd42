import { createServer, type Server } from 'node:http'
import type { Logger } from '@kubets/shared/machinery/logger.ts'
import type { Model } from './rules/model.ts'

/** What a load balancer learns about one Service on this node. */
export interface ServiceHealth {
  readonly namespace: string
  readonly name: string
  readonly port: number
  readonly localEndpoints: number
}

/** The health check ports a model asks for: one a Service, counting its ready endpoints on this node. */
// pkg/proxy/healthcheck/service_health.go
export function serviceHealth(model: Model): ServiceHealth[] {
  const byPort = new Map<number, ServiceHealth & { ips: Set<string> }>()
  for (const port of model.servicePorts) {
    if (!port.healthCheckNodePort) continue
    const { namespace, service: name, healthCheckNodePort } = port
    const ips = byPort.get(healthCheckNodePort)?.ips ?? new Set()
    for (const ip of port.healthyLocalIPs) ips.add(ip)
    byPort.set(healthCheckNodePort, { namespace, name, port: healthCheckNodePort, localEndpoints: ips.size, ips })
  }
  return [...byPort.values()].map(({ ips: _, ...health }) => health)
}

/** Answers on the health check node ports: 200 while this node has a local endpoint, else 503. */
export class HealthCheckServers {
  readonly #log: Logger
  readonly #healthy: () => boolean
  readonly #servers = new Map<number, { server: Server; health: ServiceHealth }>()

  constructor({ log, healthy }: { log: Logger; healthy: () => boolean }) {
    this.#log = log
    this.#healthy = healthy
  }

  /** Opens, updates and closes ports so that they are what the model asks for. */
  update(wanted: readonly ServiceHealth[]): void {
    const ports = new Set(wanted.map((health) => health.port))
    for (const [port, { server }] of this.#servers) {
      if (ports.has(port)) continue
      this.#servers.delete(port)
      server.close()
      server.closeAllConnections()
    }
    for (const health of wanted) {
      const known = this.#servers.get(health.port)
      if (known) known.health = health
      else this.#open(health)
    }
  }

  #open(health: ServiceHealth): void {
    const server = createServer((_request, response) => {
      const { namespace, name, localEndpoints } = this.#servers.get(health.port)?.health ?? health
      const proxyHealthy = this.#healthy()
      response.writeHead(localEndpoints > 0 && proxyHealthy ? 200 : 503, {
        'Content-Type': 'application/json',
        'X-Content-Type-Options': 'nosniff',
        'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
      })
      response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: proxyHealthy }))
    })
    server.on('error', (error) => {
      this.#log.error({ port: health.port, error: error.message }, 'health check node port is not answered')
      this.#servers.delete(health.port)
    })
    server.listen(health.port)
    this.#servers.set(health.port, { server, health })
  }
}
