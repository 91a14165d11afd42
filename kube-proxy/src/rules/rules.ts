import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { categorize } from './categorize.ts'
import { endpointsByPort, portKey } from './endpoints.ts'
import type { Endpoint, Model, ProxyNode, Route, RulesConfig, ServicePort, ServicePortRules } from './model.ts'
import { servicePorts } from './service-ports.ts'

/**
 * Decides what each Service port's traffic meets on this node.
 * @returns the model that a backend writes into the kernel; equal input gives equal output, whatever its order.
 */
export function rules(
  services: readonly Service[],
  endpointSlices: readonly EndpointSlice[],
  node: ProxyNode,
  config: RulesConfig,
): Model {
  const endpoints = endpointsByPort(endpointSlices, node.name)
  const ports = services.flatMap(servicePorts)
  ports.sort((a, b) => compare(a.name, b.name) || compare(a.protocol, b.protocol))
  return {
    node,
    config,
    servicePorts: ports.map((port) => withVerdicts(port, endpoints.get(portKey(port.name, port.protocol)) ?? [], node)),
  }
}

function withVerdicts(port: ServicePort, endpoints: readonly Endpoint[], node: ProxyNode): ServicePortRules {
  const { cluster, local, reachable, hasAny } = categorize(endpoints, port, node)
  const route = (onlyLocal: boolean): Route => {
    // nobody serves: say so at once; somebody serves elsewhere but may not be asked: silence, as a firewall would
    if (!hasAny) return 'reject'
    if (!onlyLocal) return 'cluster'
    return local.length > 0 ? 'local' : 'drop'
  }
  return {
    ...port,
    clusterEndpoints: cluster,
    localEndpoints: local,
    reachableEndpoints: reachable,
    healthyLocalIPs: port.healthCheckNodePort
      ? endpoints.filter((endpoint) => endpoint.local && endpoint.ready).map((endpoint) => endpoint.ip)
      : [],
    hasEndpoints: hasAny,
    internal: route(port.internalLocal),
    external: route(port.externalLocal),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
