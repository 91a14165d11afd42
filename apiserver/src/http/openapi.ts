import { createHash } from 'node:crypto'
import { findSchema } from '@kubets/shared/api/schemas.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { openApiComponents } from '@kubets/shared/machinery/schema/openapi.ts'
import { jsonAnswer, pageNotFound, type Answer } from './answer.ts'
import type { Handler } from './context.ts'
import { groups } from './discovery.ts'
import { pathsOf } from './openapi-paths.ts'
import { gitVersion } from './version.ts'

interface Document {
  answer: Answer
  hash: string
}

const documents = new Map<string, Document>()

/** "api/v1" or "apis/GROUP/VERSION", with the kinds of each. */
const places: ReadonlyMap<string, readonly Kind[]> = new Map(
  [...groups].flatMap(([group, versions]) =>
    versions.map(
      ({ version, kinds }) => [group === '' ? `api/${version}` : `apis/${group}/${version}`, kinds] as const,
    ),
  ),
)

// k8s.io/kube-openapi/pkg/handler3/handler.go
/** GET /openapi/v3 */
export const openApiIndex: Handler = () => {
  const paths: Record<string, { serverRelativeURL: string }> = {}
  for (const place of places.keys()) {
    paths[place] = { serverRelativeURL: `/openapi/v3/${place}?hash=${documentOf(place)?.hash ?? ''}` }
  }
  return jsonAnswer(200, { paths })
}

/** GET /openapi/v3/apis/GROUP/VERSION */
export const openApiDocument: Handler = ({ path, query, headers }) => {
  const document = documentOf(path.slice('/openapi/v3/'.length))
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

function documentOf(place: string): Document | undefined {
  const known = documents.get(place)
  if (known !== undefined) return known
  const kinds = places.get(place)
  if (kinds === undefined) return undefined
  const answer = jsonAnswer(200, {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: gitVersion },
    paths: pathsOf(kinds),
    components: { schemas: componentsOf(kinds) },
  })
  const hash = createHash('sha512').update(answer.body).digest('hex').toUpperCase()
  const document = { answer, hash }
  documents.set(place, document)
  return document
}

function componentsOf(kinds: readonly Kind[]): Record<string, unknown> {
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
    ...openApiComponents(nodes),
    'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': { type: 'object' },
  }
}

/** The older document is made for nobody: current clients take v3. */
export const openApiV2: Handler = () => pageNotFound()
