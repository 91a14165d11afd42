import type { ListNode, ScalarType, SchemaNode } from '../schema/node.ts'
import { fieldType, isUntyped, type Json } from './atoms.ts'
import { itemElement } from './list-items.ts'
import { fieldElement, printElement } from './path-element.ts'

/** More than these are not told. */
const limit = 100

/** What of an applied configuration does not fit its type: one text as upstream writes it, undefined when all does. */
// structured-merge-diff/typed/validate.go, helpers.go ValidationErrors
export function misfits(node: SchemaNode, value: unknown): string | undefined {
  const errors: string[] = []
  visit(node, value, '', errors)
  if (errors.length === 0) return undefined
  return errors.length === 1 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n')
}

function visit(node: SchemaNode | undefined, value: unknown, path: string, errors: string[]): void {
  if (isUntyped(node) || value === null || errors.length >= limit) return
  const tell = (text: string): void => void errors.push(path === '' ? text : `${path}: ${text}`)
  if (node?.type === 'object' || node?.type === 'map') {
    if (typeof value !== 'object' || Array.isArray(value)) tell(`expected map, got &{${printed(value)}}`)
    else visitMap(node, value as Json, path, errors)
  } else if (node?.type === 'list') {
    if (!Array.isArray(value)) tell(`expected list, got &{${printed(value)}}`)
    else visitList(node, value as unknown[], path, errors)
  } else if (node !== undefined) {
    const problem = scalarProblem(node.type as ScalarType, value)
    if (problem !== undefined) tell(problem)
  }
}

function visitMap(node: SchemaNode, map: Json, path: string, errors: string[]): void {
  for (const key of Object.keys(map)) {
    const at = path + printElement(fieldElement(key))
    if (node.type === 'object' && !node.fields.has(key) && !node.preserveUnknown) {
      errors.push(`${at}: field not declared in schema`)
      return
    }
    visit(fieldType(node, key), map[key], at, errors)
  }
}

function visitList(node: ListNode, items: readonly unknown[], path: string, errors: string[]): void {
  const seen = new Set<string>()
  const told = path === '' ? '' : `${path}: `
  for (const [index, item] of items.entries()) {
    let element = `i:${index}`
    if (node.listType !== 'atomic') {
      try {
        element = itemElement(node, item)
      } catch (error) {
        errors.push(`${told}element ${index}: ${error instanceof Error ? error.message : String(error)}`)
        return
      }
      if (seen.has(element)) errors.push(`${told}duplicate entries for key ${printElement(element)}`)
      seen.add(element)
    }
    visit(node.element, item, path + printElement(element), errors)
  }
}

// structured-merge-diff/typed/validate.go validateScalar; kube-openapi/pkg/schemaconv/smd.go convertPrimitive
function scalarProblem(type: ScalarType, value: unknown): string | undefined {
  const structure = typeof value === 'object'
  switch (type) {
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`
    case 'bool':
      return typeof value === 'boolean' ? undefined : `expected boolean, got &{${printed(value)}}`
    case 'string':
    case 'bytes':
    case 'duration':
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${literal(value)}}`
    default:
      return structure ? `expected any scalar, got &{${printed(value)}}` : undefined
  }
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

/** As Go's %v prints it. */
function printed(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, item]) => `${key}:${printed(item)}`).join(' ')}]`
}

/** As Go's %#v prints it. */
function literal(value: unknown): string {
  if (value === null) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map(literal).join(', ')}}`
  if (typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[string]interface {}{${entries.map(([key, item]) => `${JSON.stringify(key)}:${literal(item)}`).join(', ')}}`
}
