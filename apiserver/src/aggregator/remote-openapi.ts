import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { isObject, type Json } from '@kubets/shared/machinery/patch/json-object.ts'

/** What of an OpenAPI v2 document goes into the one of the whole cluster. */
export interface RemoteSwagger {
  paths: Record<string, Json>
  definitions: Record<string, Json>
}

/**
 * The part of an aggregated API server's v2 document that is about its group: the paths below it, and the definitions
 * that these refer to. Throws an Error for what is no such document.
 */
// kube-openapi/pkg/aggregator/aggregator.go FilterSpecByPaths
export function ofGroup(document: unknown, group: string): RemoteSwagger {
  if (!isObject(document) || document['swagger'] !== '2.0') throw new Error('it is no OpenAPI v2 document')
  const all = objectsOf(document['paths'])
  const below = `/apis/${group}/`
  const paths = Object.fromEntries(Object.entries(all).filter(([path]) => path.startsWith(below)))
  const known = objectsOf(document['definitions'])
  const definitions: Record<string, Json> = {}
  const waiting = [...referencesIn(paths)]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = known[name]
    if (definition === undefined || Object.hasOwn(definitions, name)) continue
    definitions[name] = definition
    waiting.push(...referencesIn(definition))
  }
  return { paths, definitions }
}

const objectsOf = (value: unknown): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, Json] => isObject(entry[1])),
  )

const prefix = '#/definitions/'

function referencesIn(value: unknown): Set<string> {
  const found = new Set<string>()
  const text = JSON.stringify(value)
  for (const [, name] of text.matchAll(/"\$ref":"#\/definitions\/([^"\\]+)"/g)) if (name !== undefined) found.add(name)
  return found
}

/**
 * The same with names of its own for definitions that `known` has otherwise; those it has just so are left out. Paths
 * that are taken are left out too.
 */
// kube-openapi/pkg/aggregator/aggregator.go MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters
export function besides(
  { paths, definitions }: RemoteSwagger,
  known: { paths: ReadonlySet<string>; definition(name: string): Json | undefined },
): RemoteSwagger {
  const names = new Map<string, string>()
  const own: Record<string, Json> = {}
  for (const [name, definition] of Object.entries(definitions)) {
    let free = name
    let taken = known.definition(free)
    for (let number = 2; taken !== undefined && !deepEqual(taken, definition); number++) {
      free = `${name}_v${number}`
      taken = known.definition(free)
    }
    if (free !== name) names.set(name, free)
    if (taken === undefined) own[free] = definition
  }
  const free = Object.entries(paths).filter(([path]) => !known.paths.has(path))
  return {
    paths: Object.fromEntries(free.map(([path, item]) => [path, renamed(item, names) as Json])),
    definitions: Object.fromEntries(Object.entries(own).map(([name, one]) => [name, renamed(one, names) as Json])),
  }
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (names.size === 0) return value
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key !== '$ref' || typeof item !== 'string' || !item.startsWith(prefix)) return [key, renamed(item, names)]
      const name = item.slice(prefix.length)
      return [key, prefix + (names.get(name) ?? name)]
    }),
  )
}

/** The addresses in an aggregated API server's index of v3 documents that are about its group, by "apis/GROUP/VERSION". */
export function addressesOf(index: unknown, group: string): Record<string, string> {
  const paths = isObject(index) ? objectsOf(index['paths']) : {}
  return Object.fromEntries(
    Object.entries(paths).flatMap(([place, { serverRelativeURL: url }]) =>
      typeof url === 'string' && (place === `apis/${group}` || place.startsWith(`apis/${group}/`))
        ? [[place, url]]
        : [],
    ),
  )
}
