import type { ObjectNode } from '../schema/node.ts'
import { compare, fieldsOf, filtered, type Comparison } from './compare.ts'
import { Conflicts } from './conflicts.ts'
import { difference, intersection, isEmpty, none, union, withNamedFields, type FieldSet } from './field-set.ts'
import type { Managers, Owned } from './managers.ts'
import { merge } from './merge.ts'
import { reconcileWithSchema } from './reconcile.ts'
import { removeFields } from './remove.ts'

/** An object in one version, with that version's schema. */
export interface Typed {
  readonly node: ObjectNode
  readonly value: unknown
}

/** What ownership needs to know of a kind. */
export interface Versions {
  /** The same object in another version; undefined for a version that is not served any more. */
  convert(object: Typed, apiVersion: string): Typed | undefined
  /** What a version's writer may not own, because the server takes it from elsewhere. */
  own(set: FieldSet, apiVersion: string): FieldSet
}

/** An update of an object that is already complete: who owns what afterwards. */
// structured-merge-diff/merge/update.go Update
export function updateManagers(
  versions: Versions,
  live: Typed,
  next: Typed,
  apiVersion: string,
  managers: Managers,
  manager: string,
): Managers {
  const known = reconcileManagers(versions, live, managers)
  const { managers: others, comparison } = shift(versions, live, next, apiVersion, known, manager, true)
  const before = others.get(manager)?.set ?? none
  const set = union(union(difference(before, comparison.removed), comparison.modified), comparison.added)
  const owned = versions.own(set, apiVersion)
  if (isEmpty(owned)) others.delete(manager)
  else others.set(manager, { set: owned, apiVersion, applied: false })
  return others
}

export interface Applied {
  /** Shares parts with what it was made of. */
  readonly value: unknown
  readonly managers: Managers
}

/** An apply: the live object with the configuration in it and what the manager gave up taken out. Throws Conflicts. */
// structured-merge-diff/merge/update.go Apply
export function applyConfiguration(
  versions: Versions,
  live: Typed,
  config: Typed,
  apiVersion: string,
  managers: Managers,
  manager: string,
  force: boolean,
): Applied {
  const known = reconcileManagers(versions, live, managers)
  const merged: Typed = { node: live.node, value: merge(live.node, live.value, config.value) }
  const last = known.get(manager)
  const set = versions.own(fieldsOf(config.node, config.value), apiVersion)
  const owners = new Map(known).set(manager, { set, apiVersion, applied: true })
  const next = prune(versions, merged, owners, apiVersion, manager, last)
  return { value: next.value, managers: shift(versions, live, next, apiVersion, owners, manager, force).managers }
}

interface Shifted {
  readonly managers: Map<string, Owned>
  readonly comparison: Comparison
}

/** Takes what changed from all but the one who changed it. Without force it throws Conflicts when somebody owns that. */
// structured-merge-diff/merge/update.go update
function shift(
  versions: Versions,
  before: Typed,
  after: Typed,
  apiVersion: string,
  managers: Managers,
  manager: string,
  force: boolean,
): Shifted {
  const comparisons = new Map([[apiVersion, compared(versions, before, after, apiVersion)]])
  const result = new Map(managers)
  const conflicts = new Map<string, FieldSet>()
  for (const [id, owned] of managers) {
    if (id === manager) continue
    const comparison = comparisons.get(owned.apiVersion) ?? comparedAt(versions, before, after, owned.apiVersion)
    if (comparison === undefined) {
      result.delete(id)
      continue
    }
    comparisons.set(owned.apiVersion, comparison)
    const conflict = intersection(owned.set, union(comparison.modified, comparison.added))
    if (!isEmpty(conflict)) conflicts.set(id, conflict)
    const left = difference(difference(owned.set, conflict), comparison.removed)
    if (left !== owned.set) result.set(id, { ...owned, set: left })
  }
  if (!force && conflicts.size > 0) throw new Conflicts(conflicts)
  for (const [id, { set }] of result) if (isEmpty(set)) result.delete(id)
  return { managers: result, comparison: comparisons.get(apiVersion) ?? { removed: none, modified: none, added: none } }
}

function compared(versions: Versions, before: Typed, after: Typed, apiVersion: string): Comparison {
  const comparison = compare(before.node, before.value, after.value)
  return filtered(comparison, (set) => (isEmpty(set) ? set : versions.own(set, apiVersion)))
}

function comparedAt(versions: Versions, before: Typed, after: Typed, apiVersion: string): Comparison | undefined {
  const [left, right] = [versions.convert(before, apiVersion), versions.convert(after, apiVersion)]
  return left && right && compared(versions, left, right, apiVersion)
}

/** Takes out what the manager applied last time and does not now, where no other manager has it. */
// structured-merge-diff/merge/update.go prune
function prune(
  versions: Versions,
  merged: Typed,
  owners: Managers,
  apiVersion: string,
  manager: string,
  last: Owned | undefined,
): Typed {
  if (last === undefined || isEmpty(last.set)) return merged
  // what the manager still owns is added back, whatever was taken out with it
  const still = owners.get(manager)?.set ?? none
  if (last.apiVersion === apiVersion && isEmpty(difference(last.set, still))) return merged
  const whole = versions.convert(merged, last.apiVersion)
  if (whole === undefined) return merged
  const lastSet = withNamedFields(last.set, whole.node)
  let pruned: Typed = { node: whole.node, value: removeFields(whole.node, whole.value, lastSet) }
  pruned = addBackOwned(versions, whole, pruned, owners, last.apiVersion)
  const at = versions.convert(pruned, last.apiVersion)
  if (at === undefined) return merged
  // what nobody else owns goes only where the manager had it
  const gone = difference(named(whole), named(at))
  const value = removeFields(whole.node, whole.value, intersection(gone, lastSet))
  return versions.convert({ node: whole.node, value }, apiVersion) ?? merged
}

const named = ({ node, value }: Typed): FieldSet => withNamedFields(fieldsOf(node, value), node)

// structured-merge-diff/merge/update.go addBackOwnedItems
function addBackOwned(versions: Versions, whole: Typed, without: Typed, owners: Managers, first: string): Typed {
  const owned = new Map<string, FieldSet>()
  for (const { set, apiVersion } of owners.values()) owned.set(apiVersion, union(owned.get(apiVersion) ?? none, set))
  let pruned = without
  // the version that was pruned comes first: others may not convert without what it has
  for (const apiVersion of new Set([first, ...owned.keys()])) {
    const set = owned.get(apiVersion)
    if (set === undefined) continue
    const [all, left] = [versions.convert(whole, apiVersion), versions.convert(pruned, apiVersion)]
    if (all === undefined || left === undefined) continue
    const gone = difference(named(all), union(named(left), withNamedFields(set, all.node)))
    pruned = { node: all.node, value: removeFields(all.node, all.value, gone) }
  }
  return pruned
}

// structured-merge-diff/merge/update.go reconcileManagedFieldsWithSchemaChanges
function reconcileManagers(versions: Versions, live: Typed, managers: Managers): Managers {
  const result = new Map<string, Owned>()
  for (const [id, owned] of managers) {
    const node = versions.convert(live, owned.apiVersion)?.node
    if (node !== undefined) result.set(id, { ...owned, set: reconcileWithSchema(owned.set, node) })
  }
  return result
}
