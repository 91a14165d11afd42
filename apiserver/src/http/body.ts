import type { IncomingMessage } from 'node:http'
import { schemaFor } from '@kubets/shared/api/schemas.ts'
import {
  badRequest,
  requestEntityTooLarge,
  StatusError,
  unsupportedMediaType,
} from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import { malformedBody, objectIn, type BodyFormat } from '@kubets/shared/machinery/schema/body.ts'
import { decodeObject, type Decoded, type FieldValidation } from '@kubets/shared/machinery/schema/decode.ts'
import { parsing, type Parsed } from '@kubets/shared/machinery/schema/json.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { parseProtobuf } from '@kubets/shared/machinery/schema/protobuf.ts'
import { inSteps, unhurried } from '@kubets/shared/machinery/slices.ts'
import type { RequestContext } from './context.ts'
import { answerTypes, mediaTypes } from './negotiate.ts'
import { readYaml } from './yaml.ts'

// staging/src/k8s.io/apiserver/pkg/server/config.go MaxRequestBodyBytes
const bodyLimit = 3 * 1024 * 1024

/** The whole body. Throws 413 as soon as it is over 3 MiB; the rest is not read. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  // a request that is left early stays open: its connection still carries the answer
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyLimit) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = () => requestEntityTooLarge(`limit is ${bodyLimit}`)

/** JSON unless said otherwise. Throws 415 for what is not spoken here. */
function bodyFormat(contentType: string | undefined): BodyFormat | 'protobuf' {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === '' || type === mediaTypes.json) return 'json'
  if (type === mediaTypes.yaml) return 'yaml'
  if (type === mediaTypes.protobuf) return 'protobuf'
  throw unsupportedMediaType(answerTypes)
}

/** The query's fieldValidation. Throws 400 for an unknown word. */
export function fieldValidation(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') || 'Warn'
  if (value === 'Ignore' || value === 'Warn' || value === 'Strict') return value
  throw badRequest(`fieldValidation: Unsupported value: ${quote(value)}: supported values: "Ignore", "Strict", "Warn"`)
}

/** The body as what the schema says, in whichever format it came. Rejects with 400 and 415. */
export async function decodeBytes(context: RequestContext, node: ObjectNode, body: Buffer): Promise<Decoded> {
  const { headers, query, clock } = context
  const format = bodyFormat(headers['content-type'])
  // apiextensions-apiserver/pkg/apiserver/customresource_handler.go: custom kinds have no protobuf
  if (node.structural && format === 'protobuf') throw unsupportedMediaType(answerTypes.slice(0, 2))
  const mode = fieldValidation(query)
  if (format === 'protobuf') {
    const value = await unhurried(() => protobufIn(node, body), clock)
    // protobuf has no names that could be unknown
    return unhurried(() => decodeObject(node, value, 'Ignore'), clock)
  }
  const { value, problems } = await parsedBody(context, node, body, format, mode !== 'Ignore')
  return unhurried(() => decodeObject(node, value, mode, problems), clock)
}

async function parsedBody(
  { clock, signal }: RequestContext,
  node: ObjectNode,
  body: Buffer,
  format: BodyFormat,
  findDuplicates: boolean,
): Promise<Parsed> {
  const text = body.toString('utf8')
  try {
    if (format === 'yaml') return objectIn(await readYaml(text, findDuplicates, clock, signal))
    return objectIn(await inSteps(parsing(text, findDuplicates), clock))
  } catch (error) {
    throw signal.aborted || error instanceof StatusError ? error : malformedBody(node, body, format, error)
  }
}

function protobufIn(node: ObjectNode, body: Buffer): unknown {
  try {
    return parseProtobuf(node, body)
  } catch (error) {
    if (error instanceof StatusError) throw error
    throw badRequest(`the object provided is unrecognized: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The body as an object of this group, version and kind; unknown fields are dropped, warned about, or refused. */
export async function bodyObject(
  context: RequestContext,
  group: string,
  version: string,
  kind: string,
  node: ObjectNode = schemaFor(group, version, kind),
): Promise<KubeObject> {
  const { object, problems } = await decodeBytes(context, node, await context.body())
  context.warnings.push(...problems)
  const decoded = object as unknown as KubeObject
  checkGroupVersionKind(decoded, group === '' ? version : `${group}/${version}`, kind)
  return decoded
}

/** Sets what the body left out. Throws 400 when it says it is something else than the path says. */
// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/create.go, update.go: the checks after decoding
export function checkGroupVersionKind(object: KubeObject, apiVersion: string, kind: string): void {
  object.apiVersion ||= apiVersion
  object.kind ||= kind
  if (object.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`,
    )
  }
  if (object.kind !== kind) {
    throw badRequest(
      `${object.kind} in version ${quote(apiVersion.split('/').at(-1) ?? '')} cannot be handled as a ${kind}: ` +
        `the kind in the data does not match the path`,
    )
  }
  object.metadata ??= {}
}
