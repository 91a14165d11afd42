import { hash } from 'node:crypto'
import type { Endpoint, ServicePort } from '../rules/model.ts'
import { endpointText } from '../rules/model.ts'

// pkg/proxy/iptables/proxier.go: the names other tools look for
export const services = 'KUBE-SERVICES'
export const externalServices = 'KUBE-EXTERNAL-SERVICES'
export const nodePorts = 'KUBE-NODEPORTS'
export const postrouting = 'KUBE-POSTROUTING'
export const markMasq = 'KUBE-MARK-MASQ'
export const forward = 'KUBE-FORWARD'
export const proxyFirewall = 'KUBE-PROXY-FIREWALL'
export const firewall = 'KUBE-FIREWALL'
/** Ours: the end of the way for addresses of the service range that nothing translated. */
export const clusterIPs = 'KUBE-CLUSTER-IPS'
/** Ours in content: its one rule's comment keeps the kernel settings found at start. */
export const canary = 'KUBE-PROXY-CANARY'

const perService = ['KUBE-SVC-', 'KUBE-SVL-', 'KUBE-EXT-', 'KUBE-FW-', 'KUBE-SEP-']

/** A chain made for one Service port or endpoint. */
// pkg/proxy/iptables/proxier.go isServiceChainName
export function isServiceChain(chain: string): boolean {
  return perService.some((prefix) => chain.startsWith(prefix))
}

export interface PortChains {
  readonly cluster: string
  readonly local: string
  readonly external: string
  readonly firewall: string
}

/** The chains of a Service port. */
// pkg/proxy/iptables/proxier.go portProtoHash
export function portChains(port: ServicePort): PortChains {
  const id = shortHash(port.name + port.protocol.toLowerCase())
  return {
    cluster: `KUBE-SVC-${id}`,
    local: `KUBE-SVL-${id}`,
    external: `KUBE-EXT-${id}`,
    firewall: `KUBE-FW-${id}`,
  }
}

/** The chain of one endpoint of a Service port. */
// pkg/proxy/iptables/proxier.go servicePortEndpointChainName
export function endpointChain(port: ServicePort, endpoint: Endpoint): string {
  return `KUBE-SEP-${shortHash(port.name + port.protocol.toLowerCase() + endpointText(endpoint))}`
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The first 80 bits of the SHA-256, in base 32: chain names end at 28 characters. */
function shortHash(text: string): string {
  const hex = hash('sha256', text, 'hex')
  return base32Of(hex.slice(0, 10)) + base32Of(hex.slice(10, 20))
}

/** Eight characters for 40 bits: as much as a number holds exactly. */
function base32Of(hex: string): string {
  let rest = Number.parseInt(hex, 16)
  let result = ''
  for (let i = 0; i < 8; i++) {
    result = base32.charAt(rest % 32) + result
    rest = Math.floor(rest / 32)
  }
  return result
}
