import type { ListNode } from '../schema/node.ts'
import { keyElement, valueElement, type PathElement } from './path-element.ts'

/** How an item of a set or keyed list is known. Throws an Error for an item that cannot be told from others. */
// structured-merge-diff/typed/helpers.go listItemToPathElement
export function itemElement(list: ListNode, item: unknown): PathElement {
  return list.listType === 'map' ? keyedItem(list, item) : setItem(item)
}

function keyedItem(list: ListNode, item: unknown): PathElement {
  if (item === null || item === undefined) throw new Error('associative list with keys may not have a null element')
  if (typeof item !== 'object' || Array.isArray(item))
    throw new Error('associative list with keys may not have non-map elements')
  const keys = list.mapKeys.map((name): [string, unknown] => {
    if (Object.hasOwn(item, name)) return [name, (item as Record<string, unknown>)[name]]
    const field = list.element.type === 'object' ? list.element.fields.get(name) : undefined
    if (field?.default !== undefined) return [name, field.default]
    throw new Error(
      `associative list with keys has an element that omits key field ${JSON.stringify(name)} (and doesn't have default value)`,
    )
  })
  if (keys.length > 1) keys.sort(([a], [b]) => (a < b ? -1 : 1))
  return keyElement(keys)
}

function setItem(item: unknown): PathElement {
  if (item === null || item === undefined)
    throw new Error("associative list without keys has an element that's an explicit null")
  if (Array.isArray(item)) throw new Error('not supported: associative list with lists as elements')
  if (typeof item === 'object') throw new Error("associative list without keys has an element that's a map type")
  return valueElement(item)
}

/** Items by what they are known by, in order of first appearance; several where the list has duplicates. */
export function itemsByElement(list: ListNode, items: readonly unknown[]): Map<PathElement, unknown[]> {
  const found = new Map<PathElement, unknown[]>()
  for (const item of items) {
    const element = itemElement(list, item)
    const same = found.get(element)
    if (same === undefined) found.set(element, [item])
    else same.push(item)
  }
  return found
}
