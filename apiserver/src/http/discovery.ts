import { createHash } from 'node:crypto'
import { kinds } from '@kubets/shared/api/kinds/index.ts'
import type { Kind, SubresourceName } from '@kubets/shared/api/kinds/kind.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import { jsonAnswer, pageNotFound, type Answer } from './answer.ts'
import type { Handler, RequestContext } from './context.ts'
import { parseAccept } from './negotiate.ts'

interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

interface Subresource {
  name: SubresourceName
  verbs: string[]
  responseKind: GroupVersionKind
}

const readAndChange = ['get', 'patch', 'update']
const createAndGet = ['create', 'get']
const anyMethod = ['create', 'delete', 'get', 'patch', 'update']
const core = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind })

/** What each subresource can do, and the kind it speaks when that is not the object's own. */
const subresourceFacts: Readonly<
  Record<SubresourceName, { verbs: string[]; kind?: (kind: Kind) => GroupVersionKind }>
> = {
  approval: { verbs: readAndChange },
  attach: { verbs: createAndGet, kind: () => core('PodAttachOptions') },
  binding: { verbs: ['create'], kind: () => core('Binding') },
  ephemeralcontainers: { verbs: readAndChange },
  eviction: { verbs: ['create'], kind: () => ({ group: 'policy', version: 'v1', kind: 'Eviction' }) },
  exec: { verbs: createAndGet, kind: () => core('PodExecOptions') },
  finalize: { verbs: ['update'] },
  log: { verbs: ['get'] },
  portforward: { verbs: createAndGet, kind: () => core('PodPortForwardOptions') },
  proxy: { verbs: anyMethod, kind: ({ kind }) => core(`${kind}ProxyOptions`) },
  resize: { verbs: readAndChange },
  scale: { verbs: readAndChange, kind: () => ({ group: 'autoscaling', version: 'v1', kind: 'Scale' }) },
  status: { verbs: readAndChange },
  token: { verbs: ['create'], kind: () => ({ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }) },
}

/** The subresources of a kind with their verbs and kinds, as discovery and OpenAPI tell them. */
export function subresourcesOf(kind: Kind): Subresource[] {
  return kind.subresources.map((name) => {
    const facts = subresourceFacts[name]
    const responseKind = facts.kind?.(kind) ?? { group: kind.group, version: kind.version, kind: kind.kind }
    return { name, verbs: facts.verbs, responseKind }
  })
}

interface Version {
  version: string
  kinds: readonly Kind[]
}

/** Groups in the table's order, the preferred version of each first. */
export const groups: ReadonlyMap<string, readonly Version[]> = groupKinds()

function groupKinds(): Map<string, Version[]> {
  const result = new Map<string, Version[]>()
  for (const [group, ofGroup] of Map.groupBy(kinds, (kind) => kind.group)) {
    const versions = Map.groupBy(ofGroup, (kind) => kind.version)
    result.set(
      group,
      Array.from(versions, ([version, ofVersion]) => ({ version, kinds: ofVersion })),
    )
  }
  return result
}

// ---- one document for all groups (apidiscovery.k8s.io) ----

const aggregatedVersions = ['v2', 'v2beta1']

/** The version of aggregated discovery the client prefers over the plain documents, if any. */
export function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const { type, parameters } of parseAccept(accept ?? '')) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue
    if (parameters['as'] === undefined) return undefined
    const version = parameters['v'] ?? ''
    const fits = parameters['g'] === 'apidiscovery.k8s.io' && parameters['as'] === 'APIGroupDiscoveryList'
    if (fits && aggregatedVersions.includes(version)) return version
  }
  return undefined
}

// apidiscovery/v2/types.go APIGroupDiscoveryList
export function aggregated(names: readonly string[], version: string): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: names.map((name) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: (groups.get(name) ?? []).map((one) => ({
        version: one.version,
        resources: one.kinds.map(resourceDiscovery),
        freshness: 'Current',
      })),
    })),
  }
}

function resourceDiscovery(kind: Kind): object {
  const subresources = subresourcesOf(kind).map(({ name, verbs, responseKind }) => ({
    subresource: name,
    responseKind,
    verbs,
  }))
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}

// ---- a document for each group and version ----

function apiGroup(name: string): object {
  const versions = (groups.get(name) ?? []).map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

/** An APIResourceList; undefined when there is no such group and version. */
export function resourceList(group: string, version: string): object | undefined {
  const found = groups.get(group)?.find((one) => one.version === version)
  if (found === undefined) return undefined
  const resources = found.kinds.flatMap((kind) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: kind.verbs,
      ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
      ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    },
    ...subresourcesOf(kind).map(({ name, verbs, responseKind }) => {
      const foreign = responseKind.group !== kind.group || responseKind.version !== kind.version
      return {
        name: `${kind.plural}/${name}`,
        singularName: '',
        namespaced: kind.namespaced,
        ...(foreign ? { group: responseKind.group, version: responseKind.version } : {}),
        kind: responseKind.kind,
        verbs,
      }
    }),
  ])
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf({ group, version }), resources }
}

// ---- handlers ----

const named = [...groups.keys()].filter((name) => name !== '')

export const coreVersions: Handler = (context) =>
  aggregatedAnswer(context, ['']) ??
  jsonAnswer(200, {
    kind: 'APIVersions',
    versions: (groups.get('') ?? []).map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: context.headers.host ?? '' }],
  })

export const groupList: Handler = (context) =>
  aggregatedAnswer(context, named) ??
  jsonAnswer(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(apiGroup) })

export const oneGroup: Handler = ({ path }) => {
  const name = path.split('/')[2] ?? ''
  if (!named.includes(name)) return pageNotFound()
  return jsonAnswer(200, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(name) })
}

export const groupVersion: Handler = ({ path }) => {
  const parts = path.split('/').filter((part) => part !== '')
  const [group = '', version = ''] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]]
  const list = parts[0] === 'apis' && group === '' ? undefined : resourceList(group, version)
  return list === undefined ? pageNotFound() : jsonAnswer(200, list)
}

function aggregatedAnswer({ headers }: RequestContext, names: readonly string[]): Answer | undefined {
  const version = aggregatedVersion(headers.accept)
  if (version === undefined) return undefined
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  return withETag(jsonAnswer(200, aggregated(names, version), contentType), headers['if-none-match'])
}

/** The answer with the hash of its body as ETag; 304 when the client has it already. */
export function withETag(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const etag = `"${createHash('sha512').update(answer.body).digest('hex').toUpperCase()}"`
  const headers = { ...answer.headers, etag, vary: 'Accept' }
  if (ifNoneMatch === etag) return { ...answer, code: 304, body: Buffer.alloc(0), headers }
  return { ...answer, headers }
}
