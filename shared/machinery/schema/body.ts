import { badRequest } from '../errors.ts'
import { decodeObject, type Decoded, type FieldValidation } from './decode.ts'
import { parseJson, type Parsed } from './json.ts'
import type { ObjectNode } from './node.ts'
import { parseYaml } from './yaml.ts'

/**
 * A request's body as an object of the given kind. `problems` (unknown and repeated fields) are for Warning headers.
 * Throws a 400 StatusError for a malformed body, a wrong type, and on any problem when the mode is Strict.
 */
export function decodeBody(
  node: ObjectNode,
  body: Uint8Array,
  format: 'json' | 'yaml',
  mode: FieldValidation,
): Decoded {
  const parsed = parseBody(node, body, format, mode !== 'Ignore')
  return decodeObject(node, parsed.value, mode, parsed.problems)
}

// apiserver/pkg/endpoints/handlers/rest.go transformDecodeError, summarizeData
function parseBody(node: ObjectNode, body: Uint8Array, format: 'json' | 'yaml', findDuplicates: boolean): Parsed {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  try {
    const text = buffer.toString('utf8')
    const parsed = format === 'json' ? parseJson(text, findDuplicates) : parseYaml(text, findDuplicates)
    if (typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value)) return parsed
    throw new Error(
      `json: cannot unmarshal ${Array.isArray(parsed.value) ? 'array' : typeof parsed.value} into Go value of type struct`,
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const kind = node.goType.slice(node.goType.indexOf('.') + 1)
    const problem =
      format === 'json'
        ? `couldn't get version/kind; json parse error: ${reason}`
        : `error converting YAML to JSON: ${reason}`
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem} (${summary(buffer)})`)
  }
}

function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>'
  const head = body.subarray(0, 30).toString(body[0] === 0x7b ? 'utf8' : 'hex')
  return body.length > 30 ? `${head} ...` : head
}
