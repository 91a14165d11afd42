import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deepEqual } from '../../machinery/deep.ts'
import { decodeBody } from '../../machinery/schema/body.ts'
import { decodeObject } from '../../machinery/schema/decode.ts'
import { parseProtobuf } from '../../machinery/schema/protobuf.ts'
import { protobufDocument, protobufMessage } from '../../machinery/schema/protobuf-encode.ts'
import { findSchema } from '../schemas.ts'

/** What decoding upstream's sample documents (one of each kind, every field set) came to. */
export interface SampleResult {
  compared: number
  /** Files whose document did not come back as it was, or was refused. */
  wrong: string[]
}

/**
 * Decodes the JSON, YAML and protobuf samples that the Go packages carry for their own round-trip tests, and writes the
 * protobuf ones again, byte for byte.
 */
export async function compareSamples(goRoot: string): Promise<SampleResult> {
  const result: SampleResult = { compared: 0, wrong: [] }
  for await (const path of glob('k8s.io/**/testdata/HEAD/*.{json,yaml,pb}', { cwd: goRoot })) {
    const body = await readFile(join(goRoot, path))
    const sample = JSON.parse(await readFile(join(goRoot, path.replace(/(yaml|pb)$/, 'json')), 'utf8')) as unknown
    const { apiVersion = '', kind = '' } = sample as { apiVersion?: string; kind?: string }
    const slash = apiVersion.indexOf('/')
    const node = findSchema(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1), kind)
    if (!node) continue
    result.compared++
    try {
      const { object } = path.endsWith('pb')
        ? decodeObject(node, parseProtobuf(node, body), 'Strict')
        : decodeBody(node, body, path.endsWith('yaml') ? 'yaml' : 'json', 'Strict')
      const expected = withoutNulls(sample)
      if (!deepEqual(object, expected)) result.wrong.push(path)
      // what null stood for is not in the bytes
      if (!path.endsWith('pb') || !deepEqual(sample, expected)) continue
      const written = protobufDocument(apiVersion, kind, [protobufMessage(node, object)])
      if (!written.equals(body)) result.wrong.push(`${path}: other bytes when written`)
    } catch (error) {
      result.wrong.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return result
}

/** Null entries, which Go keeps in maps of times, are absent here. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutNulls)
  const entries = Object.entries(value).filter(([, item]) => item !== null)
  const kept = entries.map(([key, item]) => [key, withoutNulls(item)] as const)
  return kept.length === 0 && entries.length < Object.keys(value).length ? undefined : Object.fromEntries(kept)
}
