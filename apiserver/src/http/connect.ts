import { endpointSlices, services } from '@kubets/shared/api/resources.gen.ts'
import type { Service } from '@kubets/shared/api/types/core-v1.ts'
import type { EndpointSlice } from '@kubets/shared/api/types/discovery-v1.ts'
import { badRequest, invalid, notFound, serviceUnavailable } from '@kubets/shared/machinery/errors.ts'
import * as field from '@kubets/shared/machinery/fieldpath.ts'
import type { Deps, RequestContext } from './context.ts'
import { chooseContainer, kubeletTarget, podNamed, type Target } from './kubelet.ts'
import { integer } from './query.ts'
import { isTrue } from './request-info.ts'

/** Where a request under one of these subresources goes on to; undefined: nowhere yet, the answer is empty. */
type Locate = (context: RequestContext, deps: Deps) => Promise<Target | undefined>

/** By "resource/subresource". */
export const connectors: Readonly<Record<string, Locate>> = {
  'pods/log': logTarget,
  'pods/exec': (context, deps) => streamTarget(context, deps, 'exec'),
  'pods/attach': (context, deps) => streamTarget(context, deps, 'attach'),
  'pods/portforward': portForwardTarget,
  'pods/proxy': podProxyTarget,
  'services/proxy': serviceProxyTarget,
  'nodes/proxy': nodeProxyTarget,
}

// pkg/registry/core/pod/strategy.go LogLocation
async function logTarget({ info, query }: RequestContext, deps: Deps): Promise<Target | undefined> {
  checkLogOptions(query)
  const pod = await podNamed(deps.lookup, info.name, info.namespace)
  const container = chooseContainer(pod, query.get('container') ?? '')
  const node = pod.spec.nodeName
  if (!node) return undefined
  const options = new URLSearchParams()
  for (const name of ['follow', 'previous', 'timestamps']) if (isTrue(query.get(name))) options.set(name, 'true')
  for (const name of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream']) {
    const value = query.get(name)
    if (value) options.set(name, value)
  }
  const path = `/containerLogs/${info.namespace}/${info.name}/${container}`
  const target = await kubeletTarget(deps.lookup, deps.kubelet, node, withQuery(path, options))
  if (!isTrue(query.get('insecureSkipTLSVerifyBackend'))) return target
  return { ...target, tls: { rejectUnauthorized: false } }
}

// pkg/apis/core/validation/validation.go ValidatePodLogOptions
function checkLogOptions(query: URLSearchParams): void {
  const errors: field.FieldError[] = []
  const atLeast = (name: string, minimum: number): void => {
    const value = integer(query, name)
    if (value === undefined || value >= minimum) return
    const text = minimum === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0'
    errors.push(field.invalid(name, value, text))
  }
  atLeast('tailLines', 0)
  atLeast('limitBytes', 1)
  atLeast('sinceSeconds', 1)
  if (query.get('sinceSeconds') && query.get('sinceTime')) {
    errors.push(field.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, '', errors)
}

// pkg/registry/core/pod/strategy.go streamLocation, streamParams
async function streamTarget(context: RequestContext, deps: Deps, verb: 'exec' | 'attach'): Promise<Target> {
  const { info, query } = context
  const pod = await podNamed(deps.lookup, info.name, info.namespace)
  const container = chooseContainer(pod, query.get('container') ?? '')
  const node = pod.spec.nodeName
  if (!node) throw badRequest(`pod ${info.name} does not have a host assigned`)
  const options = new URLSearchParams()
  if (isTrue(query.get('stdin'))) options.set('input', '1')
  if (streams(query, 'stdout')) options.set('output', '1')
  if (streams(query, 'stderr')) options.set('error', '1')
  if (isTrue(query.get('tty'))) options.set('tty', '1')
  if (verb === 'exec') {
    const command = query.getAll('command')
    if (command.length === 0) throw badRequest('you must specify at least 1 command for the container')
    for (const word of command) options.append('command', word)
  }
  if (!['input', 'output', 'error', 'tty'].some((name) => options.has(name))) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  }
  const path = `/${verb}/${info.namespace}/${info.name}/${container}`
  return kubeletTarget(deps.lookup, deps.kubelet, node, withQuery(path, options))
}

/** stdout and stderr are wanted unless said otherwise. */
function streams(query: URLSearchParams, name: string): boolean {
  return query.has(name) ? isTrue(query.get(name)) : true
}

// pkg/registry/core/pod/strategy.go PortForwardLocation
async function portForwardTarget({ info, query }: RequestContext, deps: Deps): Promise<Target> {
  const pod = await podNamed(deps.lookup, info.name, info.namespace)
  const node = pod.spec.nodeName
  if (!node) throw badRequest(`pod ${info.name} does not have a host assigned`)
  const options = new URLSearchParams()
  for (const port of query.getAll('ports')) options.append('port', port)
  const path = withQuery(`/portForward/${info.namespace}/${info.name}`, options)
  return kubeletTarget(deps.lookup, deps.kubelet, node, path)
}

const withQuery = (path: string, query: URLSearchParams): string => {
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** "https:name:port" in its parts, as far as they are given. */
// apimachinery/pkg/util/net/port_split.go SplitSchemeNamePort
export function splitSchemeNamePort(id: string): { scheme: 'http' | 'https' | ''; name: string; port: string } {
  const parts = id.split(':')
  const [first = '', second = '', third = ''] = parts
  if (parts.length === 1) return { scheme: '', name: first, port: '' }
  if (parts.length === 2) return { scheme: '', name: first, port: second }
  if (parts.length === 3 && (first === 'http' || first === 'https' || first === '')) {
    return { scheme: first, name: second, port: third }
  }
  throw badRequest(`invalid proxy request: ${JSON.stringify(id)}`)
}

/** What of the URL is for the other side: the path below "proxy", and the query. */
export function proxiedPath({ path, query }: Pick<RequestContext, 'path' | 'query'>): string {
  const rest = /\/proxy(\/.*)?$/s.exec(path.slice(proxyStart(path)))?.[1] ?? '/'
  return withQuery(rest, query)
}

/** The first "/proxy" behind the object's name: what is proxied may have one of its own. */
function proxyStart(path: string): number {
  const match = /^\/api\/v1(\/namespaces\/[^/]+)?\/(pods|services|nodes)\/[^/]+(?=\/proxy)/.exec(path)
  return match?.[0].length ?? 0
}

// pkg/registry/core/pod/strategy.go ResourceLocation
async function podProxyTarget(context: RequestContext, deps: Deps): Promise<Target> {
  const { scheme, name, port } = splitSchemeNamePort(context.info.name)
  const pod = await podNamed(deps.lookup, name, context.info.namespace)
  const own = pod.spec.containers.flatMap(({ ports }) => ports ?? [])[0]?.containerPort
  const host = pod.status?.podIP
  if (!host) throw badRequest(`address not allowed`)
  return direct(
    scheme,
    host,
    port === '' ? (own ?? (scheme === 'https' ? 443 : 80)) : Number(port),
    proxiedPath(context),
  )
}

function direct(scheme: string, host: string, port: number, path: string): Target {
  if (!Number.isInteger(port) || port <= 0 || port > 65535) throw badRequest(`invalid port ${port}`)
  // certificates of what runs in the cluster are its own business
  if (scheme === 'https') return { protocol: 'https:', host, port, path, tls: { rejectUnauthorized: false } }
  return { protocol: 'http:', host, port, path }
}

// pkg/registry/core/service/storage/storage.go ResourceLocation
async function serviceProxyTarget(context: RequestContext, deps: Deps): Promise<Target> {
  const { scheme, name, port } = splitSchemeNamePort(context.info.name)
  const service = await deps.lookup.get(services, name, context.info.namespace)
  if (service === undefined) throw notFound({ group: '', plural: 'services' }, name)
  const portName = servicePortName(service, port)
  const slices = deps.lookup
    .list(endpointSlices, context.info.namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
  const backends = portName === undefined ? [] : readyBackends(slices, portName)
  const backend = backends[Math.floor(Math.random() * backends.length)]
  if (backend === undefined)
    throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(context.info.name)}`)
  return direct(scheme, backend.host, backend.port, proxiedPath(context))
}

/** The name of the port asked for by name or number, or of the only one. */
function servicePortName(service: Service, port: string): string | undefined {
  const ports = service.spec?.ports ?? []
  if (port === '') return ports.length === 1 ? (ports[0]?.name ?? '') : ports.find((p) => !p.name)?.name
  const found = ports.find((p) => p.name === port || String(p.port) === port)
  return found === undefined ? undefined : (found.name ?? '')
}

function readyBackends(slices: readonly EndpointSlice[], portName: string): { host: string; port: number }[] {
  return slices.flatMap(({ ports, endpoints }) => {
    const port = ports?.find(({ name }) => (name ?? '') === portName)?.port
    if (port === undefined) return []
    const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    return ready.flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port })))
  })
}

// pkg/registry/core/node/strategy.go ResourceLocation
async function nodeProxyTarget(context: RequestContext, deps: Deps): Promise<Target> {
  const { scheme, name, port } = splitSchemeNamePort(context.info.name)
  const target = await kubeletTarget(deps.lookup, deps.kubelet, name, proxiedPath(context))
  if (port === '' || Number(port) === target.port) return target
  return direct(scheme, target.host, Number(port), target.path)
}
