import { endpointText, externallyAccessible, type Endpoint, type Model, type ServicePortRules } from '../rules/model.ts'
import { inCIDR } from '../rules/cidr.ts'
import * as chain from './chains.ts'
import type { RulesetBuilder } from './ruleset.ts'

/** Writes everything about one Service port: how packets are caught, what is refused, how endpoints are chosen. */
// pkg/proxy/iptables/proxier.go syncProxyRules, the loop over svcPortMap
export function writeServicePort(out: RulesetBuilder, port: ServicePortRules, model: Model, comments: boolean): void {
  const names = chain.portChains(port)
  const firewalled = port.hasEndpoints && port.loadBalancerIPs.length > 0 && port.sourceRanges.length > 0
  capture(out, port, names, firewalled)
  refuse(out, port, names, firewalled)
  if (!port.hasEndpoints) return
  internalChain(out, port, names, model)
  if (externallyAccessible(port)) externalChain(out, port, names, model)
  if (firewalled) firewallChain(out, port, names, model)
  if (port.clusterEndpoints.length > 0) choose(out, names.cluster, port, port.clusterEndpoints, comments)
  if (port.localEndpoints.length > 0) choose(out, names.local, port, port.localEndpoints, comments)
  for (const endpoint of port.reachableEndpoints) endpointChain(out, port, endpoint, comments)
}

const comment = (text: string): string => `-m comment --comment ${text.includes(' ') ? `"${text}"` : text}`

function protocolMatch(port: ServicePortRules): string {
  const protocol = port.protocol.toLowerCase()
  return `-m ${protocol} -p ${protocol}`
}

const to = (port: ServicePortRules, ip: string): string => `${protocolMatch(port)} -d ${ip} --dport ${port.port}`

/** The ways into the Service port's chains. */
function capture(out: RulesetBuilder, port: ServicePortRules, names: chain.PortChains, firewalled: boolean): void {
  const add = (text: string, match: string, target: string): void =>
    out.add('nat', chain.services, comment(`${port.name} ${text}`), match, `-j ${target}`)

  if (port.internal === 'cluster') add('cluster IP', to(port, port.clusterIP), names.cluster)
  if (port.internal === 'local') add('cluster IP', to(port, port.clusterIP), names.local)
  if (!port.hasEndpoints) return
  for (const ip of port.externalIPs) add('external IP', to(port, ip), names.external)
  const balancerChain = firewalled ? names.firewall : names.external
  for (const ip of port.loadBalancerIPs) add('loadbalancer IP', to(port, ip), balancerChain)
  if (port.nodePort) {
    const match = `${protocolMatch(port)} --dport ${port.nodePort}`
    out.add('nat', chain.nodePorts, comment(port.name), match, `-j ${names.external}`)
  }
}

/** What the filter table says to packets that nat left alone. */
function refuse(out: RulesetBuilder, port: ServicePortRules, names: chain.PortChains, firewalled: boolean): void {
  const reason = comment(`${port.name} has no ${port.hasEndpoints ? 'local ' : ''}endpoints`)
  const refused = (table: string, verdict: string, match: string): void => {
    if (verdict === 'reject' || verdict === 'drop') {
      out.add('filter', table, reason, match, `-j ${verdict.toUpperCase()}`)
    }
  }
  refused(chain.services, port.internal, to(port, port.clusterIP))
  for (const ip of port.externalIPs) refused(chain.externalServices, port.external, to(port, ip))
  for (const ip of port.loadBalancerIPs) {
    refused(chain.externalServices, port.external, to(port, ip))
    if (firewalled) {
      const text = comment(`${port.name} traffic not accepted by ${names.firewall}`)
      out.add('filter', chain.proxyFirewall, text, to(port, ip), '-j DROP')
    }
  }
  if (port.nodePort) {
    const match = `-m addrtype --dst-type LOCAL ${protocolMatch(port)} --dport ${port.nodePort}`
    refused(chain.externalServices, port.external, match)
  }
  if (port.healthCheckNodePort) {
    const match = `-m tcp -p tcp --dport ${port.healthCheckNodePort} -j ACCEPT`
    out.add('filter', chain.nodePorts, comment(`${port.name} health check node port`), match)
  }
}

/** Who comes from outside the Pods' range to a cluster IP comes back the same way: masqueraded. */
function internalChain(out: RulesetBuilder, port: ServicePortRules, names: chain.PortChains, model: Model): void {
  if (!model.config.clusterCIDR) return
  if (port.internal !== 'cluster' && port.internal !== 'local') return
  const match = `${comment(`${port.name} cluster IP`)} ${to(port, port.clusterIP)} ! -s ${model.config.clusterCIDR}`
  out.add('nat', names[port.internal], match, `-j ${chain.markMasq}`)
}

function externalChain(out: RulesetBuilder, port: ServicePortRules, names: chain.PortChains, model: Model): void {
  const add = (...parts: string[]): void => out.add('nat', names.external, ...parts)
  const destinations = `for ${port.name} external destinations`
  if (!port.externalLocal) {
    add(comment(`masquerade traffic ${destinations}`), `-j ${chain.markMasq}`)
  } else {
    // Pods and the host itself are inside: to them the policy does not apply
    if (model.config.clusterCIDR) {
      add(comment(`pod traffic ${destinations}`), `-s ${model.config.clusterCIDR} -j ${names.cluster}`)
    }
    const fromHost = '-m addrtype --src-type LOCAL'
    add(comment(`masquerade LOCAL traffic ${destinations}`), fromHost, `-j ${chain.markMasq}`)
    add(comment(`route LOCAL traffic ${destinations}`), fromHost, `-j ${names.cluster}`)
  }
  if (port.external === 'cluster' || port.external === 'local') add(`-j ${names[port.external]}`)
}

/** Lets the load balancer's allowed sources through; the rest falls out untranslated and is dropped in filter. */
function firewallChain(out: RulesetBuilder, port: ServicePortRules, names: chain.PortChains, model: Model): void {
  const text = comment(`${port.name} loadbalancer IP`)
  const allow = (source: string): void => out.add('nat', names.firewall, text, `-s ${source} -j ${names.external}`)
  for (const range of port.sourceRanges) allow(range)
  // a node that holds the balancer's address reaches it with that address as its source
  if (port.sourceRanges.some((range) => inCIDR(model.node.ip, range))) {
    for (const ip of port.loadBalancerIPs) allow(ip)
  }
  const rest = `other traffic to ${port.name} will be dropped by KUBE-PROXY-FIREWALL`
  out.add('nat', names.firewall, comment(rest))
}

/** Chooses one endpoint: the client's last one, else any with equal probability. */
// pkg/proxy/iptables/proxier.go writeServiceToEndpointRules
function choose(
  out: RulesetBuilder,
  from: string,
  port: ServicePortRules,
  endpoints: readonly Endpoint[],
  comments: boolean,
): void {
  const about = (endpoint: Endpoint): string => (comments ? comment(`${port.name} -> ${endpointText(endpoint)}`) : '')
  const targets = endpoints.map((endpoint) => ({ endpoint, chain: chain.endpointChain(port, endpoint) }))
  if (port.affinitySeconds !== undefined) {
    for (const target of targets) {
      const recent = `-m recent --name ${target.chain} --rcheck --seconds ${port.affinitySeconds} --reap`
      out.add('nat', from, about(target.endpoint), recent, `-j ${target.chain}`)
    }
  }
  targets.forEach((target, i) => {
    const left = targets.length - i
    const random = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)}` : ''
    out.add('nat', from, about(target.endpoint), random, `-j ${target.chain}`)
  })
}

function endpointChain(out: RulesetBuilder, port: ServicePortRules, endpoint: Endpoint, comments: boolean): void {
  const name = chain.endpointChain(port, endpoint)
  const about = comments ? comment(port.name) : ''
  // a Pod that reaches itself through the Service must see another address than its own
  out.add('nat', name, about, `-s ${endpoint.ip} -j ${chain.markMasq}`)
  const remember = port.affinitySeconds === undefined ? '' : `-m recent --name ${name} --set`
  out.add('nat', name, about, remember, protocolMatch(port), `-j DNAT --to-destination ${endpointText(endpoint)}`)
}
