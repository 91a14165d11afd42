import type { SchemaNode } from '../schema/node.ts'
import { typeAt } from './atoms.ts'
import { isEmpty, none, self, type FieldSet } from './field-set.ts'
import type { PathElement } from './path-element.ts'

const reconciled = new WeakMap<FieldSet, { node: SchemaNode; result: FieldSet }>()

/**
 * A set written when the schema was another: what is now owned as a whole takes the place of the fields below it.
 * Gives back the set itself where nothing changed.
 */
// structured-merge-diff/typed/reconcile_schema.go ReconcileFieldSetWithSchema
export function reconcileWithSchema(set: FieldSet, node: SchemaNode): FieldSet {
  const made = reconciled.get(set)
  if (made?.node === node) return made.result
  const result = reconcile(set, node)
  reconciled.set(set, { node, result })
  return result
}

function reconcile(set: FieldSet, node: SchemaNode | undefined): FieldSet {
  let changed: Record<PathElement, FieldSet> | undefined
  for (const element in set) {
    const child = set[element] ?? none
    if (element === self || isEmpty(child)) continue
    const type = typeAt(node, element)
    if (type === undefined) continue
    const whole = (type.type === 'list' && type.listType === 'atomic') || ('atomic' in type && type.atomic)
    const now = whole ? none : reconcile(child, type)
    if (now !== child) (changed ??= { ...set })[element] = now
  }
  return changed ?? set
}
