import { generatedHeader, type AllFacts } from './emit-types.ts'

/** Group-versions whose kinds keep the bare name when several have the same plural. */
const preferred = ['core/v1', 'autoscaling/v2']

/** One `ResourceRef` constant a kind, for clients. */
export function emitResources(all: AllFacts): string {
  const order = [...all.keys()].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
  const taken = new Set<string>()
  const imports: string[] = []
  const constants: string[] = []
  for (const short of order) {
    const facts = all.get(short)
    if (!facts || facts.kinds.length === 0) continue
    const names: string[] = []
    for (const kind of facts.kinds) {
      const bare = camelPlural(kind.kind, kind.plural)
      const [group, version] = short.split('/') as [string, string]
      const sameGroup = preferred.some((other) => other !== short && other.startsWith(`${group}/`))
      const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
      const constant = taken.has(bare) ? bare + upper(sameGroup ? version : group) : bare
      taken.add(constant)
      const type = constant === bare ? kind.kind : kind.kind + upper(sameGroup ? version : group)
      names.push(type === kind.kind ? type : `${kind.kind} as ${type}`)
      const ref = { group: facts.group, version: facts.version, plural: kind.plural, kind: kind.kind }
      constants.push(
        `export const ${constant}: ResourceRef<${type}> = ${JSON.stringify({ ...ref, namespaced: kind.namespaced })}\n`,
      )
    }
    imports.push(`import type { ${names.join(', ')} } from './types/${short.replace('/', '-')}.ts'\n`)
  }
  const ref = "import type { ResourceRef } from '../machinery/object.ts'\n"
  return `${generatedHeader}${ref}${imports.join('')}\n${constants.join('')}`
}

function rank(short: string): number {
  const at = preferred.indexOf(short)
  return at < 0 ? preferred.length : at
}

/** `NetworkPolicy`, `networkpolicies` → `networkPolicies`; a leading acronym is lowered whole (`csiDrivers`). */
function camelPlural(kind: string, plural: string): string {
  const acronym = /^[A-Z]+(?=[A-Z][a-z]|$)/.exec(kind)?.[0] ?? kind.charAt(0)
  const lowered = acronym.toLowerCase() + kind.slice(acronym.length)
  let common = 0
  while (common < kind.length && plural.charAt(common) === kind.charAt(common).toLowerCase()) common++
  return lowered.slice(0, common) + plural.slice(common)
}
