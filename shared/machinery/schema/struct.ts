// Field trees written by hand: of the programs' configuration files, which are no kinds of the API.
import type { Field, ListNode, MapNode, ObjectNode, ScalarNode, ScalarType, SchemaNode } from './node.ts'

/** A node, and whether absent is told from zero. */
export type Entry = SchemaNode | { readonly pointer: SchemaNode }

export const scalar = (type: ScalarType, goType: string = type): ScalarNode => ({ type, goType })

export const pointer = (node: SchemaNode): Entry => ({ pointer: node })

export const listOf = (element: SchemaNode): ListNode => ({
  type: 'list',
  goType: `[]${element.goType}`,
  element,
  listType: 'atomic',
  mapKeys: [],
})

export const mapOf = (value: SchemaNode): MapNode => ({
  type: 'map',
  goType: `map[string]${value.goType}`,
  value,
  atomic: false,
})

export function struct(goType: string, entries: Readonly<Record<string, Entry>>): ObjectNode {
  const fields = Object.entries(entries).map(([name, entry]) => {
    const isPointer = 'pointer' in entry
    const node = isPointer ? entry.pointer : entry
    const field: Field = { name, node, pointer: isPointer, required: false, dropZero: !isPointer, patchStrategy: [] }
    return [name, field] as const
  })
  return { type: 'object', name: '', goType, fields: new Map(fields), filled: [], message: [], atomic: false }
}

/** A struct that is a document of its own. */
export const document = (goType: string, entries: Readonly<Record<string, Entry>>): ObjectNode =>
  struct(goType, { apiVersion: scalar('string'), kind: scalar('string'), ...entries })
