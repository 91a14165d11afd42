import { deepEqual } from '../deep.ts'
import type { ListNode, SchemaNode } from '../schema/node.ts'
import { fieldType, isAtomic, isUntyped, listOf, mapOf, shapeOf } from './atoms.ts'
import { isEmpty, nodeOf, none, setOf, type FieldSet } from './field-set.ts'
import { itemsByElement } from './list-items.ts'
import { fieldElement, type PathElement } from './path-element.ts'

/** What sets two values apart. No field is in more than one of the sets. */
export interface Comparison {
  readonly removed: FieldSet
  readonly modified: FieldSet
  readonly added: FieldSet
}

type Part = keyof Comparison
const parts: readonly Part[] = ['removed', 'modified', 'added']

/** Nodes of one place, where it differs. */
type Difference = Partial<Record<Part, FieldSet>>

/** Compares two values of one type. Throws an Error for list items that cannot be told apart by their keys. */
// structured-merge-diff/typed/compare.go
export function compare(node: SchemaNode, before: unknown, after: unknown): Comparison {
  const { removed = none, modified = none, added = none } = differenceAt(node, before, after) ?? {}
  return { removed, modified, added }
}

/** The comparison with each of its sets filtered. */
export function filtered({ removed, modified, added }: Comparison, filter: (set: FieldSet) => FieldSet): Comparison {
  return { removed: filter(removed), modified: filter(modified), added: filter(added) }
}

function differenceAt(node: SchemaNode | undefined, before: unknown, after: unknown): Difference | undefined {
  if (before === after) return undefined
  if (before === undefined) return { added: everything(node, after) }
  if (after === undefined) return { removed: everything(node, before) }
  const shape = shapeOf(node, after)
  if (shapeOf(node, before) !== shape) return otherShape(node, before, after)
  if (isAtomic(node, shape)) return deepEqual(before, after) ? undefined : { modified: none }
  if (shape === 'map') return mapDifference(node, before, after)
  return listDifference(node as ListNode, before, after)
}

/** Something the schema says nothing about became something else. */
function otherShape(node: SchemaNode | undefined, before: unknown, after: unknown): Difference {
  const difference: Difference = { modified: none }
  if (shapeOf(node, before) === 'map') add(difference, 'removed', mapDifference(node, before, {})?.removed)
  if (shapeOf(node, after) === 'map') add(difference, 'added', mapDifference(node, {}, after)?.added)
  return difference
}

function add(difference: Difference, part: Part, node: FieldSet | undefined): void {
  if (node !== undefined && !isEmpty(node)) difference[part] = node
}

type Entries = Partial<Record<Part, Record<PathElement, FieldSet>>>

function collect(entries: Entries, element: PathElement, difference: Difference | undefined): void {
  if (difference === undefined) return
  for (const part of parts) {
    const node = difference[part]
    if (node !== undefined) (entries[part] ??= {})[element] = node
  }
}

function differenceOf(entries: Entries): Difference | undefined {
  let difference: Difference | undefined
  for (const part of parts) {
    const found = entries[part]
    if (found !== undefined) (difference ??= {})[part] = setOf(found)
  }
  return difference
}

function mapDifference(node: SchemaNode | undefined, before: unknown, after: unknown): Difference | undefined {
  const [left, right] = [mapOf(before), mapOf(after)]
  const entries: Entries = {}
  let any = false
  for (const key in left) {
    if (left[key] === undefined) continue
    any = true
    const other = Object.hasOwn(right, key) ? right[key] : undefined
    collect(entries, fieldElement(key), differenceAt(fieldType(node, key), left[key], other))
  }
  for (const key in right) {
    if (right[key] === undefined) continue
    any = true
    if (Object.hasOwn(left, key) && left[key] !== undefined) continue
    collect(entries, fieldElement(key), { added: everything(fieldType(node, key), right[key]) })
  }
  // null and empty are told apart, as one leaf
  if (!any) return deepEqual(before, after) ? undefined : { modified: none }
  return differenceOf(entries)
}

function listDifference(node: ListNode, before: unknown, after: unknown): Difference | undefined {
  if (deepEqual(before, after)) return undefined
  const [left, right] = [itemsByElement(node, listOf(before)), itemsByElement(node, listOf(after))]
  if (left.size === 0 && right.size === 0) return { modified: none }
  const entries: Entries = {}
  for (const element of new Set([...left.keys(), ...right.keys()]))
    collect(entries, element, itemDifference(node.element, left.get(element) ?? [], right.get(element) ?? []))
  return differenceOf(entries)
}

/** Items that share their keys are one leaf together. */
function itemDifference(node: SchemaNode, left: readonly unknown[], right: readonly unknown[]): Difference | undefined {
  if (left.length <= 1 && right.length <= 1) return differenceAt(node, left[0], right[0])
  if (left.length >= 2 && right.length >= 2) return deepEqual(left, right) ? undefined : { modified: none }
  if (left.length >= 2) {
    return { removed: none, ...(right.length === 0 ? {} : { added: everything(node, right[0]) }) }
  }
  return { added: none, ...(left.length === 0 ? {} : { removed: everything(node, left[0]) }) }
}

/** A value that is there on one side only: it and all in it. */
function everything(node: SchemaNode | undefined, value: unknown): FieldSet {
  const shape = shapeOf(node, value)
  if (isAtomic(node, shape)) return none
  const entries: Record<PathElement, FieldSet> = {}
  if (shape === 'map') {
    const map = mapOf(value)
    for (const key in map) {
      if (map[key] !== undefined) entries[fieldElement(key)] = everything(fieldType(node, key), map[key])
    }
  } else {
    const list = node as ListNode
    for (const [element, items] of itemsByElement(list, listOf(value)))
      entries[element] = items.length > 1 ? none : everything(list.element, items[0])
  }
  return nodeOf(true, setOf(entries)) ?? none
}

/** The fields that a value sets: what a manager owns that applies it. */
// structured-merge-diff/typed/tofieldset.go
export function fieldsOf(node: SchemaNode, value: unknown): FieldSet {
  return fieldsAt(node, value) ?? none
}

/** The fields below a place; undefined: the place itself is one. */
function fieldsAt(node: SchemaNode | undefined, value: unknown): FieldSet | undefined {
  const shape = shapeOf(node, value)
  if (isAtomic(node, shape)) return undefined
  const entries: Record<PathElement, FieldSet> = {}
  if (shape === 'map') {
    const map = mapOf(value)
    for (const key in map) {
      const item = map[key]
      if (item === undefined) continue
      const below = fieldsAt(fieldType(node, key), item)
      const member = below === undefined || item === null || isEmptyMap(item) || !isDeclared(node, key)
      const entry = nodeOf(member, below)
      if (entry !== undefined) entries[fieldElement(key)] = entry
    }
  } else {
    const list = node as ListNode
    for (const [element, items] of itemsByElement(list, listOf(value)))
      entries[element] = nodeOf(true, items.length > 1 ? none : fieldsAt(list.element, items[0])) ?? none
  }
  return setOf(entries)
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}

function isDeclared(node: SchemaNode | undefined, key: string): boolean {
  return !isUntyped(node) && node?.type === 'object' && node.fields.has(key)
}
