// Which kernel settings a Pod may have: those that are its namespaces' own and reach no other Pod, and those that the
// node's administrator allows. Pure. pkg/kubelet/sysctl/allowlist.go, safe_sysctls.go
import type { Pod } from '@kubets/shared/api/types/core-v1.ts'
import type { Rejection } from './admission.ts'

// every kernel that Node.js runs on has them as settings of a namespace
const safe = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]

type Namespace = 'ipc' | 'net'

/** The settings a node allows, by name or by what the name begins with, each with the namespace that has it. */
export interface SysctlAllowlist {
  names: ReadonlyMap<string, Namespace>
  prefixes: ReadonlyMap<string, Namespace>
}

const maxLength = 253
const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const patternText = `(${segment}[\\./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]`
const pattern = new RegExp(`^${patternText}$`)

/**
 * The safe settings and those that the administrator allows besides: names, or beginnings of names with a "*" behind.
 * Throws for what is no name or belongs to no namespace.
 */
// allowlist.go NewAllowlist
export function sysctlAllowlist(unsafe: readonly string[]): SysctlAllowlist {
  const names = new Map<string, Namespace>()
  const prefixes = new Map<string, Namespace>()
  for (const text of [...safe, ...unsafe]) {
    if (text.length > maxLength || !pattern.test(text)) {
      throw new Error(`sysctl "${text}" must have at most ${maxLength} characters and match regex ${patternText}`)
    }
    const name = dotted(text)
    const isPrefix = name.endsWith('*')
    const bare = isPrefix ? name.slice(0, -1) : name
    const namespace = namespaceOf(bare)
    if (!namespace) throw new Error(`the sysctl${isPrefix ? 's' : ''} "${name}" are not known to be namespaced`)
    const list = isPrefix ? prefixes : names
    list.set(bare, namespace)
  }
  return { names, prefixes }
}

/** Why a Pod with such settings cannot run on this node; undefined when it can. */
// allowlist.go Admit, validateSysctl
export function forbiddenSysctl({ spec }: Pod, allowed: SysctlAllowlist): Rejection | undefined {
  const shared: readonly (Namespace | undefined)[] = [
    spec.hostNetwork ? 'net' : undefined,
    spec.hostIPC ? 'ipc' : undefined,
  ]
  for (const { name: text } of spec.securityContext?.sysctls ?? []) {
    const name = dotted(text)
    const namespace = allowed.names.get(name) ?? [...allowed.prefixes].find(([prefix]) => name.startsWith(prefix))?.[1]
    if (!namespace) return forbidden(`"${name}" not allowlisted`)
    if (shared.includes(namespace)) return forbidden(`"${name}" not allowed with host ${namespace} enabled`)
  }
  return undefined
}

function forbidden(why: string): Rejection {
  return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${why}` }
}

/** The name with dots between its parts. Where slashes are, dots are part of a name (of a network device) and change places. */
// component-helpers/node/util/sysctl/sysctl.go ConvertSysctlVariableToDotsSeparator
export function dotted(name: string): string {
  if (/[./]/.exec(name)?.[0] !== '/') return name
  return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'))
}

/** The kind of namespace that has the setting for itself; undefined when none is known. */
// component-helpers/node/util/sysctl/namespace.go NamespacedBy
function namespaceOf(name: string): Namespace | undefined {
  if (name === 'kernel.sem' || /^(kernel\.shm|kernel\.msg|fs\.mqueue\.)/.test(name)) return 'ipc'
  return name.startsWith('net.') ? 'net' : undefined
}
