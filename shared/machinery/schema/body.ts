import { badRequest, type StatusError } from '../errors.ts'
import { decodeObject, type Decoded, type FieldValidation } from './decode.ts'
import { parseJson, type Parsed } from './json.ts'
import type { ObjectNode } from './node.ts'
import { parseYaml } from './yaml.ts'

export type BodyFormat = 'json' | 'yaml'

/**
 * A request's body as an object of the given kind. `problems` (unknown and repeated fields) are for Warning headers.
 * Throws a 400 StatusError for a malformed body, a wrong type, and on any problem when the mode is Strict.
 */
export function decodeBody(node: ObjectNode, body: Uint8Array, format: BodyFormat, mode: FieldValidation): Decoded {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  let parsed: Parsed
  try {
    parsed = objectIn((format === 'json' ? parseJson : parseYaml)(buffer.toString('utf8'), mode !== 'Ignore'))
  } catch (error) {
    throw malformedBody(node, buffer, format, error)
  }
  return decodeObject(node, parsed.value, mode, parsed.problems)
}

/** What was parsed, when it is a map. Throws an Error for any other value. */
export function objectIn(parsed: Parsed): Parsed {
  const { value } = parsed
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parsed
  const given = Array.isArray(value) ? 'array' : typeof value
  throw new Error(`json: cannot unmarshal ${given} into Go value of type struct`)
}

/** The 400 for a body whose text cannot be read, for the reason that parsing gave. */
// apiserver/pkg/endpoints/handlers/rest.go transformDecodeError, summarizeData
export function malformedBody(node: ObjectNode, body: Buffer, format: BodyFormat, error: unknown): StatusError {
  const reason = error instanceof Error ? error.message : String(error)
  const kind = node.goType.slice(node.goType.indexOf('.') + 1)
  const problem =
    format === 'json'
      ? `couldn't get version/kind; json parse error: ${reason}`
      : `error converting YAML to JSON: ${reason}`
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem} (${summary(body)})`)
}

function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>'
  const head = body.subarray(0, 30).toString(body[0] === 0x7b ? 'utf8' : 'hex')
  return body.length > 30 ? `${head} ...` : head
}
