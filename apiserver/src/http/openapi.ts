import { createHash } from 'node:crypto'
import { loadDescriptions, type Describe } from '@kubets/shared/api/descriptions.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { openApiComponents, type OpenApiOptions } from '@kubets/shared/machinery/schema/openapi.ts'
import { inSlices, unhurried } from '@kubets/shared/machinery/slices.ts'
import { aggregated } from './aggregated.ts'
import { jsonAnswer, pageNotFound, textAnswer, type Answer } from './answer.ts'
import type { Handler } from './context.ts'
import { besides, type RemoteSwagger } from '../aggregator/remote-openapi.ts'
import type { ServedKinds } from '../registry/served-kinds.ts'
import { subresourcesOf } from './discovery.ts'
import { mediaTypes, parseAccept } from './negotiate.ts'
import { definitionEntry, gnosticDocument, pathEntry } from './openapi-gnostic.ts'
import { gnosticDocumentV3 } from './openapi-gnostic-v3.ts'
import { customComponents, type OpenApiVersion } from './openapi-custom.ts'
import { pathsOf } from './openapi-paths.ts'
import { definitionOf, pathItemOf, swaggerHead } from './openapi-swagger.ts'
import { gitVersion } from './version.ts'

interface Document {
  json: Answer
  /** Made when somebody asks for it. */
  protobuf(): Answer
  hash: string
}

/** By "api/v1" or "apis/GROUP/VERSION", with the kinds each was made of. */
const documents = new Map<string, { kinds: readonly Kind[]; document: Promise<Document> }>()
let descriptions: Promise<Describe> | undefined

/** "api/v1" or "apis/GROUP/VERSION", with the kinds of each. */
function placesOf({ groups }: ServedKinds): Map<string, readonly Kind[]> {
  const places = groups.flatMap(({ name, versions }) =>
    versions.map(({ version, kinds }) => [name === '' ? `api/${version}` : `apis/${name}/${version}`, kinds] as const),
  )
  return new Map(places)
}

// kube-openapi/pkg/handler3/handler.go HandleDiscovery
/** GET /openapi/v3 */
export const openApiIndex: Handler = async ({ headers }, { kinds, aggregator, clock }) => {
  const paths: Record<string, { serverRelativeURL: string }> = {}
  for (const [place, url] of Object.entries(aggregator.openApi.addresses)) paths[place] = { serverRelativeURL: url }
  for (const [place, made] of aggregator.openApi.converted) {
    paths[place] = { serverRelativeURL: relativeUrl(place, (await convertedDocument(made, clock)).hash) }
  }
  for (const place of placesOf(kinds).keys()) {
    const document = await documentOf(place, kinds, clock)
    if (document !== undefined) paths[place] = { serverRelativeURL: relativeUrl(place, document.hash) }
  }
  const answer = jsonAnswer(200, { paths })
  return cacheable(answer, hashOf(answer.body), headers['if-none-match'])
}

const relativeUrl = (place: string, hash: string): string => `/openapi/v3/${place}?hash=${hash}`

// kube-openapi/pkg/handler3/handler.go HandleGroupVersion
/** GET /openapi/v3/apis/GROUP/VERSION */
export const openApiDocument: Handler = async (context, deps) => {
  const { path, query, headers } = context
  const { kinds, aggregator, clock } = deps
  const place = path.slice('/openapi/v3/'.length)
  const converted = aggregator.openApi.converted.get(place)
  const document = await (documentOf(place, kinds, clock) ?? (converted && convertedDocument(converted, clock)))
  if (document === undefined) {
    // kube-aggregator/pkg/controllers/openapiv3/aggregator/aggregator.go handleGroupVersion
    const remote = aggregator.openApi.servedBy(place)
    return remote === undefined ? pageNotFound() : aggregated(remote)(context, deps)
  }
  const type = choose(headers.accept, [mediaTypes.json, ...protobufTypesV3])
  if (type === undefined) return notAcceptable
  const { hash } = document
  const answer = type === mediaTypes.json ? document.json : document.protobuf()
  const asked = query.get('hash')
  if (!asked) return cacheable(answer, hash, headers['if-none-match'])
  if (asked !== hash) return { ...textAnswer(301, ''), headers: { location: relativeUrl(place, hash) } }
  // the address with the right hash is good for ever
  const expires = new Date(clock.now() + 365 * 24 * 3_600_000).toUTCString()
  return cacheable(answer, hash, headers['if-none-match'], { 'cache-control': 'public, immutable', expires })
}

const notAcceptable: Answer = textAnswer(406, '')

/** The first of these types that the client takes. */
function choose(accept: string | undefined, types: readonly string[]): string | undefined {
  for (const { type } of parseAccept(accept || '*/*')) {
    const found = types.find((one) => type === one || type === '*/*' || type === 'application/*')
    if (found !== undefined) return found
  }
  return undefined
}

function cacheable(answer: Answer, hash: string, known: string | undefined, more: object = {}): Answer {
  const headers = { ...more, etag: `"${hash}"`, vary: 'Accept' }
  return known === headers.etag ? { ...answer, code: 304, body: Buffer.alloc(0), headers } : { ...answer, headers }
}

const hashOf = (body: Buffer): string => createHash('sha512').update(body).digest('hex').toUpperCase()

/** Documents are made when first asked for, and kept for as long as they are about the same kinds. */
function documentOf(place: string, served: ServedKinds, clock: Clock): Promise<Document> | undefined {
  const places = placesOf(served)
  for (const known of documents.keys()) if (!places.has(known)) documents.delete(known)
  const kinds = places.get(place)
  if (kinds === undefined) return undefined
  const known = documents.get(place)
  if (known?.kinds === kinds) return known.document
  const document = makeDocument(kinds, served, clock)
  documents.set(place, { kinds, document })
  return document
}

async function makeDocument(kinds: readonly Kind[], served: ServedKinds, clock: Clock): Promise<Document> {
  await clock.sleep(0) // the index makes all of them: others have their turn between two
  const { paths, schemas } = await partsOf(kinds, served, 'v3', clock)
  const info = { title: 'Kubernetes', version: gitVersion }
  const whole = { openapi: '3.0.0', info, paths, components: { schemas, securitySchemes } }
  return documentFrom(whole, clock)
}

/** Documents of aggregated API servers that have none in v3 themselves. */
const convertedDocuments = new WeakMap<object, Promise<Document>>()

function convertedDocument(whole: object, clock: Clock): Promise<Document> {
  let document = convertedDocuments.get(whole)
  if (document === undefined) convertedDocuments.set(whole, (document = documentFrom(whole, clock)))
  return document
}

async function documentFrom(whole: object, clock: Clock): Promise<Document> {
  const json = await unhurried(() => jsonAnswer(200, whole), clock)
  let made: Answer | undefined
  return {
    json,
    protobuf: () =>
      (made ??= {
        code: 200,
        contentType: protobufTypesV3[0] ?? '',
        body: gnosticDocumentV3(JSON.parse(json.body.toString()) as Record<string, unknown>),
      }),
    hash: hashOf(json.body),
  }
}

const protobufTypesV3 = [
  'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
]

const securitySchemes = {
  BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' },
}

interface Parts {
  paths: Record<string, Record<string, unknown>>
  schemas: Record<string, Record<string, unknown>>
}

async function partsOf(
  kinds: readonly Kind[],
  { groups }: ServedKinds,
  version: OpenApiVersion,
  clock: Clock,
): Promise<Parts> {
  const describe = await (descriptions ??= loadDescriptions())
  // those of the table: a document stays as it is when definitions bring others
  const groupVersions = groups.flatMap(({ name, versions }) =>
    versions
      .filter((one) => one.kinds.some(({ schema }) => schema === undefined))
      .map((one) => ({ group: name, version: one.version })),
  )
  const paths = Object.assign({}, ...(await inSlices(kinds, (kind) => pathsOf([kind]), clock))) as Parts['paths']
  return { paths, schemas: await componentsOf(kinds, { describe, groupVersions }, version, clock) }
}

async function componentsOf(
  kinds: readonly Kind[],
  options: OpenApiOptions & { describe: Describe },
  version: OpenApiVersion,
  clock: Clock,
): Promise<Parts['schemas']> {
  const custom = kinds.filter(({ schema }) => schema !== undefined)
  const generated = kinds.filter(({ schema }) => schema === undefined)
  const roots = generated.flatMap(({ group, version, kind, listKind }) => [
    findSchema(group, version, kind),
    findSchema(group, version, listKind),
  ])
  const common = ['DeleteOptions', 'Status', 'APIResourceList', 'ObjectMeta', 'ListMeta'].map((kind) =>
    findSchema('', 'v1', kind),
  )
  const foreign = kinds.flatMap((kind) =>
    subresourcesOf(kind)
      .map(({ responseKind }) => responseKind)
      .filter(({ group, version }) => kind.schema === undefined || group !== kind.group || version !== kind.version)
      .map(({ group, version, kind: name }) => findSchema(group, version, name)),
  )
  const nodes = [...roots, ...common, ...foreign].filter((node): node is ObjectNode => node !== undefined)
  const components = {}
  await inSlices(nodes, (node) => openApiComponents([node], options, components), clock)
  const customs = await inSlices(custom, (kind) => customComponents(kind, options.describe, version), clock)
  return {
    ...components,
    ...(Object.assign({}, ...customs) as object),
    'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': { type: 'object' },
  }
}

// ---- version 2: one document of all that is served ----

interface Swagger {
  json: Answer
  protobuf: Answer
  hash: string
}

let swagger: { generation: string; made: Promise<Swagger> } | undefined

const protobufTypes = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
]

// kube-openapi/pkg/handler/handler.go RegisterOpenAPIVersionedService
/** GET /openapi/v2 */
export const openApiV2: Handler = async ({ headers }, { kinds, aggregator, clock }) => {
  const type = choose(headers.accept, [mediaTypes.json, ...protobufTypes])
  if (type === undefined) return notAcceptable
  const { openApi } = aggregator
  const generation = `${kinds.generation} ${openApi.generation}`
  if (swagger?.generation !== generation) swagger = { generation, made: makeSwagger(kinds, openApi.swaggers, clock) }
  const { json, protobuf, hash } = await swagger.made
  return cacheable(type === mediaTypes.json ? json : protobuf, hash, headers['if-none-match'])
}

/** A group and version's part of the document: texts of JSON and protobuf's bytes, by path or name. */
interface SwaggerParts {
  paths: Map<string, SwaggerPart>
  definitions: Map<string, SwaggerPart>
}

interface SwaggerPart {
  text: string
  bytes: Buffer
}

/** With the kinds they were made of: what a definition brings or changes is all that is made anew. */
const swaggerParts = new WeakMap<readonly Kind[], Promise<SwaggerParts>>()

/** `known`: definitions that need not be made again. The table's kinds come first, so all that is shared is theirs. */
async function makeSwaggerParts(
  served: readonly Kind[],
  kinds: ServedKinds,
  known: ReadonlyMap<string, SwaggerPart>,
  clock: Clock,
): Promise<SwaggerParts> {
  const { paths, schemas } = await partsOf(served, kinds, 'v2', clock)
  type Entry = [name: string, value: Record<string, unknown>]
  const path = ([name, item]: Entry): [string, SwaggerPart] => {
    const inV2 = pathItemOf(item)
    return [name, { text: `${JSON.stringify(name)}:${JSON.stringify(inV2)}`, bytes: pathEntry(name, inV2) }]
  }
  const definition = ([name, component]: Entry): [string, SwaggerPart] => {
    const inV2 = definitionOf(name, component)
    return [name, { text: `${JSON.stringify(name)}:${JSON.stringify(inV2)}`, bytes: definitionEntry(name, inV2) }]
  }
  const wanted = Object.entries(schemas).filter(([name]) => !known.has(name))
  return {
    paths: new Map(await inSlices(Object.entries(paths), path, clock)),
    definitions: new Map(await inSlices(wanted, definition, clock)),
  }
}

/** Adds what an aggregated API server has, with names of its own where one is taken by something else. */
function addRemote(remote: RemoteSwagger, { paths, definitions }: SwaggerParts): void {
  const more = besides(remote, {
    paths: new Set(paths.keys()),
    definition(name) {
      const part = definitions.get(name)
      return part && (JSON.parse(`{${part.text}}`) as Record<string, Record<string, unknown>>)[name]
    },
  })
  const add = (
    parts: Map<string, SwaggerPart>,
    all: Record<string, Record<string, unknown>>,
    entry: (name: string, value: Record<string, unknown>) => Buffer,
  ): void => {
    for (const [name, value] of Object.entries(all)) {
      try {
        parts.set(name, { text: `${JSON.stringify(name)}:${JSON.stringify(value)}`, bytes: entry(name, value) })
      } catch {
        // what is no path item or schema at all is left out: the document is everybody's
      }
    }
  }
  add(paths, more.paths, pathEntry)
  add(definitions, more.definitions, definitionEntry)
}

/** Made a group at a time and put together in steps, so that other requests are not held up. */
async function makeSwagger(kinds: ServedKinds, remotes: readonly RemoteSwagger[], clock: Clock): Promise<Swagger> {
  const [paths, definitions] = [new Map<string, SwaggerPart>(), new Map<string, SwaggerPart>()]
  for (const served of placesOf(kinds).values()) {
    let parts = swaggerParts.get(served)
    if (parts === undefined) {
      swaggerParts.set(served, (parts = makeSwaggerParts(served, kinds, definitions, clock)))
      await clock.sleep(0)
    }
    const made = await parts
    for (const [path, part] of made.paths) paths.set(path, part)
    for (const [name, part] of made.definitions) definitions.set(name, part)
  }
  for (const remote of remotes) addRemote(remote, { paths, definitions })
  const head = swaggerHead(gitVersion)
  const members = (parts: ReadonlyMap<string, SwaggerPart>): string =>
    Array.from(parts.values(), ({ text }) => text).join()
  const bytes = (parts: ReadonlyMap<string, SwaggerPart>): Buffer[] => Array.from(parts.values(), (part) => part.bytes)
  await clock.sleep(0)
  const text = `${JSON.stringify(head).slice(0, -1)},"paths":{${members(paths)}},"definitions":{${members(definitions)}}}`
  const json = { code: 200, contentType: mediaTypes.json, body: Buffer.from(text) }
  await clock.sleep(0)
  const body = gnosticDocument(head, bytes(paths), bytes(definitions))
  const protobuf = { code: 200, contentType: protobufTypes[1] ?? '', body }
  return { json, protobuf, hash: hashOf(json.body) }
}
