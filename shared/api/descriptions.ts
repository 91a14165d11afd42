import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Looks up what upstream says about a component (`io.k8s.api.core.v1.Pod`) or one of its fields. */
export type Describe = (component: string, field?: string) => string | undefined

interface ModelText {
  text?: string
  fields: Map<string, string>
}

const comment = String.raw`/\*\*\s*\n((?:\s*\*(?!/)[^\n]*\n)+)\s*\*/\s*`
const classPattern = new RegExp(`${comment}export declare class (\\w+)`)
const fieldPattern = new RegExp(`${comment}'(\\w+)'\\??:`, 'g')

/**
 * Field descriptions from the generated models of the npm package @kubernetes/client-node, which the API facts
 * leave out. Where that package is not installed, nothing has a description.
 */
export async function loadDescriptions(): Promise<Describe> {
  const folder = modelFolder()
  if (folder === undefined) return () => undefined
  const models = new Map<string, ModelText>()
  for (const file of await readdir(folder)) {
    if (file.endsWith('.d.ts')) addModel(models, await readFile(join(folder, file), 'utf8'))
  }
  return (component, field) => {
    const model = modelNames(component)
      .map((name) => models.get(name))
      .find((found) => found !== undefined)
    return field === undefined ? model?.text : model?.fields.get(plainName(field))
  }
}

function modelFolder(): string | undefined {
  try {
    const entry = import.meta.resolve('@kubernetes/client-node')
    return join(dirname(fileURLToPath(entry)), 'gen/models')
  } catch {
    return undefined
  }
}

function addModel(models: Map<string, ModelText>, source: string): void {
  const name = /export declare class (\w+)/.exec(source)?.[1]
  if (name === undefined) return
  const fields = new Map<string, string>()
  for (const [, text = '', field = ''] of source.matchAll(fieldPattern)) fields.set(plainName(field), plainText(text))
  const text = classPattern.exec(source)?.[1]
  models.set(name, { ...(text === undefined ? {} : { text: plainText(text) }), fields })
}

function plainText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replace(/\\(["'])/g, '$1') // the generator escapes quotes, in comments too
    .trim()
}

/** The generator changes names that are no identifiers: `$ref` → `ref`, `default` → `_default`. */
function plainName(field: string): string {
  return field.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase()
}

/** Names the generator may have given a component: the group comes in front where two have the same kind. */
function modelNames(component: string): string[] {
  const parts = component.split('.')
  const upper = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
  const [group = '', version = '', kind = ''] = parts.slice(-3)
  return [`${upper(group)}${upper(version)}${kind}`, `${upper(version)}${kind}`]
}
