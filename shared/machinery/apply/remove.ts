import type { ListNode, SchemaNode } from '../schema/node.ts'
import { fieldType, isAtomic, listOf, mapOf, put, shapeOf, type Json } from './atoms.ts'
import { below, hasElement, isEmpty, type FieldSet } from './field-set.ts'
import { itemElement } from './list-items.ts'
import { fieldElement } from './path-element.ts'

/** The value without the fields of the set. What is left empty by it is null. Shares parts with the value. */
// structured-merge-diff/typed/remove.go
export function removeFields(node: SchemaNode | undefined, value: unknown, fields: FieldSet): unknown {
  if (isEmpty(fields)) return value
  const shape = shapeOf(node, value)
  if (shape === 'scalar') return value
  if (isAtomic(node, shape)) return null
  if (shape === 'map') {
    const kept: Json = {}
    const map = mapOf(value)
    for (const key of Object.keys(map)) {
      const element = fieldElement(key)
      if (hasElement(fields, element)) continue
      put(kept, key, removeFields(fieldType(node, key), map[key], below(fields, element)))
    }
    return Object.keys(kept).length === 0 ? null : kept
  }
  const list = node as ListNode
  const kept: unknown[] = []
  for (const item of listOf(value)) {
    const element = itemElement(list, item)
    if (!hasElement(fields, element)) kept.push(removeFields(list.element, item, below(fields, element)))
  }
  return kept.length === 0 ? null : kept
}
