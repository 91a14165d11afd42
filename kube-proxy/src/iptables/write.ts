import type { Model, RulesConfig } from '../rules/model.ts'
import * as chain from './chains.ts'
import { writeServicePort } from './write-port.ts'
import { RulesetBuilder, type Ruleset } from './ruleset.ts'

/** Above this many endpoints the comments of their rules are left out, for they are most of the text. */
// pkg/proxy/iptables/proxier.go largeClusterEndpointsThreshold
const manyEndpoints = 1000

/** The iptables rules of a model. Pure: the same model gives the same rules. */
// pkg/proxy/iptables/proxier.go syncProxyRules
export function iptablesRules(model: Model): Ruleset {
  const out = new RulesetBuilder()
  const mark = masqueradeMark(model.config)
  for (const name of [chain.services, chain.externalServices, chain.forward, chain.nodePorts, chain.proxyFirewall]) {
    out.chain('filter', name)
  }
  for (const name of [chain.services, chain.nodePorts, chain.postrouting, chain.markMasq]) out.chain('nat', name)

  out.add('nat', chain.postrouting, `-m mark ! --mark ${mark}/${mark} -j RETURN`)
  out.add('nat', chain.postrouting, `-j MARK --xor-mark ${mark}`)
  out.add(
    'nat',
    chain.postrouting,
    '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE',
    model.config.randomFully ? '--random-fully' : '',
  )
  out.add('nat', chain.markMasq, `-j MARK --or-mark ${mark}`)

  if (model.config.localhostNodePorts) {
    // route_localnet opens 127.0.0.0/8 to the neighbours; this closes it again
    out.add(
      'filter',
      chain.firewall,
      '-m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8',
      '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
    )
  }

  const total = model.servicePorts.reduce((sum, port) => sum + port.reachableEndpoints.length, 0)
  for (const port of model.servicePorts) writeServicePort(out, port, model, total <= manyEndpoints)

  const localhost = model.config.localhostNodePorts ? '' : '! -d 127.0.0.0/8'
  out.add(
    'nat',
    chain.services,
    '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"',
    '-m addrtype --dst-type LOCAL',
    localhost,
    `-j ${chain.nodePorts}`,
  )
  out.add('filter', chain.forward, '-m conntrack --ctstate INVALID -j DROP')
  out.add(
    'filter',
    chain.forward,
    `-m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark}/${mark} -j ACCEPT`,
  )
  out.add(
    'filter',
    chain.forward,
    '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  )
  if (model.config.serviceCIDR) {
    // a Service's own verdict comes first: it may be to drop in silence
    out.add('filter', chain.clusterIPs, `-j ${chain.services}`)
    const unclaimed = '-m comment --comment "no service holds this cluster IP"'
    // a reset, for the kernel sends few ICMP errors a second
    out.add('filter', chain.clusterIPs, unclaimed, '-p tcp -j REJECT --reject-with tcp-reset')
    out.add('filter', chain.clusterIPs, unclaimed, '-j REJECT')
    out.add('mangle', chain.clusterIPs, unclaimed, '-j DROP')
  }
  return out.ruleset
}

/** The packet mark that asks for masquerading, "0x4000" for bit 14. */
function masqueradeMark(config: RulesConfig): string {
  return `0x${(1 << config.masqueradeBit).toString(16)}`
}
