import type { RulesConfig } from '../rules/model.ts'
import * as chain from './chains.ts'

export type Table = 'filter' | 'nat' | 'mangle'

export const tables: readonly Table[] = ['filter', 'nat', 'mangle']

/** A rule in one of the kernel's own chains that leads into one of ours. */
export interface Jump {
  readonly table: Table
  readonly from: string
  readonly to: string
  /** Everything between the source chain and the target, as iptables-save prints it. */
  readonly match: string
  /** Must be the chain's first rule: others' ACCEPTs must not come before it. */
  readonly first: boolean
}

const newOnly = '-m conntrack --ctstate NEW '

function jump(table: Table, from: string, to: string, comment: string, extra = '', first = false): Jump {
  return { table, from, to, match: `${extra}-m comment --comment "${comment}"`, first }
}

/** The jumps wanted, each inserted above the one before it. */
// pkg/proxy/iptables/proxier.go iptablesJumpChains, iptablesKubeletJumpChains
export function wantedJumps(config: RulesConfig): Jump[] {
  const external = 'kubernetes externally-visible service portals'
  const balancer = 'kubernetes load balancer firewall'
  const portals = 'kubernetes service portals'
  const unclaimed = 'kubernetes unclaimed cluster IPs'
  const jumps = [
    jump('filter', 'INPUT', chain.externalServices, external, newOnly),
    jump('filter', 'FORWARD', chain.externalServices, external, newOnly),
    jump('filter', 'INPUT', chain.nodePorts, 'kubernetes health check service ports'),
    jump('filter', 'FORWARD', chain.services, portals, newOnly),
    jump('filter', 'OUTPUT', chain.services, portals, newOnly),
    jump('filter', 'FORWARD', chain.forward, 'kubernetes forwarding rules'),
    jump('filter', 'INPUT', chain.proxyFirewall, balancer, newOnly),
    jump('filter', 'OUTPUT', chain.proxyFirewall, balancer, newOnly),
    jump('filter', 'FORWARD', chain.proxyFirewall, balancer, newOnly),
    jump('nat', 'OUTPUT', chain.services, portals),
    jump('nat', 'PREROUTING', chain.services, portals),
    jump('nat', 'POSTROUTING', chain.postrouting, 'kubernetes postrouting rules'),
  ]
  if (config.localhostNodePorts) {
    for (const from of ['INPUT', 'OUTPUT']) {
      jumps.push({ table: 'filter', from, to: chain.firewall, match: '', first: false })
    }
  }
  if (config.serviceCIDR) {
    const range = `-d ${config.serviceCIDR} `
    for (const from of ['INPUT', 'FORWARD', 'OUTPUT']) {
      jumps.push(jump('filter', from, chain.clusterIPs, unclaimed, range, true))
    }
    // others' ACCEPT rules in filter may get above ours for a while; what passes them ends here
    jumps.push(jump('mangle', 'POSTROUTING', chain.clusterIPs, unclaimed, range, true))
  }
  return jumps
}

/**
 * The lines that bring one table's jumps into place, given its rules as iptables-save prints them.
 * A jump that stands below where it must be first is moved up; one that is in place stays untouched.
 */
export function jumpLines(jumps: readonly Jump[], saved: readonly string[]): string[] {
  const lines: string[] = []
  const pushedDown = new Set<string>()
  for (const wanted of jumps) {
    const rule = wanted.match ? `${wanted.match} -j ${wanted.to}` : `-j ${wanted.to}`
    const index = saved.filter((line) => line.startsWith(`-A ${wanted.from} `)).indexOf(`-A ${wanted.from} ${rule}`)
    if (index >= 0 && !wanted.first) continue
    if (index === 0 && !pushedDown.has(wanted.from)) continue
    if (index >= 0) lines.push(`-D ${wanted.from} ${rule}`)
    lines.push(`-I ${wanted.from} 1 ${rule}`)
    pushedDown.add(wanted.from)
  }
  return lines
}

/** The lines that take away every jump from another chain into one of ours, whatever it matches. */
export function jumpRemovals(saved: readonly string[], isOurs: (chain: string) => boolean): string[] {
  return saved
    .filter((line) => isOurs(/ -j (\S+)/.exec(line)?.[1] ?? '') && !isOurs(line.split(' ')[1] ?? ''))
    .map((line) => line.replace(/^-A /, '-D '))
}
