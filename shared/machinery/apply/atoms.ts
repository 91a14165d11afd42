import type { SchemaNode } from '../schema/node.ts'
import type { PathElement } from './path-element.ts'

/** How a value of a node is taken apart; `untyped` decides by the value: maps by key, lists and scalars as a whole. */
// structured-merge-diff/schema/elements.go Atom; kube-openapi/pkg/schemaconv
export type Shape = 'map' | 'list' | 'scalar'

/** Nodes about whose inside the schema says nothing. */
const untyped: ReadonlySet<string> = new Set(['any', 'rawExtension', 'fieldsV1', 'union'])

export const isUntyped = (node: SchemaNode | undefined): boolean => node === undefined || untyped.has(node.type)

/** What the value is by the schema; for an untyped node by itself, `undefined` and null counting as maps. */
// structured-merge-diff/typed/helpers.go deduceAtom, handleAtom
export function shapeOf(node: SchemaNode | undefined, value: unknown): Shape {
  if (isUntyped(node)) {
    if (typeof value !== 'object' || value === null) return value === undefined || value === null ? 'map' : 'scalar'
    return Array.isArray(value) ? 'list' : 'map'
  }
  if (node?.type === 'object' || node?.type === 'map') return 'map'
  return node?.type === 'list' ? 'list' : 'scalar'
}

/** Is a value of this shape owned as a whole? */
export function isAtomic(node: SchemaNode | undefined, shape: Shape): boolean {
  if (shape === 'scalar') return true
  if (shape === 'list') return node?.type !== 'list' || node.listType === 'atomic'
  return (node?.type === 'object' || node?.type === 'map') && node.atomic
}

/** The type of a field or map entry; undefined where the schema says nothing about it. */
export function fieldType(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  if (node?.type === 'object') return node.fields.get(name)?.node
  return node?.type === 'map' ? node.value : undefined
}

/** The type one path element below a node. */
export function typeAt(node: SchemaNode | undefined, element: PathElement): SchemaNode | undefined {
  if (element.startsWith('f:')) return fieldType(node, element.slice(2))
  return element.startsWith('k:') && node?.type === 'list' ? node.element : undefined
}

export type Json = Record<string, unknown>

/** The value as a map, with nothing in it where it is none. */
export function mapOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : noEntries
}

/** The value as a list, with nothing in it where it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : noItems
}

const noEntries: Json = Object.freeze({})
const noItems: readonly unknown[] = Object.freeze([])

/** Sets a property of the object's own, whatever its name. */
export function put(object: Json, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}
