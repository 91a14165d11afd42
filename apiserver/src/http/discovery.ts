import { createHash } from 'node:crypto'
import type { Kind, SubresourceName } from '@kubets/shared/api/kinds/kind.ts'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import { protobufDocument, protobufMessage } from '@kubets/shared/machinery/schema/protobuf-encode.ts'
import { pageNotFound, type Answer } from './answer.ts'
import type { Handler, RequestContext } from './context.ts'
import { isPretty, mediaTypes, negotiate, parseAccept, type Format } from './negotiate.ts'
import { textForm } from './text-form.ts'
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

const listKind = 'APIGroupDiscoveryList'
const discoveryVersion = 'apidiscovery.k8s.io/v2'

/** The form of aggregated discovery that the client prefers over the plain documents, if any. */
// apiserver/pkg/endpoints/discovery/aggregated/wrapper.go, negotiation.go; v2beta1 is gone since v1.33
export function aggregatedForm(accept: string | undefined): Format | undefined {
  for (const { type, parameters } of parseAccept(accept ?? '')) {
    const { as, g, v } = parameters
    // profile=nopeer asks for what is the case here: no peers are asked
    const fits = as === listKind && g === 'apidiscovery.k8s.io' && v === 'v2'
    const plain = as === undefined && g === undefined && v === undefined
    const format = formats.find((one) => type === mediaTypes[one] || type === '*/*' || type === 'application/*')
    if (format !== undefined && fits) return format
    if (format !== undefined && plain) return undefined
  }
  return undefined
}

const formats = Object.keys(mediaTypes) as Format[]

// apidiscovery/v2/types.go APIGroupDiscoveryList
export function aggregated(groups: readonly DiscoveredGroup[]): object {
  return {
    kind: listKind,
    apiVersion: discoveryVersion,
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

// apiserver/pkg/endpoints/discovery/storageversionhash.go StorageVersionHash
/** Changes when objects of the kind are stored in another version. */
function storageVersionHash({ storedAs, ...own }: Kind): string {
  const { group, version, kind } = storedAs ?? own
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64')
}

// apiserver/pkg/endpoints/discovery/version.go APIVersionHandler: the core group's list has no apiVersion
/** An APIResourceList. */
function resourceList(group: string, { version, kinds }: ServedVersion): Listed {
  const resources = kinds.flatMap((kind) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: kind.verbs,
      ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
      ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
      ...(kind.virtual ? {} : { storageVersionHash: storageVersionHash(kind) }),
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
  const apiVersion = group === '' ? {} : { apiVersion: 'v1' }
  return { kind: 'APIResourceList', ...apiVersion, groupVersion: apiVersionOf({ group, version }), resources }
}

// ---- handlers ----

const core = ({ name }: DiscoveredGroup): boolean => name === ''
const named = ({ name }: DiscoveredGroup): boolean => name !== ''

export const coreVersions: Handler = (context, { aggregator }) => {
  const all = aggregator.groups()
  const groups = all.filter(core)
  return (
    aggregatedAnswer(context, all, 'core') ??
    listed(context, {
      kind: 'APIVersions',
      versions: groups.flatMap(({ versions }) => versions).map(({ version }) => version),
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: context.headers.host ?? '' }],
    })
  )
}

export const groupList: Handler = (context, { aggregator }) => {
  const all = aggregator.groups()
  const groups = all.filter(named)
  return (
    aggregatedAnswer(context, all, 'named') ??
    listed(context, { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(apiGroup) })
  )
}

export const oneGroup: Handler = (context, { aggregator }) => {
  const name = context.path.split('/')[2] ?? ''
  const group = aggregator
    .groups()
    .filter(named)
    .find((one) => one.name === name)
  return group === undefined
    ? pageNotFound()
    : listed(context, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) })
}

export const groupVersion: Handler = (context, { kinds }) => {
  const parts = context.path.split('/').filter((part) => part !== '')
  const [group = '', version = ''] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]]
  if (parts[0] === 'apis' && group === '') return pageNotFound()
  const found = kinds.groups.find(({ name }) => name === group)?.versions.find((one) => one.version === version)
  return found === undefined ? pageNotFound() : listed(context, resourceList(group, found))
}

interface Listed {
  kind: string
  apiVersion?: string
  [field: string]: unknown
}

/** A document of discovery in the form that the client takes. */
function listed({ headers, query }: RequestContext, value: Listed): Answer {
  const offer = { transformable: false, protobuf: true }
  const form = negotiate(headers.accept, query, headers['user-agent'], offer)
  if (form.format !== 'protobuf') return textForm(form, value)
  const message = protobufMessage(schemaFor('', 'v1', value.kind), value)
  const body = protobufDocument(value.apiVersion ?? '', value.kind, [message])
  return { code: 200, contentType: mediaTypes.protobuf, body }
}

interface Aggregated {
  json: Buffer
  etag: string
}

/** Made once for as long as the groups are the same. */
const made = new WeakMap<readonly DiscoveredGroup[], Partial<Record<'core' | 'named', Aggregated>>>()

function documentOf(all: readonly DiscoveredGroup[], part: 'core' | 'named'): Aggregated {
  const documents = made.get(all) ?? {}
  made.set(all, documents)
  return (documents[part] ??= makeDocument(all.filter(part === 'core' ? core : named)))
}

function makeDocument(groups: readonly DiscoveredGroup[]): Aggregated {
  const json = Buffer.from(`${JSON.stringify(aggregated(groups))}\n`)
  return { json, etag: `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"` }
}

// apiserver/pkg/endpoints/discovery/aggregated/etag.go ServeHTTPWithETag
function aggregatedAnswer(
  { headers, query }: RequestContext,
  all: readonly DiscoveredGroup[],
  part: 'core' | 'named',
): Answer | undefined {
  const format = aggregatedForm(headers.accept)
  if (format === undefined) return undefined
  const { json, etag } = documentOf(all, part)
  const contentType = `${mediaTypes[format]};g=apidiscovery.k8s.io;v=v2;as=${listKind}`
  const common = { code: 200, contentType, headers: { etag, vary: 'Accept', 'cache-control': 'public' } }
  if (headers['if-none-match'] === etag) return { ...common, code: 304, body: Buffer.alloc(0) }
  if (format === 'json' && !query.has('pretty')) return { ...common, body: json }
  const value = JSON.parse(json.toString()) as Listed
  if (format !== 'protobuf') return { ...textForm({ format, pretty: isPretty(query.get('pretty')) }, value), ...common }
  const message = protobufMessage(schemaFor('apidiscovery.k8s.io', 'v2', listKind), value)
  return { ...common, body: protobufDocument(discoveryVersion, listKind, [message]) }
}
