// What the proxy knows after reading Services and EndpointSlices, before any backend turns it into kernel rules.

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** One address and port behind a Service port. */
export interface Endpoint {
  readonly ip: string
  readonly port: number
  /** On this node. */
  readonly local: boolean
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly zoneHints: readonly string[]
  readonly nodeHints: readonly string[]
}

/** One port of one Service, as far as the proxy is concerned. */
export interface ServicePort {
  readonly namespace: string
  readonly service: string
  /** "namespace/service:port", without ":port" for an unnamed port. */
  readonly name: string
  readonly protocol: Protocol
  readonly clusterIP: string
  readonly port: number
  /** 0: none. */
  readonly nodePort: number
  readonly externalIPs: readonly string[]
  readonly loadBalancerIPs: readonly string[]
  /** Empty: everyone may use the load balancer's addresses. */
  readonly sourceRanges: readonly string[]
  /** Seconds a client sticks to an endpoint; undefined: no affinity. */
  readonly affinitySeconds: number | undefined
  readonly internalLocal: boolean
  readonly externalLocal: boolean
  /** 0: none. */
  readonly healthCheckNodePort: number
}

/** Where the packets for one kind of destination go. */
export type Route = 'cluster' | 'local' | 'reject' | 'drop'

/** A Service port with the endpoints this node may use and the verdicts that follow from them. */
export interface ServicePortRules extends ServicePort {
  readonly clusterEndpoints: readonly Endpoint[]
  readonly localEndpoints: readonly Endpoint[]
  readonly reachableEndpoints: readonly Endpoint[]
  /** For the health check node port: the Pods of this node that are ready; empty when there is no such port. */
  readonly healthyLocalIPs: readonly string[]
  /** Some endpoint can serve, on this node or another. */
  readonly hasEndpoints: boolean
  /** Traffic to the cluster IP. */
  readonly internal: Route
  /** Traffic to node ports, external IPs and load balancer IPs. */
  readonly external: Route
}

/** This node, as the rules see it. */
export interface ProxyNode {
  readonly name: string
  readonly ip: string
  /** topology.kubernetes.io/zone, '' when unknown. */
  readonly zone: string
}

export interface RulesConfig {
  /** The Pods' address range; undefined: nobody's traffic counts as local. */
  readonly clusterCIDR: string | undefined
  /** The Services' address range, of which unclaimed addresses are refused; undefined: not refused. */
  readonly serviceCIDR: string | undefined
  /** Node ports answer on 127.0.0.0/8 too. */
  readonly localhostNodePorts: boolean
  readonly masqueradeBit: number
  /** MASQUERADE may take random source ports. */
  readonly randomFully: boolean
}

export interface Model {
  readonly node: ProxyNode
  readonly config: RulesConfig
  /** Sorted by name and protocol. */
  readonly servicePorts: readonly ServicePortRules[]
}

/** "10.0.0.1:80". */
export function endpointText(endpoint: Endpoint): string {
  return `${endpoint.ip}:${endpoint.port}`
}

/** Reachable through something else than its cluster IP. */
export function externallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.loadBalancerIPs.length > 0 || port.externalIPs.length > 0
}
