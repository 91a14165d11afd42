import { createHash } from 'node:crypto'
import type { Kind, SubresourceName } from '@kubets/shared/api/kinds/kind.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import { jsonAnswer, pageNotFound, type Answer } from './answer.ts'
import type { Handler, RequestContext } from './context.ts'
import { parseAccept } from './negotiate.ts'
import type { DiscoveredGroup } from '../aggregator/discovery.ts'
import type { ServedVersion } from '../registry/served-kinds.ts'

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
const coreKind = (kind: string): GroupVersionKind => ({ group: '', version: 'v1', kind })

/** What each subresource can do, and the kind it speaks when that is not the object's own. */
const subresourceFacts: Readonly<
  Record<SubresourceName, { verbs: string[]; kind?: (kind: Kind) => GroupVersionKind }>
> = {
  approval: { verbs: readAndChange },
  attach: { verbs: createAndGet, kind: () => coreKind('PodAttachOptions') },
  binding: { verbs: ['create'], kind: () => coreKind('Binding') },
  ephemeralcontainers: { verbs: readAndChange },
  eviction: { verbs: ['create'], kind: () => ({ group: 'policy', version: 'v1', kind: 'Eviction' }) },
  exec: { verbs: createAndGet, kind: () => coreKind('PodExecOptions') },
  finalize: { verbs: ['update'] },
  log: { verbs: ['get'] },
  portforward: { verbs: createAndGet, kind: () => coreKind('PodPortForwardOptions') },
  proxy: { verbs: anyMethod, kind: ({ kind }) => coreKind(`${kind}ProxyOptions`) },
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
export function aggregated(groups: readonly DiscoveredGroup[], version: string): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one.version,
        resources: one.remote?.resources ?? one.local?.kinds.map(resourceDiscovery) ?? [],
        freshness: one.remote?.available === false ? 'Stale' : 'Current',
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

function apiGroup({ name, versions: served }: DiscoveredGroup): object {
  const versions = served.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

/** An APIResourceList. */
function resourceList(group: string, { version, kinds }: ServedVersion): object {
  const resources = kinds.flatMap((kind) => [
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

const core = ({ name }: DiscoveredGroup): boolean => name === ''
const named = ({ name }: DiscoveredGroup): boolean => name !== ''

export const coreVersions: Handler = (context, { aggregator }) => {
  const groups = aggregator.groups().filter(core)
  return (
    aggregatedAnswer(context, groups) ??
    jsonAnswer(200, {
      kind: 'APIVersions',
      versions: groups.flatMap(({ versions }) => versions).map(({ version }) => version),
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: context.headers.host ?? '' }],
    })
  )
}

export const groupList: Handler = (context, { aggregator }) => {
  const groups = aggregator.groups().filter(named)
  return (
    aggregatedAnswer(context, groups) ??
    jsonAnswer(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(apiGroup) })
  )
}

export const oneGroup: Handler = ({ path }, { aggregator }) => {
  const name = path.split('/')[2] ?? ''
  const group = aggregator
    .groups()
    .filter(named)
    .find((one) => one.name === name)
  return group === undefined
    ? pageNotFound()
    : jsonAnswer(200, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) })
}

export const groupVersion: Handler = ({ path }, { kinds }) => {
  const parts = path.split('/').filter((part) => part !== '')
  const [group = '', version = ''] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]]
  if (parts[0] === 'apis' && group === '') return pageNotFound()
  const found = kinds.groups.find(({ name }) => name === group)?.versions.find((one) => one.version === version)
  return found === undefined ? pageNotFound() : jsonAnswer(200, resourceList(group, found))
}

function aggregatedAnswer({ headers }: RequestContext, groups: readonly DiscoveredGroup[]): Answer | undefined {
  const version = aggregatedVersion(headers.accept)
  if (version === undefined) return undefined
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
  return withETag(jsonAnswer(200, aggregated(groups, version), contentType), headers['if-none-match'])
}

/** The answer with the hash of its body as ETag; 304 when the client has it already. */
export function withETag(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const etag = `"${createHash('sha512').update(answer.body).digest('hex').toUpperCase()}"`
  const headers = { ...answer.headers, etag, vary: 'Accept' }
  if (ifNoneMatch === etag) return { ...answer, code: 304, body: Buffer.alloc(0), headers }
  return { ...answer, headers }
}
