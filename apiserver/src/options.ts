import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { boolean, integer, list, optionalText, port, text, type FlagValues } from '@kubets/shared/process/options.ts'
import { readTokenFile } from './auth/token-file.ts'
import { servedKinds } from './registry/runtime-config.ts'
import type { UserInfo } from './registry/types.ts'

const authorizationModes = ['Node', 'RBAC', 'AlwaysAllow'] as const
export type AuthorizationMode = (typeof authorizationModes)[number]

// the names and defaults of kube-apiserver's flags
export const flags = {
  'etcd-servers': list('etcd endpoints', []),
  'etcd-cafile': optionalText('authority of etcd; with it, TLS and a client certificate are used'),
  'etcd-certfile': optionalText('certificate shown to etcd'),
  'etcd-keyfile': optionalText('its key'),
  'etcd-prefix': text('prefix of all keys in etcd', '/registry'),
  'secure-port': port('port of the API', 6443),
  'bind-address': text('address to listen on', '0.0.0.0'),
  'advertise-address': optionalText('address that others reach this server at'),
  'tls-cert-file': text('certificate of this server'),
  'tls-private-key-file': text('its key'),
  'client-ca-file': text('authority of client certificates'),
  'service-cluster-ip-range': list('ranges of cluster IPs', ['10.96.0.0/12']),
  'service-node-port-range': text('range of node ports', '30000-32767'),
  'service-account-issuer': text('issuer of service account tokens', 'https://kubernetes.default.svc.cluster.local'),
  'service-account-key-file': list('keys that tokens are checked by; default: the signing key', []),
  'service-account-signing-key-file': text('key that signs tokens'),
  'api-audiences': list('audiences of tokens this server accepts; default: the issuer', []),
  'kubelet-client-certificate': optionalText('certificate shown to kubelets'),
  'kubelet-client-key': optionalText('its key'),
  'kubelet-certificate-authority': optionalText('authority of kubelets'),
  'requestheader-client-ca-file': optionalText('authority of proxies that name the user in headers'),
  'requestheader-allowed-names': list('common names of such proxies; default: any', []),
  'requestheader-username-headers': list('headers with the name of the user', []),
  'requestheader-uid-headers': list('headers with the UID of the user', []),
  'requestheader-group-headers': list('headers with the groups of the user', []),
  'requestheader-extra-headers-prefix': list('prefixes of headers with more about the user', []),
  'proxy-client-cert-file': optionalText('certificate shown to aggregated API servers'),
  'proxy-client-key-file': optionalText('its key'),
  'enable-aggregator-routing': boolean('ask aggregated API servers at their endpoints, not at the cluster IP', false),
  'token-auth-file': optionalText('file of tokens, users, UIDs and groups'),
  'enable-bootstrap-token-auth': boolean('machines join with tokens of Secrets in kube-system', false),
  'service-account-extend-token-expiration': boolean('tokens of Pods outlive what was asked for, and warn', true),
  'runtime-config': list('versions and resources to serve or not: group/version=true, api/beta=true …', []),
  'max-requests-inflight': integer('with the next one: how many requests are served at a time', 400),
  'max-mutating-requests-inflight': integer('their sum is divided by priority and fairness', 200),
  'authorization-mode': list('Node, RBAC, AlwaysAllow', ['Node', 'RBAC']),
}

/** Who may name the user in headers, and in which. */
export interface RequestHeaderOptions {
  /** PEM */
  clientCa: string
  /** Empty: any name. */
  allowedNames: string[]
  usernameHeaders: string[]
  uidHeaders: string[]
  groupHeaders: string[]
  extraHeaderPrefixes: string[]
}

export interface Options {
  etcdServers: string[]
  etcdTls: { ca: string; cert: string; key: string } | undefined
  etcdPrefix: string
  host: string
  port: number
  advertiseAddress: string
  cert: string
  key: string
  clientCa: string
  serviceClusterIPRanges: string[]
  nodePortRange: { min: number; max: number }
  issuer: string
  audiences: string[]
  /** PEM */
  signingKey: string
  verificationKeys: string[]
  kubelet: { cert?: string; key?: string; ca?: string }
  requestHeader: RequestHeaderOptions | undefined
  /** PEM; unset: the apiserver shows none to aggregated API servers. */
  proxyClient: { cert: string; key: string } | undefined
  aggregatorRouting: boolean
  extendTokenExpiration: boolean
  staticTokens: ReadonlyMap<string, UserInfo>
  bootstrapTokens: boolean
  /** How many requests are served at a time: what priority and fairness divide. */
  seats: number
  authorizationModes: AuthorizationMode[]
  /** The built-in kinds that are served. */
  kinds: readonly Kind[]
}

/** Checks the flags and reads the files they name. Throws an Error that names the flag. */
export function readOptions(values: FlagValues<typeof flags>): Options {
  const file = (flag: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw new Error(`--${flag}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  const optional = (flag: 'kubelet-client-certificate' | 'kubelet-client-key' | 'kubelet-certificate-authority') => {
    const path = values[flag]
    return path === undefined ? undefined : file(flag, path)
  }
  if (values['etcd-servers'].length === 0) throw new Error('--etcd-servers must be given')
  const signingKey = file('service-account-signing-key-file', values['service-account-signing-key-file'])
  const keyFiles = values['service-account-key-file']
  const issuer = values['service-account-issuer']
  const kubelet = {
    cert: optional('kubelet-client-certificate'),
    key: optional('kubelet-client-key'),
    ca: optional('kubelet-certificate-authority'),
  }
  return {
    etcdServers: values['etcd-servers'],
    etcdTls: etcdTls(values, file),
    etcdPrefix: values['etcd-prefix'].replace(/\/$/, ''),
    host: values['bind-address'],
    port: values['secure-port'],
    advertiseAddress: values['advertise-address'] ?? advertisable(values['bind-address']),
    cert: file('tls-cert-file', values['tls-cert-file']),
    key: file('tls-private-key-file', values['tls-private-key-file']),
    clientCa: file('client-ca-file', values['client-ca-file']),
    serviceClusterIPRanges: values['service-cluster-ip-range'],
    nodePortRange: portRange(values['service-node-port-range']),
    issuer,
    audiences: values['api-audiences'].length > 0 ? values['api-audiences'] : [issuer],
    signingKey,
    verificationKeys:
      keyFiles.length > 0 ? keyFiles.map((path) => file('service-account-key-file', path)) : [signingKey],
    kubelet: Object.fromEntries(Object.entries(kubelet).filter(([, value]) => value !== undefined)),
    requestHeader: requestHeader(values, file),
    proxyClient: proxyClient(values, file),
    aggregatorRouting: values['enable-aggregator-routing'],
    staticTokens: staticTokens(values['token-auth-file'], file),
    bootstrapTokens: values['enable-bootstrap-token-auth'],
    extendTokenExpiration: values['service-account-extend-token-expiration'],
    seats: values['max-requests-inflight'] + values['max-mutating-requests-inflight'],
    authorizationModes: values['authorization-mode'].map(authorizationMode),
    kinds: servedKinds(values['runtime-config']),
  }
}

type ReadFile = (flag: string, path: string) => string

// staging/src/k8s.io/apiserver/pkg/server/options/authentication.go RequestHeaderAuthenticationOptions
function requestHeader(values: FlagValues<typeof flags>, file: ReadFile): RequestHeaderOptions | undefined {
  const path = values['requestheader-client-ca-file']
  if (path === undefined) return undefined
  return {
    clientCa: file('requestheader-client-ca-file', path),
    allowedNames: values['requestheader-allowed-names'],
    usernameHeaders: values['requestheader-username-headers'],
    uidHeaders: values['requestheader-uid-headers'],
    groupHeaders: values['requestheader-group-headers'],
    extraHeaderPrefixes: values['requestheader-extra-headers-prefix'],
  }
}

const staticTokens = (path: string | undefined, file: ReadFile): ReadonlyMap<string, UserInfo> =>
  path === undefined ? new Map() : readTokenFile(file('token-auth-file', path), path)

/** Both files or none. */
function proxyClient(values: FlagValues<typeof flags>, file: ReadFile): Options['proxyClient'] {
  const { 'proxy-client-cert-file': cert, 'proxy-client-key-file': key } = values
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    throw new Error('--proxy-client-cert-file and --proxy-client-key-file go together: give both or none')
  }
  return { cert: file('proxy-client-cert-file', cert), key: file('proxy-client-key-file', key) }
}

function portRange(value: string): { min: number; max: number } {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(value) ?? []
  const [min, max] = [Number(first), Number(last)]
  if (!(min >= 1 && max <= 65535 && min <= max)) {
    throw new Error(`--service-node-port-range: ${value} is no range of ports such as 30000-32767`)
  }
  return { min, max }
}

function authorizationMode(value: string): AuthorizationMode {
  const mode = authorizationModes.find((known) => known === value)
  if (mode === undefined) throw new Error(`--authorization-mode: ${value} is none of ${authorizationModes.join(', ')}`)
  return mode
}

// staging/src/k8s.io/apiserver/pkg/server/options/serving.go DefaultExternalAddress
/** The address listened on, or the first of this machine when that is all of them, or only reached from here. */
function advertisable(bindAddress: string): string {
  if (!/^(0\.0\.0\.0|::|127\..*|::1)$/.test(bindAddress)) return bindAddress
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? bindAddress
}

/** All three files or none. */
function etcdTls(values: FlagValues<typeof flags>, file: ReadFile): Options['etcdTls'] {
  const { 'etcd-cafile': ca, 'etcd-certfile': cert, 'etcd-keyfile': key } = values
  if (ca === undefined && cert === undefined && key === undefined) return undefined
  if (ca === undefined || cert === undefined || key === undefined) {
    throw new Error('--etcd-cafile, --etcd-certfile and --etcd-keyfile go together: give all three or none')
  }
  return { ca: file('etcd-cafile', ca), cert: file('etcd-certfile', cert), key: file('etcd-keyfile', key) }
}
