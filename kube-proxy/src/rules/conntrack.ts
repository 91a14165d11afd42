import { endpointText, type Model, type ServicePortRules } from './model.ts'

/** UDP flows to forget; without an endpoint, all of that destination. */
export interface StaleFlow {
  /** undefined: any address of this node (a node port). */
  readonly ip: string | undefined
  readonly port: number
  /** The endpoint that is gone. */
  readonly endpointIP: string | undefined
}

/**
 * The UDP flows that the kernel would go on sending where nobody listens any more: to endpoints that are gone, and to
 * nowhere for Services that had no endpoint until now. (TCP peers notice by themselves.)
 */
// pkg/proxy/conntrack/cleanup.go CleanStaleEntries
export function staleFlows(before: Model | undefined, after: Model): StaleFlow[] {
  if (!before) return []
  const flows: StaleFlow[] = []
  const key = (port: ServicePortRules): string => `${port.name}/${port.protocol}`
  const now = new Map(after.servicePorts.map((port) => [key(port), port]))
  const was = new Map(before.servicePorts.map((port) => [key(port), port]))

  for (const old of before.servicePorts) {
    if (old.protocol !== 'UDP') continue
    const left = new Set(now.get(key(old))?.reachableEndpoints.map(endpointText))
    for (const endpoint of old.reachableEndpoints) {
      if (!left.has(endpointText(endpoint))) flows.push(...flowsOf(old, endpoint.ip))
    }
  }
  for (const port of after.servicePorts) {
    if (port.protocol !== 'UDP' || !port.hasEndpoints) continue
    if (!was.get(key(port))?.hasEndpoints) flows.push(...flowsOf(port, undefined))
  }
  return flows
}

function flowsOf(port: ServicePortRules, endpointIP: string | undefined): StaleFlow[] {
  const addresses = [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs]
  const flows: StaleFlow[] = addresses.map((ip) => ({ ip, port: port.port, endpointIP }))
  if (port.nodePort) flows.push({ ip: undefined, port: port.nodePort, endpointIP })
  return flows
}
