import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { mutate, validate } from '../registry/admit.ts'
import { proxiedPath } from './connect.ts'
import { scopeOf, type Deps, type RequestContext } from './context.ts'
import { isTrue } from './request-info.ts'

/** What is asked for by connecting, as an object: admission is shown it, and may change it. */
interface ConnectOptions {
  kind: string
  /** The fields of the query that are one text, many texts, or yes and no (with what counts when absent). */
  texts?: readonly string[]
  lists?: readonly string[]
  flags?: Readonly<Record<string, boolean>>
}

const streams = { stdin: false, stdout: true, stderr: true, tty: false }

// pkg/registry/core/pod/rest/subresources.go NewConnectOptions
const byPath: Readonly<Record<string, ConnectOptions>> = {
  'pods/exec': { kind: 'PodExecOptions', flags: streams, texts: ['container'], lists: ['command'] },
  'pods/attach': { kind: 'PodAttachOptions', flags: streams, texts: ['container'] },
  'pods/portforward': { kind: 'PodPortForwardOptions', lists: ['ports'] },
  'pods/proxy': { kind: 'PodProxyOptions' },
  'services/proxy': { kind: 'ServiceProxyOptions' },
  'nodes/proxy': { kind: 'NodeProxyOptions' },
}

/**
 * Asks admission whether the client may connect, and answers the request as admission wants it. Rejects with a refusal.
 * What is read and not connected to (logs) is not asked about.
 */
// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go ConnectResource
export async function admitConnect(context: RequestContext, deps: Deps, kind: Kind): Promise<RequestContext> {
  const { resource, subresource, name } = context.info
  const options = byPath[`${resource}/${subresource}`]
  if (options === undefined) return context
  const object = optionsObject(context, options)
  const scope = scopeOf(context, deps, kind)
  const admitted = { operation: 'CONNECT' as const, name, subresource, object: object as unknown as KubeObject }
  await mutate(scope, admitted)
  await validate(scope, admitted)
  return { ...context, query: queryOf(context.query, object, options) }
}

type Fields = Record<string, unknown>

function optionsObject(context: RequestContext, { kind, texts, lists, flags }: ConnectOptions): Fields {
  const { query } = context
  const object: Fields = { kind, apiVersion: 'v1' }
  for (const [name, otherwise] of Object.entries(flags ?? {})) {
    if (query.has(name) ? isTrue(query.get(name)) : otherwise) object[name] = true
  }
  for (const name of texts ?? []) if (query.get(name)) object[name] = query.get(name)
  for (const name of lists ?? []) if (query.has(name)) object[name] = query.getAll(name)
  if (kind === 'PodPortForwardOptions' && query.has('ports')) object['ports'] = query.getAll('ports').map(Number)
  if (kind.endsWith('ProxyOptions')) object['path'] = proxiedPath({ path: context.path, query: new URLSearchParams() })
  return object
}

/** The query that asks for what the object says. */
function queryOf(query: URLSearchParams, object: Fields, { texts, lists, flags }: ConnectOptions): URLSearchParams {
  const result = new URLSearchParams(query)
  for (const name of Object.keys(flags ?? {})) result.set(name, String(object[name] === true))
  for (const name of [...(texts ?? []), ...(lists ?? [])]) {
    result.delete(name)
    for (const value of [object[name] ?? []].flat()) result.append(name, String(value))
  }
  return result
}
