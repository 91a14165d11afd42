import type { HostAlias, Pod } from '@kubets/shared/api/types/core-v1.ts'

// pkg/kubelet/util/util.go fqdnMaxLen: what the kernel holds
const longestFqdn = 64

/**
 * The Pod's host name, and its name within the cluster when it has a subdomain. Throws when that is to be the host name
 * and is too long for it.
 */
// pkg/kubelet/kubelet_pods.go GeneratePodHostNameAndDomain, pkg/kubelet/util/util.go GetNodenameForKernel
export function podHostname(pod: Pod, nodeName: string, clusterDomain: string): { hostname: string; fqdn: string } {
  if (pod.spec.hostNetwork && pod.spec.hostnameOverride === undefined) return { hostname: nodeName, fqdn: '' }
  const { namespace = '', name = '' } = pod.metadata
  // a Linux host name has 63 characters at most, and may not end in what a cut leaves
  const own = pod.spec.hostname || name.slice(0, 63).replace(/[-.]+$/, '')
  const fqdn = pod.spec.subdomain ? `${own}.${pod.spec.subdomain}.${namespace}.svc.${clusterDomain}` : ''
  if (pod.spec.hostnameOverride !== undefined) return { hostname: pod.spec.hostnameOverride, fqdn: '' }
  if (!pod.spec.setHostnameAsFQDN || fqdn === '') return { hostname: own, fqdn }
  if (fqdn.length > longestFqdn) {
    const lengths = `(${longestFqdn} characters is the max, ${fqdn.length} characters requested)`
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long ${lengths}`,
    )
  }
  return { hostname: fqdn, fqdn }
}

/** The text of the Pod's /etc/hosts. */
// pkg/kubelet/kubelet_pods.go managedHostsFileContent
export function hostsFile(
  ips: readonly string[],
  hostname: string,
  fqdn: string,
  aliases: readonly HostAlias[],
): string {
  const own = fqdn === '' ? hostname : `${fqdn}\t${fqdn.split('.')[0] ?? hostname}`
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...ips.map((ip) => `${ip}\t${own}`),
    ...aliasLines(aliases),
    '',
  ].join('\n')
}

/** The text of /etc/hosts of a Pod in the host's network: the host's own and the aliases. */
// pkg/kubelet/kubelet_pods.go nodeHostsFileContent
export function nodeHostsFile(host: string, aliases: readonly HostAlias[]): string {
  return ['# Kubernetes-managed hosts file (host network).', host.trimEnd(), ...aliasLines(aliases), ''].join('\n')
}

function aliasLines(aliases: readonly HostAlias[]): string[] {
  if (aliases.length === 0) return []
  const lines = aliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}`)
  return ['', '# Entries added by HostAliases.', ...lines]
}
