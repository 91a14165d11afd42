// The resolver's configuration of a Pod. pkg/kubelet/network/dns/dns.go
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'

export interface ResolvConf {
  nameservers: readonly string[]
  searches: readonly string[]
  options: readonly string[]
}

export interface DnsSettings {
  clusterDns: readonly string[]
  clusterDomain: string
}

/** Reads what resolv.conf(5) describes. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  let searches: string[] = []
  let options: string[] = []
  for (const line of text.split('\n')) {
    const [key, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (key === 'nameserver' && values[0]) nameservers.push(values[0])
    // the last one counts, as it does for the resolver
    if (key === 'search') searches = values.filter((one) => one !== '.')
    if (key === 'options') options = values
  }
  return { nameservers, searches, options }
}

const clusterOptions = ['ndots:5']

/** What the Pod's policy makes of the host's configuration. `missing` says that it wanted cluster DNS and none is known. */
export function podResolvConf(pod: Pod, host: ResolvConf, dns: DnsSettings): { conf: ResolvConf; missing: boolean } {
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
  const onHost = pod.spec.hostNetwork ?? false
  const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !onHost)
  const missing = wantsCluster && dns.clusterDns.length === 0
  let conf: ResolvConf = host
  if (policy === 'None') conf = { nameservers: [], searches: [], options: [] }
  else if (wantsCluster && !missing) {
    const { clusterDomain } = dns
    const namespace = pod.metadata.namespace ?? ''
    const own = clusterDomain === '' ? [] : [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
    conf = {
      nameservers: dns.clusterDns,
      searches: unique([...own, ...host.searches]),
      options: clusterOptions,
    }
  }
  return { conf: withDnsConfig(pod, conf), missing }
}

// dns.go appendDNSConfig
function withDnsConfig(pod: Pod, conf: ResolvConf): ResolvConf {
  const config = pod.spec.dnsConfig
  if (!config) return conf
  const options = new Map(conf.options.map((one) => [one.split(':')[0] ?? '', one]))
  for (const { name = '', value } of config.options ?? []) options.set(name, value ? `${name}:${value}` : name)
  return {
    nameservers: unique([...conf.nameservers, ...(config.nameservers ?? [])]).slice(0, 3),
    searches: unique([...conf.searches, ...(config.searches ?? [])]).slice(0, 32),
    options: [...options.values()],
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

/** The file's text. */
export function formatResolvConf({ nameservers, searches, options }: ResolvConf): string {
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((one) => `nameserver ${one}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n')
}
