import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format } from 'prettier'
import type { GroupVersionFacts } from '../facts/format.ts'
import { emitResources } from './emit-resources.ts'
import { emitTypes } from './emit-types.ts'
import { factsOf } from './facts-from-go.ts'
import { parseGo } from './go-source.ts'
import { handWritten, oldPackages, packages } from './packages.ts'
import { parseProto } from './proto-source.ts'

/**
 * Everything generated from the Go sources under `goRoot` (the folder that holds `k8s.io/`): file path
 * relative to shared/ → text. Hand-written facts are read from `factsFolder`.
 */
export async function generate(goRoot: string, factsFolder: string): Promise<Map<string, string>> {
  const facts = new Map<string, GroupVersionFacts>()
  for (const { short, path, group } of [...packages, ...oldPackages]) {
    const folder = join(goRoot, path)
    const sources = (await readdir(folder)).filter((name) => /^(types\w*|watch|group_version)\.go$/.test(name))
    const texts = sources.filter((name) => !/_test\.go$|swagger_doc/.test(name)).sort()
    const files = await Promise.all(texts.map(async (name) => parseGo(await readFile(join(folder, name), 'utf8'))))
    const protoName = (await readdir(folder)).find((name) => name === 'generated.proto')
    const proto = parseProto(protoName ? await readFile(join(folder, protoName), 'utf8') : '')
    facts.set(short, factsOf({ path, group, version: path.split('/').at(-1) ?? '', files, proto }))
  }
  const output = new Map<string, string>()
  for (const { short } of oldPackages) {
    const old = facts.get(short)
    if (old) output.set(`api/facts/${short.replace('/', '-')}.json`, await pretty(factsText(old), 'json'))
    facts.delete(short)
  }
  for (const short of handWritten) {
    const text = await readFile(join(factsFolder, `${short.replace('/', '-')}.json`), 'utf8')
    facts.set(short, JSON.parse(text) as GroupVersionFacts)
  }
  for (const [short, group] of facts) {
    const name = short.replace('/', '-')
    if (!handWritten.includes(short)) output.set(`api/facts/${name}.json`, await pretty(factsText(group), 'json'))
    const types = short === 'meta/v1' ? 'machinery/meta-v1.gen.ts' : `api/types/${name}.ts`
    output.set(types, await pretty(emitTypes(short, facts), 'typescript'))
  }
  output.set('api/resources.gen.ts', await pretty(emitResources(facts), 'typescript'))
  return output
}

/** JSON with one type's field a line: small enough to check in, and a diff that reads. */
function factsText(facts: GroupVersionFacts): string {
  const types = Object.entries(facts.types).map(([name, type]) => {
    if (!type.fields || type.fields.length === 0) return `    ${JSON.stringify(name)}: ${JSON.stringify(type)}`
    const lines = type.fields.map((field) => `        ${JSON.stringify(field)}`)
    return `    ${JSON.stringify(name)}: {\n${type.atomic ? '"atomic": true,' : ''}"fields": [\n${lines.join(',\n')}\n      ]\n    }`
  })
  const kinds = facts.kinds.map((kind) => `    ${JSON.stringify(kind)}`)
  const head = ['group', 'version', 'package'] as const
  const header = head.map((key) => `  ${JSON.stringify(key)}: ${JSON.stringify(facts[key])},\n`).join('')
  const kindText = kinds.length > 0 ? `[\n${kinds.join(',\n')}\n  ]` : '[]'
  return `{\n${header}  "kinds": ${kindText},\n  "types": {\n${types.join(',\n')}\n  }\n}\n`
}

async function pretty(text: string, parser: 'typescript' | 'json'): Promise<string> {
  return format(text, { parser, semi: false, singleQuote: true, printWidth: 120, trailingComma: 'all' })
}
