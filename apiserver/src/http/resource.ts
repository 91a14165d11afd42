import { pod } from '@kubets/shared/api/kinds/core/pods/kind.ts'
import type { Kind, Verb } from '@kubets/shared/api/kinds/kind.ts'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import { methodNotSupported, noSuchMethod, noSuchResource } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { pageNotFound, success, type Answer } from './answer.ts'
import { bodyObject, checkGroupVersionKind, decodeBytes } from './body.ts'
import { connectors } from './connect.ts'
import { admitConnect } from './connect-admission.ts'
import { scopeOf, type Deps, type Handler, type RequestContext } from './context.ts'
import { deleteObject, deleteObjects } from './delete.ts'
import { componentStatuses } from './component-statuses.ts'
import { valueAnswer } from './output.ts'
import { patchObject } from './patch.ts'
import type { ServedKinds } from '../registry/served-kinds.ts'
import { proxyRequest } from './proxy.ts'
import { getObject, listObjects } from './read.ts'
import type { RequestInfo } from './request-info.ts'
import { reviews } from './reviews.ts'
import { createToken } from './token-request.ts'
import { watchObjects } from './watch.ts'
import { createObject, updateObject } from './write.ts'

type KindHandler = (context: RequestContext, deps: Deps, kind: Kind) => Promise<Answer | undefined>

const byVerb: Readonly<Record<string, KindHandler>> = {
  get: getObject,
  list: listObjects,
  watch: watchObjects,
  create: createObject,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteObjects,
}

const readAndChange: Readonly<Record<string, KindHandler>> = {
  get: getObject,
  update: updateObject,
  patch: patchObject,
}
const readAndChangeSubresources = new Set(['status', 'scale', 'approval', 'ephemeralcontainers', 'resize'])

/** Subresources with handlers of their own, by name and verb. */
const bySubresource: Readonly<Record<string, Readonly<Record<string, KindHandler>>>> = {
  binding: { create: bind },
  eviction: { create: evict },
  token: { create: createToken },
  finalize: { update: updateObject },
}

/** The kind a resource request is about; undefined when there is none. */
export function kindOf({ info }: RequestContext, kinds: ServedKinds): Kind | undefined {
  const kind = kinds.find(info.apiGroup, info.apiVersion, info.resource)
  return kind && isPathOf(kind, info) ? kind : undefined
}

function isPathOf(kind: Kind, info: RequestInfo): boolean {
  // /namespaces/x/nodes is no path, and neither is one object without its namespace
  const inNamespace = info.namespace !== '' && info.resource !== 'namespaces'
  if (!kind.namespaced && inNamespace) return false
  if (kind.namespaced && !inNamespace && info.parts.length > 1) return false
  const { subresource } = info
  if (subresource !== '' && !(kind.subresources as readonly string[]).includes(subresource)) return false
  return info.parts.length <= 3 || subresource === 'proxy'
}

/** Requests under /api/v1 and /apis/GROUP/VERSION. */
export const resource: Handler = async (context, deps) => {
  const { apiGroup, apiVersion, resource: plural } = context.info
  const kind = await deps.kinds.findFresh(apiGroup, apiVersion, plural, context.signal)
  if (kind === undefined || !isPathOf(kind, context.info)) {
    if (hasBuiltIn(deps, context)) throw noSuchResource()
    return pageNotFound()
  }
  context.warnings.push(...(kind.deprecations ?? []))
  const handler = handlerOf(context, kind)
  if (handler === undefined) {
    // upstream's router answers for its own kinds, the handler of custom resources for those
    if (kind.schema === undefined) throw noSuchMethod()
    const { subresource, verb } = context.info
    const plural = subresource === '' ? kind.plural : `${kind.plural}/${subresource}`
    throw methodNotSupported({ group: kind.group, plural }, verb || context.method)
  }
  return handler(context, deps, kind)
}

/** Is the path's group and version one that the server is built with? */
const hasBuiltIn = ({ kinds }: Deps, { info }: RequestContext): boolean =>
  kinds.groups
    .find(({ name }) => name === info.apiGroup)
    ?.versions.find(({ version }) => version === info.apiVersion)
    ?.kinds.some(({ schema }) => schema === undefined) ?? false

function handlerOf({ info, method }: RequestContext, kind: Kind): KindHandler | undefined {
  const { verb, subresource } = info
  if (subresource !== '') {
    if (connectors[`${kind.plural}/${subresource}`] !== undefined) return connect
    if (method === 'HEAD') return undefined
    if (readAndChangeSubresources.has(subresource)) return readAndChange[verb]
    return bySubresource[subresource]?.[verb]
  }
  // a path that can be read has no HEAD of its own
  if (method === 'HEAD') return undefined
  if (kind.virtual) return virtualHandler(kind, verb)
  // POST names no object, PUT and PATCH name one
  if ((method === 'POST') !== (info.name === '') && ['create', 'update', 'patch'].includes(verb)) return undefined
  return kind.verbs.includes(verb as Verb) ? byVerb[verb] : undefined
}

function virtualHandler(kind: Kind, verb: string): KindHandler | undefined {
  if (kind.plural === 'componentstatuses') return verb === 'get' || verb === 'list' ? componentStatuses : undefined
  if (verb !== 'create') return undefined
  return kind.plural === 'bindings' ? bindByBody : reviews[kind.plural]
}

async function connect(asked: RequestContext, deps: Deps, kind: Kind): Promise<undefined> {
  const context = await admitConnect(asked, deps, kind)
  const locate = connectors[`${context.info.resource}/${context.info.subresource}`]
  const target = await locate?.(context, deps)
  if (target === undefined) {
    context.response.writeHead(200, { 'content-type': 'text/plain' }).end()
    return undefined
  }
  return proxyRequest(context, target)
}

async function bind(context: RequestContext, deps: Deps): Promise<Answer> {
  const binding = await bodyObject(context, '', 'v1', 'Binding')
  return bindPod(context, deps, context.info.name, binding)
}

async function bindByBody(context: RequestContext, deps: Deps): Promise<Answer> {
  const binding = await bodyObject(context, '', 'v1', 'Binding')
  return bindPod(context, deps, binding.metadata.name ?? '', binding)
}

async function bindPod(context: RequestContext, deps: Deps, name: string, binding: KubeObject): Promise<Answer> {
  await deps.registry.bindPod(scopeOf(context, deps, pod), name, binding)
  return valueAnswer(context, success(201), 201)
}

async function evict(context: RequestContext, deps: Deps, kind: Kind): Promise<Answer> {
  const eviction = await evictionIn(context)
  await deps.registry.evictPod(scopeOf(context, deps, kind), context.info.name, eviction)
  return valueAnswer(context, success(201), 201)
}

/** Both versions are taken, whichever are served: they have the same shape. */
// pkg/registry/core/pod/storage/eviction.go EvictionREST.AcceptsGroupVersion
async function evictionIn(context: RequestContext): Promise<KubeObject> {
  const { object, problems } = await decodeBytes(context, schemaFor('policy', 'v1', 'Eviction'), await context.body())
  context.warnings.push(...problems)
  const eviction = object as unknown as KubeObject
  if (eviction.apiVersion === 'policy/v1beta1') eviction.apiVersion = 'policy/v1'
  checkGroupVersionKind(eviction, 'policy/v1', 'Eviction')
  return eviction
}
