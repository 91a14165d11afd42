import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { printedScale } from '@kubets/shared/api/kinds/autoscaling/scales/columns.ts'
import { findKind } from '@kubets/shared/api/kinds/index.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { notTransformable, type StatusError } from '@kubets/shared/machinery/errors.ts'
import { apiVersionOf } from '@kubets/shared/machinery/object.ts'
import { inSlices, joinInSlices } from '@kubets/shared/machinery/slices.ts'
import type { Encoded, ListResult } from '../registry/types.ts'
import { statusAnswer, type Answer } from './answer.ts'
import type { RequestContext } from './context.ts'
import { renderedList, type ListShape } from './list-text.ts'
import { mediaTypes, negotiate, type Form } from './negotiate.ts'
import {
  listDocument,
  objectDocument,
  objectMessage,
  partialDocument,
  partialListDocument,
  partialMessage,
  valueDocument,
} from './protobuf.ts'
import { rendered } from './text-form.ts'
import { includeObject, partialMetadata, partialMetadataShape, table, tableShape, type ListHead } from './table.ts'

/** The form that the client takes. Throws 406. Without `transformable`, there is none but the thing as it is. */
export const formOf = (context: RequestContext, transformable: boolean): Form =>
  negotiate(context.headers.accept, context.query, context.headers['user-agent'], {
    transformable,
    protobuf: hasProtobuf(context),
  })

/** Custom kinds have no protobuf form. */
const hasProtobuf = ({ info }: RequestContext): boolean =>
  !info.isResourceRequest || findKind(info.apiGroup, info.apiVersion, info.resource) !== undefined

/** One stored object in the form asked for. */
export function objectAnswer(context: RequestContext, clock: Clock, kind: Kind, encoded: Encoded, code = 200): Answer {
  const form = formOf(context, true)
  const version = form.metaVersion ?? 'v1'
  switch (form.transform) {
    case 'Table': {
      const options = { include: includeObject(context.query), version, now: clock.now() }
      const isScale = context.info.subresource === 'scale' && kind.schema === undefined
      return rendered(form, code, table(isScale ? printedScale : kind, encoded, options))
    }
    case 'PartialObjectMetadata':
      if (form.format === 'protobuf') return protobufAnswer(code, partialDocument(encoded, version))
      return rendered(form, code, partialMetadata(encoded, version))
    case 'PartialObjectMetadataList':
      throw notTransformable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(kind, kind.kind)})`,
      )
    default:
      if (form.format === 'protobuf') return protobufAnswer(code, objectDocument(encoded))
      return rendered(form, code, encoded.json)
  }
}

/** A list in the form asked for, joined from the bytes of its items; those that are not known yet are made in slices. */
export async function listAnswer(context: RequestContext, clock: Clock, kind: Kind, list: ListResult): Promise<Answer> {
  const { signal } = context
  const form = formOf(context, true)
  const version = form.metaVersion ?? 'v1'
  const head = {
    resourceVersion: list.resourceVersion,
    ...(list.continue === undefined ? {} : { continue: list.continue }),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  }
  const rendered = (shape: ListShape): Promise<Answer> => renderedList(form, shape, list.items, clock, signal)
  const joined = async (parts: readonly Buffer[]): Promise<Answer> =>
    protobufAnswer(200, await joinInSlices(parts, clock, signal))
  switch (form.transform) {
    case 'Table': {
      const options = { include: includeObject(context.query), version, now: clock.now() }
      return rendered(tableShape(kind, head, options))
    }
    case 'PartialObjectMetadata':
      throw notTransformable(
        `you requested PartialObjectMetadata, but the requested object is a list (${goType(kind, kind.listKind)})`,
      )
    case 'PartialObjectMetadataList': {
      if (form.format !== 'protobuf') return rendered(partialMetadataShape(head, version))
      const items = await inSlices(list.items, partialMessage, clock, signal)
      return joined(partialListDocument(items, head, version))
    }
    default: {
      if (form.format !== 'protobuf') return rendered(listShape(kind, head))
      const items = await inSlices(list.items, objectMessage, clock, signal)
      return joined(listDocument(apiVersionOf(kind), kind.listKind, items, head))
    }
  }
}

const listShape = (kind: Kind, metadata: ListHead): ListShape => ({
  head: { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata },
  field: 'items',
  item: ({ json }) => json,
})

/** As Go prints the type of an object of the kind's internal version. */
const goType = ({ group }: Kind, name: string): string => `*${group.split('.')[0] || 'core'}.${name}`

// apiserver/pkg/endpoints/handlers/rest.go RequestScope.AllowsMediaTypeTransform
/**
 * A value made for this answer alone. What has no table of its own (a review, a binding) takes no transform: 406. The
 * Status of a delete is `transformable`, as its object would be: it stays what it is, whatever was asked for.
 */
export function valueAnswer(context: RequestContext, value: object, code = 200, transformable = false): Answer {
  const form = formOf(context, transformable)
  if (form.format === 'protobuf') return protobufAnswer(code, valueDocument(value))
  return rendered(form, code, Buffer.from(JSON.stringify(value)))
}

// apiserver/pkg/endpoints/handlers/responsewriters/writers.go ErrorNegotiated
/** The Status of an error in the form that the client takes; in JSON when it takes none. */
export function errorAnswer(error: StatusError, accept: string | undefined): Answer {
  const answer = statusAnswer(error)
  const offer = { transformable: false, protobuf: true }
  try {
    const form = negotiate(accept, new URLSearchParams(), undefined, offer)
    if (form.format === 'json') return answer
    const body =
      form.format === 'protobuf'
        ? protobufAnswer(error.code, valueDocument(error.status))
        : rendered(form, error.code, Buffer.from(JSON.stringify(error.status)))
    return { ...answer, ...body }
  } catch {
    return answer
  }
}

function protobufAnswer(code: number, body: Buffer): Answer {
  return { code, contentType: mediaTypes.protobuf, body }
}

// apiserver/pkg/endpoints/handlers/responsewriters/writers.go negotiateContentEncoding, defaultGzipThresholdBytes
const gzipThreshold = 128 * 1024
const compress = promisify(gzip)

/** The answer in gzip when it is large and the client takes it. */
export async function compressed(answer: Answer, acceptEncoding: string | string[] | undefined): Promise<Answer> {
  const takesGzip = String(acceptEncoding ?? '')
    .split(',')
    .some((token) => token.trim() === 'gzip')
  if (answer.body.length <= gzipThreshold || !takesGzip) return answer
  const headers = { ...answer.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }
  return { ...answer, body: await compress(answer.body, { level: 1 }), headers }
}
