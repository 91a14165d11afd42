import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { badRequest } from '@kubets/shared/machinery/errors.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import { stringify } from 'yaml'
import type { Encoded, ListResult } from '../registry/types.ts'
import type { Answer } from './answer.ts'
import type { RequestContext } from './context.ts'
import { joinItems } from './join.ts'
import { negotiate, type Form } from './negotiate.ts'
import { includeObject, partialMetadata, partialMetadataList, table } from './table.ts'

const newline = Buffer.from('\n')

export const formOf = (context: RequestContext, transformable: boolean): Form =>
  negotiate(context.headers.accept, context.query, context.headers['user-agent'], transformable)

/** One stored object in the form asked for. */
export function objectAnswer(context: RequestContext, clock: Clock, kind: Kind, encoded: Encoded, code = 200): Answer {
  const form = formOf(context, true)
  switch (form.transform) {
    case 'Table': {
      const head = { resourceVersion: encoded.resourceVersion }
      return rendered(form, code, table(kind, [encoded], head, includeObject(context.query), clock.now()))
    }
    case 'PartialObjectMetadata':
      return rendered(form, code, partialMetadata(encoded))
    case 'PartialObjectMetadataList':
      throw badRequest('you requested PartialObjectMetadataList, but the requested object is not a list')
    default:
      return rendered(form, code, encoded.json)
  }
}

/** A list in the form asked for, joined from the bytes of its items. */
export function listAnswer(context: RequestContext, clock: Clock, kind: Kind, list: ListResult): Answer {
  const form = formOf(context, true)
  const head = {
    resourceVersion: list.resourceVersion,
    ...(list.continue === undefined ? {} : { continue: list.continue }),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  }
  switch (form.transform) {
    case 'Table':
      return rendered(form, 200, table(kind, list.items, head, includeObject(context.query), clock.now()))
    case 'PartialObjectMetadata':
      throw badRequest('you requested PartialObjectMetadata, but the requested object is a list')
    case 'PartialObjectMetadataList':
      return rendered(form, 200, partialMetadataList(list.items, head))
    default: {
      const opening = `{"kind":"${kind.listKind}","apiVersion":"${apiVersionOf(kind)}","metadata":${JSON.stringify(head)},"items":[`
      return rendered(
        form,
        200,
        joinItems(
          opening,
          list.items.map(({ json }) => json),
          ']}',
        ),
      )
    }
  }
}

/** A value made for this answer alone. */
export function valueAnswer(context: RequestContext, value: unknown, code = 200): Answer {
  return rendered(formOf(context, false), code, Buffer.from(JSON.stringify(value)))
}

function rendered({ format, pretty }: Form, code: number, json: Buffer): Answer {
  if (format === 'yaml') {
    const text = stringify(JSON.parse(json.toString()), { lineWidth: 0, aliasDuplicateObjects: false })
    return { code, contentType: 'application/yaml', body: Buffer.from(text) }
  }
  const body = pretty
    ? Buffer.from(JSON.stringify(JSON.parse(json.toString()), null, 2))
    : Buffer.concat([json, newline])
  return { code, contentType: 'application/json', body }
}

// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go
const gzipThreshold = 128 * 1024
const compress = promisify(gzip)

/** The answer in gzip when it is large and the client takes it. */
export async function compressed(answer: Answer, acceptEncoding: string | string[] | undefined): Promise<Answer> {
  if (
    answer.body.length <= gzipThreshold ||
    !/\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(acceptEncoding ?? ''))
  ) {
    return answer
  }
  const headers = { ...answer.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }
  return { ...answer, body: await compress(answer.body, { level: 1 }), headers }
}
