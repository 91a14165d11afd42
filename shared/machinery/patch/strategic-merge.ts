import { badRequest } from '../errors.ts'
import type { Field, SchemaNode } from '../schema/node.ts'
import {
  badElementOrder,
  badPrimitiveList,
  badRetainKeys,
  deleteListPrefix,
  elementOrderPrefix,
  goText,
  listOf,
  patchDirective,
  retainKeysDirective,
  unknownPatchType,
  unmergeable,
  withoutDirectives,
} from './directives.ts'
import { isObject, ownValue, setOwn, type Json } from './json-object.ts'
import { interleave, keyReader, mergeLists } from './list-merge.ts'

/**
 * Strategic merge of a patch into an object of the given kind (apimachinery/pkg/util/strategicpatch
 * StrategicMergeMapPatch). Takes both arguments over: they are changed. Throws a StatusError for a patch that makes no sense:
 * 400 for malformed directives, 500 for what upstream answers so (an element without its merge key, …).
 */
export function strategicMergePatch(node: SchemaNode, current: object, patch: unknown): Json {
  // Go's decoder takes null for a map without entries
  if (patch === null) return current as Json
  if (!isObject(patch)) {
    const shape = Array.isArray(patch) ? 'array' : typeof patch
    throw badRequest(`json: cannot unmarshal ${shape} into Go value of type map[string]interface {}`)
  }
  return mergeObjects(node, current as Json, patch)
}

/** Changes both arguments. */
function mergeObjects(node: SchemaNode | undefined, original: Json, patch: Json): Json {
  if (Object.hasOwn(patch, patchDirective)) {
    const directive = patch[patchDirective]
    if (directive !== 'replace' && directive !== 'delete') throw unknownPatchType(directive, patch)
    delete patch[patchDirective]
    return directive === 'replace' ? patch : {}
  }
  retainKeys(original, patch)
  for (const key of Object.keys(patch)) {
    if (key.startsWith(elementOrderPrefix)) setElementOrder(node, original, patch, key)
  }
  for (const key of Object.keys(patch)) {
    if (key.startsWith(deleteListPrefix))
      deleteFromList(original, listOf(key, deleteListPrefix, badPrimitiveList), patch[key])
    else mergeField(node, original, key, patch[key])
  }
  return original
}

function mergeField(node: SchemaNode | undefined, original: Json, key: string, given: unknown): void {
  const present = ownValue(original, key)
  if (given === null || given === undefined) delete original[key]
  else if (isObject(given) && isObject(present)) {
    const field = fieldOf(node, key)
    const merged = field?.patchStrategy.includes('replace') ? given : mergeObjects(field?.node, present, given)
    setOwn(original, key, merged)
  } else if (Array.isArray(given) && Array.isArray(present)) {
    setOwn(original, key, mergeListField(fieldOf(node, key), present, given))
  } else {
    const kept = withoutDirectives(given)
    if (kept === undefined) delete original[key]
    else setOwn(original, key, kept)
  }
}

function mergeListField(field: Lookup | undefined, original: unknown[], patch: unknown[]): unknown[] {
  if (!field?.patchStrategy.includes('merge')) return patch
  const element = field.node?.type === 'list' ? field.node.element : undefined
  return mergeLists(original, patch, field.patchMergeKey ?? '', (a, b) => mergeObjects(element, a, b))
}

type Lookup = Partial<Pick<Field, 'node' | 'patchMergeKey'>> & Pick<Field, 'patchStrategy'>

/** What the schema says about a key: a field's tags, or of a map its value type. */
function fieldOf(node: SchemaNode | undefined, key: string): Lookup | undefined {
  if (node?.type === 'object') return node.fields.get(key)
  return node?.type === 'map' ? { node: node.value, patchStrategy: [] } : undefined
}

// strategicpatch applyRetainKeysDirective
function retainKeys(original: Json, patch: Json): void {
  if (!Object.hasOwn(patch, retainKeysDirective)) return
  const list = patch[retainKeysDirective]
  delete patch[retainKeysDirective]
  if (!Array.isArray(list)) throw badRetainKeys()
  const retained = new Set<unknown>(list)
  for (const key of Object.keys(patch)) {
    const directive = key.startsWith(deleteListPrefix) || key.startsWith(elementOrderPrefix)
    if (patch[key] !== null && !directive && !retained.has(key)) throw badRetainKeys()
  }
  for (const key of Object.keys(original)) if (!retained.has(key)) delete original[key]
}

function deleteFromList(original: Json, key: string, given: unknown): void {
  const present = ownValue(original, key)
  if (given === null) delete original[key]
  if (!Array.isArray(given) || !Array.isArray(present)) return
  const unwanted = new Set<unknown>(given)
  setOwn(
    original,
    key,
    present.filter((item) => !unwanted.has(item)),
  )
}

/**
 * Merges a list together with the order the patch wants for it, and takes both out of the patch.
 * (strategicpatch mergePatchIntoOriginal)
 */
function setElementOrder(node: SchemaNode | undefined, original: Json, patch: Json, directive: string): void {
  const order: unknown = patch[directive]
  delete patch[directive]
  const key = listOf(directive, elementOrderPrefix, badElementOrder)
  const present = ownValue(original, key)
  const given = ownValue(patch, key)
  for (const list of [order, present, given]) {
    if (list !== undefined && !Array.isArray(list))
      throw unmergeable(`expected a []interface {}, but received a ${typeof list}`)
  }
  const field = fieldOf(node, key)
  if (!field)
    throw unmergeable(
      `unable to find api field in struct ${structName(node)} for the json field ${JSON.stringify(key)}`,
    )
  const mergeKey = field.patchMergeKey ?? ''
  const keyOf = keyReader(mergeKey)
  const wanted = order as unknown[]
  if (Array.isArray(given)) checkOrder(given, wanted, keyOf)
  let merged: unknown[]
  if (Array.isArray(present)) merged = Array.isArray(given) ? mergeListField(field, [...present], given) : present
  else if (Array.isArray(given)) merged = withoutDirectives(given) as unknown[]
  else return
  const ordered = new Set(wanted.map(keyOf))
  const server = Array.isArray(present) ? serverOrder(present, Array.isArray(given) ? given : [], mergeKey) : []
  setOwn(
    original,
    key,
    interleave(merged, (item) => ordered.has(keyOf(item)), wanted, server, keyOf),
  )
  delete patch[key]
}

/**
 * The order that the server is said to have. Elements that the patch brings take the places that the ones it deletes leave
 * at the end: in Go both lists are the same memory. (strategicpatch mergeSliceWithSpecialElements)
 */
function serverOrder(present: unknown[], patch: unknown[], mergeKey: string): unknown[] {
  if (mergeKey === '') return present
  const directives = patch.map((item) => (isObject(item) ? item[patchDirective] : undefined))
  if (!directives.includes('delete') || directives.includes('replace')) return present
  const keyOf = keyReader(mergeKey)
  const deleted = new Set(patch.filter((_, at) => directives[at] === 'delete').map(keyOf))
  const kept = present.filter((item) => !deleted.has(keyOf(item)))
  const known = new Set(kept.map(keyOf))
  const added = patch.filter((item, at) => directives[at] === undefined && !known.has(keyOf(item)))
  return [...kept, ...added].slice(0, present.length)
}

/** The patch's elements must be among the ordered ones, in that order. (strategicpatch validatePatchWithSetOrderList) */
function checkOrder(patch: unknown[], order: unknown[], keyOf: (item: unknown) => unknown): void {
  if (patch.length === 0 || order.length === 0) return
  const plain = patch.filter((item) => !(isObject(item) && Object.hasOwn(item, patchDirective)))
  let at = 0
  for (const wanted of order) {
    if (at < plain.length && keyOf(plain[at]) === keyOf(wanted)) at++
  }
  if (at === plain.length) return
  const lists = `The order in patch list:\n${goText(patch)}\n doesn't match ${elementOrderPrefix} list:\n${goText(order)}\n`
  throw unmergeable(lists)
}

function structName(node: SchemaNode | undefined): string {
  const type = node?.goType ?? ''
  return type.slice(type.indexOf('.') + 1)
}
