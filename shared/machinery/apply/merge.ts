import type { ListNode, SchemaNode } from '../schema/node.ts'
import { fieldType, isAtomic, listOf, mapOf, put, shapeOf, type Json } from './atoms.ts'
import { itemElement } from './list-items.ts'
import { printElement, type PathElement } from './path-element.ts'

/**
 * The live value with what is applied on top of it. Shares parts with both. An applied null wins over a leaf and says
 * nothing against a map or list that has something in it. Throws an Error for applied items with the same keys.
 */
// structured-merge-diff/typed/merge.go
export function merge(node: SchemaNode | undefined, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live
  if (live === undefined) return applied
  const shape = shapeOf(node, applied)
  if (shapeOf(node, live) !== shape || isAtomic(node, shape)) return applied
  return shape === 'map' ? mergeMaps(node, live, applied) : mergeLists(node as ListNode, live, applied)
}

function mergeMaps(node: SchemaNode | undefined, live: unknown, applied: unknown): unknown {
  const [left, right] = [mapOf(live), mapOf(applied)]
  let merged: Json | undefined
  for (const key of Object.keys(right)) {
    const before = Object.hasOwn(left, key) ? left[key] : undefined
    const after = merge(fieldType(node, key), before, right[key])
    if (after !== before) put((merged ??= { ...left }), key, after)
  }
  if (merged !== undefined) return merged
  return Object.keys(left).length === 0 ? applied : live
}

/** Items of a list by what they are known by. */
interface Indexed {
  readonly elements: readonly PathElement[]
  readonly items: ReadonlyMap<PathElement, unknown>
}

function indexed(node: ListNode, list: readonly unknown[], allowDuplicates: boolean): Indexed {
  const elements: PathElement[] = []
  const items = new Map<PathElement, unknown>()
  for (const item of list) {
    const element = itemElement(node, item)
    const found = items.has(element)
    if (found && !allowDuplicates) throw new Error(`duplicate entries for key ${printElement(element)}`)
    // items that share their keys are not merged with: what is applied takes their place
    items.set(element, found ? undefined : item)
    elements.push(element)
  }
  return { elements, items }
}

/** The applied items in their order; what only the live list has stays where it is between them. */
// structured-merge-diff/typed/merge.go visitListItems
function mergeLists(node: ListNode, live: unknown, applied: unknown): unknown {
  const liveItems = listOf(live)
  const left = indexed(node, liveItems, true)
  const right = indexed(node, listOf(applied), false)
  if (left.elements.length === 0 && right.elements.length === 0) return applied
  const shared = right.elements.filter((element) => left.items.has(element)).values()
  const merged: unknown[] = []
  const done = new Set<PathElement>()
  let next = shared.next().value
  let [l, r] = [0, 0]
  const take = (element: PathElement): void => {
    done.add(element)
    merged.push(merge(node.element, left.items.get(element), right.items.get(element)))
    r++
  }
  while (l < left.elements.length || r < right.elements.length) {
    const [leftElement, rightElement] = [left.elements[l], right.elements[r]]
    if (leftElement !== undefined && rightElement !== undefined) {
      if (leftElement === rightElement) {
        take(rightElement)
        l++
        next = shared.next().value
        continue
      }
      if (right.items.has(leftElement) && next !== undefined && next !== leftElement) {
        // shared, but not the one whose turn it is
        l++
        continue
      }
    }
    if (leftElement !== undefined) {
      if (!right.items.has(leftElement)) {
        merged.push(liveItems[l])
        l++
        continue
      }
      if (done.has(leftElement)) l++
    }
    if (rightElement !== undefined) {
      take(rightElement)
      if (next === rightElement) next = shared.next().value
    }
  }
  return merged
}
