import { hostname } from 'node:os'
import { boolean, duration, optionalText, oneOf, parseFlags, text } from '@kubets/shared/process/options.ts'
import type { LogLevel } from '@kubets/shared/process/logging.ts'
import { canonicalCIDR } from './rules/cidr.ts'

export interface BindAddress {
  readonly host: string
  readonly port: number
}

export interface Options {
  /** undefined with `cleanup` only. */
  readonly kubeconfig: string | undefined
  readonly nodeName: string
  readonly clusterCIDR: string | undefined
  readonly serviceCIDR: string | undefined
  readonly healthz: BindAddress
  readonly metrics: BindAddress
  readonly cleanup: boolean
  readonly localhostNodePorts: boolean
  readonly minSyncPeriodMs: number
  readonly syncPeriodMs: number
  readonly logLevel: LogLevel
}

/** A range in the kernel's form. Throws an Error that says what is expected. */
function cidr(value: string): string {
  const range = canonicalCIDR(value)
  if (range === undefined) throw new Error('must be an IPv4 range such as 10.244.0.0/16')
  return range
}

function bindAddress(value: string): BindAddress {
  const match = /^(.*):(\d+)$/.exec(value)
  const port = Number(match?.[2])
  if (!match || port > 65535) throw new Error('must be an address and a port such as 0.0.0.0:10256')
  return { host: match[1]?.replace(/^\[(.*)\]$/, '$1') || '0.0.0.0', port }
}

function proxyMode(value: string): string {
  if (value === '' || value === 'iptables') return 'iptables'
  if (['nftables', 'ipvs', 'userspace'].includes(value)) throw new Error(`the ${value} mode is not supported yet`)
  throw new Error('must be iptables')
}

const spec = {
  kubeconfig: optionalText('file that says how to reach the apiserver'),
  'hostname-override': optionalText("the node's name, if it is not the host's name"),
  'proxy-mode': { parse: proxyMode, default: 'iptables', help: 'how the rules are written: iptables' },
  'cluster-cidr': { parse: cidr, optional: true, help: "the Pods' address range" },
  'service-cluster-ip-range': {
    parse: cidr,
    optional: true,
    help: "the Services' address range, of which addresses that nobody holds are refused",
  },
  'healthz-bind-address': { parse: bindAddress, default: bindAddress('0.0.0.0:10256'), help: 'serves /healthz' },
  'metrics-bind-address': {
    parse: bindAddress,
    default: bindAddress('127.0.0.1:10249'),
    help: 'serves /metrics and /proxyMode',
  },
  'iptables-localhost-nodeports': boolean('node ports answer on 127.0.0.1 too', true),
  'iptables-min-sync-period': duration(
    'the pause between two writes of many rules; few rules are written sooner',
    1000,
  ),
  'iptables-sync-period': duration('how often the rules are checked', 30_000),
  cleanup: boolean('remove all rules and chains of kube-proxy, then end', false),
  'log-level': oneOf('what is logged', ['debug', 'info', 'warn', 'error'], 'info'),
}

/** Reads the command line; a problem with it ends the process. */
export function readOptions(argv: readonly string[]): Options {
  const flags = parseFlags('kube-proxy', spec, argv)
  // --cleanup alone works without an apiserver
  if (!flags.cleanup) parseFlags('kube-proxy', { ...spec, kubeconfig: text(spec.kubeconfig.help) }, argv)
  return {
    kubeconfig: flags.kubeconfig,
    nodeName: (flags['hostname-override'] ?? hostname()).trim().toLowerCase(),
    clusterCIDR: flags['cluster-cidr'],
    serviceCIDR: flags['service-cluster-ip-range'],
    healthz: flags['healthz-bind-address'],
    metrics: flags['metrics-bind-address'],
    cleanup: flags.cleanup,
    localhostNodePorts: flags['iptables-localhost-nodeports'],
    minSyncPeriodMs: flags['iptables-min-sync-period'],
    syncPeriodMs: flags['iptables-sync-period'],
    logLevel: flags['log-level'],
  }
}
