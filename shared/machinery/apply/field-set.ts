import type { SchemaNode } from '../schema/node.ts'
import { typeAt } from './atoms.ts'
import { compareElements, printElement, readElement, type PathElement } from './path-element.ts'

/**
 * A set of fields in the very form FieldsV1 has in JSON: a tree of path elements. A field is in the set when its node is
 * empty, or has an entry ".". Sets are immutable, share parts with each other, and keep their entries in upstream's order.
 */
// structured-merge-diff/fieldpath/set.go Set, serialize.go
export interface FieldSet {
  readonly [element: PathElement]: FieldSet
}

type Building = Record<PathElement, FieldSet>

/** The set of nothing; as a node in a set: a field without fields of its own. */
export const none: FieldSet = Object.freeze({})

/** The entry that says that a field with fields below it is itself in the set. */
export const self = '.'

export function isEmpty(set: FieldSet): boolean {
  // looking into a large object costs as much as listing it
  if (set === none) return true
  if (set[self] !== undefined) return false
  for (const _ in set) return false
  return true
}

/** Is the field that this node stands for in the set? */
function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmpty(node)
}

/** A node: undefined when neither it nor anything below it (`children`, which has no entry ".") is in the set. */
export function nodeOf(member: boolean, children: FieldSet | undefined): FieldSet | undefined {
  if (children === undefined || isEmpty(children)) return member ? none : undefined
  if (!member) return children
  return { [self]: none, ...children }
}

/** A set of these entries, put in order. The node of an element that is undefined is left out. */
export function setOf(entries: Building): FieldSet {
  const elements = Object.keys(entries)
  let ordered = true
  for (let i = 1; ordered && i < elements.length; i++) ordered = inOrder(elements[i - 1] ?? '', elements[i] ?? '')
  if (ordered) return entries
  // most sets have fields alone, whose order is that of their texts
  if (elements.every((element) => element === self || element.startsWith('f:'))) elements.sort()
  else elements.sort((a, b) => (a === self ? -1 : b === self ? 1 : compareElements(a, b)))
  const set: Building = {}
  for (const element of elements) set[element] = entries[element] ?? none
  return set
}

function inOrder(a: PathElement, b: PathElement): boolean {
  return a === self || (b !== self && compareElements(a, b) < 0)
}

/** A set with these paths. */
export function setOfPaths(...paths: readonly (readonly PathElement[])[]): FieldSet {
  return paths.reduce<FieldSet>(
    (set, path) =>
      union(
        set,
        path.reduceRight((node, at) => ({ [at]: node }), none),
      ),
    none,
  )
}

/**
 * A set as a client or the store has it: elements that are not understood are dropped, as upstream does.
 * Throws an Error for what is no set.
 */
// structured-merge-diff/fieldpath/serialize.go FromJSON
export function readFieldSet(value: unknown): FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected an object')
  let changed = false
  const entries: Building = {}
  for (const [key, child] of Object.entries(value)) {
    if (key === self) {
      entries[self] = none
      continue
    }
    const element = readElement(key)
    if (element === undefined) {
      changed = true
      continue
    }
    const node = readFieldSet(child)
    const before = entries[element]
    entries[element] = before === undefined ? node : mergeNodes(before, node)
    if (element !== key || (node !== child && !isEmpty(child as FieldSet))) changed = true
  }
  const set = setOf(entries)
  // nothing but itself: a leaf
  if (Object.keys(set).every((element) => element === self)) return none
  return changed || set !== entries ? set : (value as FieldSet)
}

/** In `a` or in `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a
  if (isEmpty(a)) return b
  return mergeNodes(a, b)
}

function mergeNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  const [left, right] = [Object.keys(a), Object.keys(b)]
  if (left.length === 0) return withSelf(b, right)
  if (right.length === 0) return withSelf(a, left)
  let result: Building | undefined
  for (const element of right) {
    const [ours, theirs] = [a[element], b[element] ?? none]
    const node = ours === undefined ? theirs : mergeNodes(ours, theirs)
    if (node !== ours) (result ??= copyOf(a, left))[element] = node
  }
  return result === undefined ? a : setOf(result)
}

/** The node as a member of the set; `elements` are its keys. */
function withSelf(node: FieldSet, elements: readonly PathElement[]): FieldSet {
  if (elements.length === 0 || node[self] !== undefined) return node
  return copyOf(node, [self, ...elements])
}

/** A loop takes half the time of a spread where there are many. */
function copyOf(node: FieldSet, elements: readonly PathElement[]): Building {
  const copy: Building = {}
  for (const element of elements) copy[element] = node[element] ?? none
  return copy
}

/** In `a` and in `b`. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return intersect(a, b, false) ?? none
}

/** `member`: the place itself is in both. */
function intersect(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  if (a === b) return a
  const result: Building = member ? { [self]: none } : {}
  let empty = true
  for (const element of Object.keys(a)) {
    const [left, right] = [a[element], b[element]]
    if (left === undefined || right === undefined || element === self) continue
    const node = intersect(left, right, isMember(left) && isMember(right))
    if (node === undefined) continue
    result[element] = node
    empty = false
  }
  if (empty) return member ? none : undefined
  return result
}

/** In `a` and not in `b`; a field in `b` says nothing about the fields below it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false)
}

/** As difference, but a field in `b` takes what is below it along. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true)
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  const changes = changesBy(a, b, recursive)
  return changes === undefined ? a : (changed(a, changes, false) ?? none)
}

function subtractNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const inB = isMember(b)
  if (recursive && inB) return undefined
  const inA = isMember(a)
  const changes = changesBy(a, b, recursive)
  if (changes === undefined && !(inA && inB)) return a
  return changed(a, changes, inA && !inB)
}

type Changes = ReadonlyMap<PathElement, FieldSet | undefined>

/** What becomes of the nodes below `a` that are touched by `b`. */
function changesBy(a: FieldSet, b: FieldSet, recursive: boolean): Changes | undefined {
  let changes: Map<PathElement, FieldSet | undefined> | undefined
  for (const element of Object.keys(b)) {
    const [left, right] = [a[element], b[element]]
    if (left === undefined || right === undefined || element === self) continue
    const node = subtractNode(left, right, recursive)
    if (node !== left) (changes ??= new Map<PathElement, FieldSet | undefined>()).set(element, node)
  }
  return changes
}

/** The node with these changes, as a member or none; undefined when nothing is left of it. */
function changed(node: FieldSet, changes: Changes | undefined, member: boolean): FieldSet | undefined {
  const result: Building = member ? { [self]: none } : {}
  let empty = true
  for (const element of Object.keys(node)) {
    if (element === self) continue
    const left = changes?.has(element) ? changes.get(element) : node[element]
    if (left === undefined) continue
    result[element] = left
    empty = false
  }
  if (empty) return member ? none : undefined
  return result
}

/** The node of one element, with what is below it: an empty set when there is none. */
export function below(set: FieldSet, element: PathElement): FieldSet {
  return set[element] ?? none
}

export function hasElement(set: FieldSet, element: PathElement): boolean {
  const node = set[element]
  return node !== undefined && isMember(node)
}

export function hasPath(set: FieldSet, path: readonly PathElement[]): boolean {
  let at = set
  for (const element of path.slice(0, -1)) at = below(at, element)
  return hasElement(at, path.at(-1) ?? '')
}

/** The set with the named fields in it on the way to its members: `a.b` brings `a` along unless that is a map's key. */
// structured-merge-diff/fieldpath/set.go EnsureNamedFieldsAreMembers
export function withNamedFields(set: FieldSet, node: SchemaNode | undefined): FieldSet {
  if (!mayName(node)) return set
  let result: Building | undefined
  for (const element of Object.keys(set)) {
    const child = set[element] ?? none
    if (element === self || isEmpty(child)) continue
    const below = withNamedFields(child, typeAt(node, element))
    const named = node?.type === 'object' && element.startsWith('f:') && node.fields.has(element.slice(2))
    const now = named && below[self] === undefined ? { [self]: none, ...below } : below
    if (now !== child) (result ??= { ...set })[element] = now
  }
  return result ?? set
}

/** Can there be named fields that have others below them? There is no need to look through a long map of texts. */
function mayName(node: SchemaNode | undefined): boolean {
  const element = node?.type === 'map' ? node.value : node
  return element?.type === 'object' || element?.type === 'map' || element?.type === 'list'
}

/** What lies under one of the patterns; `*` in a pattern stands for any element. */
// structured-merge-diff/fieldpath/set.go FilterIncludeMatches
export function onlyUnder(set: FieldSet, patterns: readonly (readonly PathElement[])[]): FieldSet {
  return under(set, patterns, false) ?? none
}

function under(node: FieldSet, patterns: readonly (readonly PathElement[])[], member: boolean): FieldSet | undefined {
  const result: Building = {}
  for (const element of Object.keys(node)) {
    const rest = patterns.filter(([first]) => first === '*' || first === element).map((pattern) => pattern.slice(1))
    const child = node[element]
    if (rest.length === 0 || child === undefined || element === self) continue
    const all = rest.some((pattern) => pattern.length === 0)
    const kept = all ? child : under(child, rest, isMember(child))
    if (kept !== undefined) result[element] = kept
  }
  return nodeOf(member, result)
}

/** The fields in the set, as conflicts show them: `.spec.replicas`; fields before what is below their siblings. */
// structured-merge-diff/fieldpath/set.go Iterate
export function* pathsOf(set: FieldSet, prefix: readonly PathElement[] = []): Generator<PathElement[]> {
  const elements = Object.keys(set).filter((element) => element !== self)
  for (const element of elements) if (hasElement(set, element)) yield [...prefix, element]
  for (const element of elements) {
    const child = below(set, element)
    if (!isEmpty(child)) yield* pathsOf(child, [...prefix, element])
  }
}

/** How many fields are in the set. */
export function sizeOf(set: FieldSet): number {
  let size = 0
  for (const element in set) {
    const node = below(set, element)
    if (element !== self) size += isMember(node) ? 1 + sizeOf(node) : sizeOf(node)
  }
  return size
}

export const printPath = (path: readonly PathElement[]): string => path.map(printElement).join('')
