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
  for (const _ in set) return false
  return true
}

/** Is the field that this node stands for in the set? */
function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmpty(node)
}

/** A node: undefined when neither it nor anything below it is in the set. */
export function nodeOf(member: boolean, children: FieldSet | undefined): FieldSet | undefined {
  if (children === undefined || isEmpty(children)) return member ? none : undefined
  if (!member) return children
  return { [self]: none, ...children }
}

/** What is below a node, without the node itself. */
function childrenOf(node: FieldSet): FieldSet {
  if (node[self] === undefined) return node
  const { [self]: _, ...children } = node
  return children
}

/** A set of these entries, put in order. The node of an element that is undefined is left out. */
export function setOf(entries: Building): FieldSet {
  const elements = Object.keys(entries)
  let ordered = true
  for (let i = 1; ordered && i < elements.length; i++) ordered = inOrder(elements[i - 1] ?? '', elements[i] ?? '')
  if (ordered) return entries
  elements.sort((a, b) => (a === self ? -1 : b === self ? 1 : compareElements(a, b)))
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
  const result: Building = { ...a }
  for (const element in b) {
    const right = b[element] ?? none
    const left = a[element]
    result[element] = left === undefined ? right : mergeNodes(left, right)
  }
  return setOf(result)
}

function mergeNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  return nodeOf(isMember(a) || isMember(b), union(childrenOf(a), childrenOf(b))) ?? none
}

/** In `a` and in `b`. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Building = {}
  for (const element in a) {
    const [left, right] = [a[element], b[element]]
    if (left === undefined || right === undefined) continue
    const node = nodeOf(isMember(left) && isMember(right), intersection(childrenOf(left), childrenOf(right)))
    if (node !== undefined) result[element] = node
  }
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
  let result: Building | undefined
  for (const element in b) {
    const [left, right] = [a[element], b[element]]
    if (left === undefined || right === undefined || element === self) continue
    const node = subtractNode(left, right, recursive)
    if (node === left) continue
    result ??= { ...a }
    if (node === undefined) delete result[element]
    else result[element] = node
  }
  return result ?? a
}

function subtractNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const [inA, inB] = [isMember(a), isMember(b)]
  if (recursive && inB) return undefined
  const children = childrenOf(a)
  const left = subtract(children, childrenOf(b), recursive)
  if (left === children && !(inA && inB)) return a
  return nodeOf(inA && !inB, left)
}

/** The nodes below one element: an empty set when there are none. */
export function below(set: FieldSet, element: PathElement): FieldSet {
  const node = set[element]
  return node === undefined ? none : childrenOf(node)
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
  const result: Building = {}
  for (const element in set) {
    const child = set[element] ?? none
    const children = childrenOf(child)
    if (isEmpty(children)) {
      result[element] = child
      continue
    }
    const named = node?.type === 'object' && element.startsWith('f:') && node.fields.has(element.slice(2))
    const below = withNamedFields(children, typeAt(node, element))
    result[element] = nodeOf(named || isMember(child), below) ?? none
  }
  return result
}

/** What lies under one of the patterns; `*` in a pattern stands for any element. */
// structured-merge-diff/fieldpath/set.go FilterIncludeMatches
export function onlyUnder(set: FieldSet, patterns: readonly (readonly PathElement[])[]): FieldSet {
  const result: Building = {}
  for (const element in set) {
    const rest = patterns.filter(([first]) => first === '*' || first === element).map((pattern) => pattern.slice(1))
    if (rest.length === 0) continue
    const node = set[element] ?? none
    const below = rest.some((pattern) => pattern.length === 0) ? childrenOf(node) : onlyUnder(childrenOf(node), rest)
    const kept = nodeOf(isMember(node), below)
    if (kept !== undefined) result[element] = kept
  }
  return result
}

/** Each field in the set, as conflicts show it: `.spec.replicas`; fields before what is below their siblings. */
// structured-merge-diff/fieldpath/set.go Iterate
export function pathsOf(set: FieldSet): PathElement[][] {
  const paths: PathElement[][] = []
  const visit = (node: FieldSet, prefix: readonly PathElement[]): void => {
    const elements = Object.keys(node).filter((element) => element !== self)
    for (const element of elements) if (hasElement(node, element)) paths.push([...prefix, element])
    for (const element of elements) visit(childrenOf(node[element] ?? none), [...prefix, element])
  }
  visit(set, [])
  return paths
}

export const printPath = (path: readonly PathElement[]): string => path.map(printElement).join('')
