import type { Answer } from './answer.ts'
import { mediaTypes, type Form } from './negotiate.ts'
import { yamlText } from './yaml-text.ts'

const newline = Buffer.from('\n')

/** A value as JSON or YAML. */
export const textForm = (form: Form, value: object): Answer => rendered(form, 200, Buffer.from(JSON.stringify(value)))

/** JSON text in the form asked for: as it is, indented, or as YAML. */
export function rendered({ format, pretty }: Form, code: number, json: Buffer): Answer {
  if (format === 'yaml') {
    const text = yamlText(JSON.parse(json.toString()))
    return { code, contentType: mediaTypes.yaml, body: Buffer.from(text) }
  }
  const body = pretty
    ? Buffer.from(JSON.stringify(JSON.parse(json.toString()), null, 2))
    : json.at(-1) === newline[0]
      ? json // a long list is not copied once more
      : Buffer.concat([json, newline])
  return { code, contentType: mediaTypes.json, body }
}
