import { noMergeKey, patchDirective, unknownPatchType, unmergeable, goText } from './directives.ts'
import { isObject, type Json } from './json-object.ts'

/** How one element of a list of objects is merged with the patch's element of the same key. */
export type MergeElement = (original: Json, patch: Json) => Json

/**
 * Merges two lists of a field whose strategy is merge. Elements are matched by `mergeKey`, scalars by value.
 * The patch's elements take the patch's order. (strategicpatch mergeSlice)
 */
export function mergeLists(original: unknown[], patch: unknown[], mergeKey: string, merge: MergeElement): unknown[] {
  if (original.length === 0 && patch.length === 0) return original
  if (!holdsObjects(original, patch)) {
    const wanted = new Set(patch)
    const all = [...new Set([...original, ...patch])]
    return interleave(
      all,
      (item) => wanted.has(item),
      patch,
      original,
      (item) => item,
    )
  }
  if (mergeKey === '') throw unmergeable('cannot merge lists without merge key')
  const keyOf = keyReader(mergeKey)
  const { kept, additions } = applyElementDirectives(original as Json[], patch as Json[], mergeKey)
  const before = [...kept]
  for (const element of additions) {
    const key = keyOf(element)
    const at = kept.findIndex((other) => other[mergeKey] === key)
    const present = kept[at]
    if (present) kept[at] = merge(present, element)
    else kept.push(element)
  }
  const wanted = new Set(additions.map(keyOf))
  return interleave(kept, (item) => wanted.has(keyOf(item)), additions, before, keyOf)
}

/** Are the elements objects? Throws where they are mixed or lists themselves. (strategicpatch sliceElementType) */
export function holdsObjects(...lists: unknown[][]): boolean {
  let kind: string | undefined
  for (const item of lists.flat(1)) {
    if (Array.isArray(item)) throw unmergeable('lists of lists are not supported')
    const own = isObject(item) ? 'object' : typeof item
    if (kind !== undefined && kind !== own) {
      throw unmergeable(`list element types are not identical: ${goText(lists.flat(1))}`)
    }
    kind = own
  }
  return kind === 'object'
}

/** Reads an element's merge key; throws where it has none. */
export function keyReader(mergeKey: string): (item: unknown) => unknown {
  if (mergeKey === '') return (item) => item
  return (item) => {
    if (!isObject(item)) throw unmergeable(`expected a map[string]interface {}, but received a ${typeof item}`)
    if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey)
    return item[mergeKey]
  }
}

/**
 * Puts the items of the patch in `patchOrder`, the others in `serverOrder`, and weaves the two together so that
 * both orders hold and, where both are known to the server, its order too. (strategicpatch normalizeElementOrder)
 */
export function interleave<T>(
  items: readonly T[],
  isPatched: (item: T) => boolean,
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  keyOf: (item: unknown) => unknown,
): T[] {
  const serverIndex = positions(serverOrder, keyOf)
  const patched = sortBy(items.filter(isPatched), positions(patchOrder, keyOf), keyOf)
  const others = sortBy(
    items.filter((item) => !isPatched(item)),
    serverIndex,
    keyOf,
  )
  const result: T[] = []
  let next = 0
  for (const item of patched) {
    const own = serverIndex.get(keyOf(item))
    for (; next < others.length; next++) {
      const other = others[next] as T
      const index = serverIndex.get(keyOf(other))
      if (own === undefined || index === undefined || index > own) break
      result.push(other)
    }
    result.push(item)
  }
  return [...result, ...others.slice(next)]
}

function positions(list: readonly unknown[], keyOf: (item: unknown) => unknown): Map<unknown, number> {
  const index = new Map<unknown, number>()
  list.forEach((item, i) => {
    const key = keyOf(item)
    if (!index.has(key)) index.set(key, i)
  })
  return index
}

function sortBy<T>(items: T[], index: ReadonlyMap<unknown, number>, keyOf: (item: unknown) => unknown): T[] {
  const place = (item: T): number => index.get(keyOf(item)) ?? index.size
  return items.sort((a, b) => place(a) - place(b))
}

// strategicpatch mergeSliceWithSpecialElements
function applyElementDirectives(
  original: Json[],
  patch: Json[],
  mergeKey: string,
): { kept: Json[]; additions: Json[] } {
  const additions: Json[] = []
  let kept = original
  let replace = false
  for (const element of patch) {
    const directive = element[patchDirective]
    if (directive === undefined) additions.push(element)
    else if (directive === 'delete') {
      if (!Object.hasOwn(element, mergeKey)) throw noMergeKey(element, mergeKey)
      kept = kept.filter((other) => other[mergeKey] !== element[mergeKey])
    } else if (directive === 'replace') replace = true
    else if (directive === 'merge') throw unmergeable('merging lists cannot yet be specified in the patch')
    else throw unknownPatchType(directive, element)
  }
  return replace ? { kept: additions, additions: [] } : { kept, additions }
}
