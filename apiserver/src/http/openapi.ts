import { createHash } from 'node:crypto'
import { loadDescriptions, type Describe } from '@kubets/shared/api/descriptions.ts'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { openApiComponents, type OpenApiOptions } from '@kubets/shared/machinery/schema/openapi.ts'
import { jsonAnswer, pageNotFound, type Answer } from './answer.ts'
import type { Handler } from './context.ts'
import type { ServedKinds } from '../registry/served-kinds.ts'
import { pathsOf } from './openapi-paths.ts'
import { gitVersion } from './version.ts'

interface Document {
  answer: Answer
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

// k8s.io/kube-openapi/pkg/handler3/handler.go
/** GET /openapi/v3 */
export const openApiIndex: Handler = async (_, { kinds }) => {
  const paths: Record<string, { serverRelativeURL: string }> = {}
  for (const place of placesOf(kinds).keys()) {
    const document = await documentOf(place, kinds)
    paths[place] = { serverRelativeURL: `/openapi/v3/${place}?hash=${document?.hash ?? ''}` }
  }
  return jsonAnswer(200, { paths })
}

/** GET /openapi/v3/apis/GROUP/VERSION */
export const openApiDocument: Handler = async ({ path, query, headers }, { kinds }) => {
  const document = await documentOf(path.slice('/openapi/v3/'.length), kinds)
  if (document === undefined) return pageNotFound()
  const etag = `"${document.hash}"`
  // the address with the right hash is good for ever
  const common: Record<string, string> = { etag, vary: 'Accept' }
  if (query.get('hash') === document.hash)
    Object.assign(common, { 'cache-control': 'public, immutable', expires: farAway })
  if (headers['if-none-match'] === etag)
    return { ...document.answer, code: 304, body: Buffer.alloc(0), headers: common }
  return { ...document.answer, headers: common }
}

const farAway = 'Fri, 31 Dec 2100 00:00:00 GMT'

/** Documents are made when first asked for, and kept for as long as they are about the same kinds. */
function documentOf(place: string, served: ServedKinds): Promise<Document> | undefined {
  const places = placesOf(served)
  for (const known of documents.keys()) if (!places.has(known)) documents.delete(known)
  const kinds = places.get(place)
  if (kinds === undefined) return undefined
  const known = documents.get(place)
  if (known?.kinds === kinds) return known.document
  const document = makeDocument(kinds, served)
  documents.set(place, { kinds, document })
  return document
}

async function makeDocument(kinds: readonly Kind[], { groups }: ServedKinds): Promise<Document> {
  const describe = await (descriptions ??= loadDescriptions())
  const groupVersions = groups.flatMap(({ name, versions }) =>
    versions.map(({ version }) => ({ group: name, version })),
  )
  const answer = jsonAnswer(200, {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: gitVersion },
    paths: pathsOf(kinds),
    components: { schemas: componentsOf(kinds, { describe, groupVersions }) },
  })
  const hash = createHash('sha512').update(answer.body).digest('hex').toUpperCase()
  return { answer, hash }
}

function componentsOf(kinds: readonly Kind[], options: OpenApiOptions): Record<string, unknown> {
  const roots = kinds.flatMap(({ group, version, kind, listKind }) => [
    findSchema(group, version, kind),
    findSchema(group, version, listKind),
  ])
  const common = ['DeleteOptions', 'Status', 'APIResourceList'].map((kind) => findSchema('', 'v1', kind))
  const scale = kinds.some((kind) => kind.subresources.includes('scale'))
    ? findSchema('autoscaling', 'v1', 'Scale')
    : undefined
  const nodes = [...roots, ...common, scale].filter((node): node is ObjectNode => node !== undefined)
  return {
    ...openApiComponents(nodes, options),
    'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': { type: 'object' },
  }
}

// k8s.io/kube-openapi/pkg/handler/handler.go
/**
 * GET /openapi/v2: the head of a document. Clients that find a kind in v3 do not look here; those that do not find it
 * there learn that it is not here either, instead of failing for want of a document.
 */
export const openApiV2: Handler = ({ headers }) => {
  const info = { title: 'Kubernetes', version: gitVersion }
  if (!(headers.accept ?? '').includes(protobufV2)) {
    return jsonAnswer(200, { swagger: '2.0', info, paths: {}, definitions: {} })
  }
  // github.com/google/gnostic openapiv2/OpenAPIv2.proto Document and Info
  const body = Buffer.concat([
    text(1, '2.0'),
    text(2, Buffer.concat([text(1, info.title), text(2, info.version)])),
    text(8, ''),
  ])
  return { code: 200, contentType: protobufV2.replace('@', '.'), body }
}

const protobufV2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/** A length-delimited protobuf field of less than 128 bytes. */
function text(field: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([(field << 3) | 2, bytes.length]), bytes])
}
