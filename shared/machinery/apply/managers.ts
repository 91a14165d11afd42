import type { ManagedFieldsEntry } from '../meta-v1.gen.ts'
import { quote } from '../quote.ts'
import { isEmpty, readFieldSet, type FieldSet } from './field-set.ts'

/** What one manager owns, in the fields of one version. */
export interface Owned {
  readonly set: FieldSet
  readonly apiVersion: string
  readonly applied: boolean
}

/** Who a manager is: one that applies is the same in every version. */
export interface ManagerInfo {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  /** Absent for one that applies. */
  readonly apiVersion?: string
  readonly subresource?: string
}

/** Owners by their identifier; a change makes a new map. */
export type Managers = ReadonlyMap<string, Owned>

/** managedFields taken apart. */
export interface Managed {
  readonly managers: Managers
  /** Times as they are written, by identifier. */
  readonly times: ReadonlyMap<string, string>
}

export const nothingManaged: Managed = { managers: new Map(), times: new Map() }

/** The identifier of a manager, from which `managerInfo` reads it back. */
// apimachinery/pkg/util/managedfields/internal/managedfields.go BuildManagerIdentifier
export function managerId({ manager, operation, apiVersion, subresource }: ManagerInfo): string {
  return JSON.stringify({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' || apiVersion === undefined ? {} : { apiVersion }),
    ...(subresource ? { subresource } : {}),
  })
}

export function managerInfo(id: string): ManagerInfo {
  return { manager: '', ...(JSON.parse(id) as Partial<ManagerInfo> & Pick<ManagerInfo, 'operation'>) }
}

/**
 * Throws an Error for entries that are not in order. `stored`: they are as writeManagedFields made them, and their sets
 * need no second look.
 */
// apimachinery/pkg/util/managedfields/internal/managedfields.go DecodeManagedFields
export function readManagedFields(entries: readonly ManagedFieldsEntry[] = [], stored = false): Managed {
  const managers = new Map<string, Owned>()
  const times = new Map<string, string>()
  for (const [index, entry] of entries.entries()) {
    const { operation, apiVersion, fieldsType, fieldsV1, time } = entry
    if (operation !== 'Apply' && operation !== 'Update') throw new Error('operation must be `Apply` or `Update`')
    if (!apiVersion) throw new Error('apiVersion must not be empty')
    if (!fieldsType) throw new Error(`missing fieldsType in managed fields entry ${index}`)
    if (fieldsType !== 'FieldsV1')
      throw new Error(`invalid fieldsType ${quote(fieldsType)} in managed fields entry ${index}`)
    const { manager = '', subresource = '' } = entry
    const id = managerId({ manager, operation, apiVersion, subresource })
    const set = stored && fieldsV1 ? (fieldsV1 as FieldSet) : readFieldSet(fieldsV1 ?? {})
    managers.set(id, { set, apiVersion, applied: operation === 'Apply' })
    if (time === undefined) times.delete(id)
    else times.set(id, time)
  }
  return { managers, times }
}

/** undefined when nobody manages anything. */
// apimachinery/pkg/util/managedfields/internal/managedfields.go encodeManagedFields
export function writeManagedFields({ managers, times }: Managed): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  const entries: ManagedFieldsEntry[] = []
  for (const [id, { set, apiVersion, applied }] of managers) {
    const { manager, operation, subresource } = managerInfo(id)
    const time = times.get(id)
    entries.push({
      ...(manager === '' ? {} : { manager }),
      operation: applied ? 'Apply' : operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: set,
      ...(subresource ? { subresource } : {}),
    })
  }
  return entries.sort(compareEntries)
}

const text = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0)

// apimachinery/pkg/util/managedfields/internal/managedfields.go sortEncodedManagedFields
function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    text(a.operation, b.operation) ||
    text(a.time, b.time) ||
    text(a.manager, b.manager) ||
    text(a.apiVersion, b.apiVersion) ||
    text(a.subresource, b.subresource)
  )
}

/** Does a client ask for all ownership to be forgotten? */
// apimachinery/pkg/util/managedfields/internal/fieldmanager.go isResetManagedFields
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false
  return entries.length === 0 || (entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0)
}

/** The managers with one changed; one that owns nothing is left out. */
export function withManager(managers: Managers, id: string, owned: Owned): Managers {
  const changed = new Map(managers)
  if (isEmpty(owned.set)) changed.delete(id)
  else changed.set(id, owned)
  return changed
}

const maxUpdateManagers = 10

/** At most ten managers that update: the oldest of a version become one, called ancient-changes. */
// apimachinery/pkg/util/managedfields/internal/capmanagers.go capUpdateManagers
export function capUpdateManagers(managed: Managed, union: (a: FieldSet, b: FieldSet) => FieldSet): Managed {
  const updaters = [...managed.managers].filter(([, { applied }]) => !applied).map(([id]) => id)
  if (updaters.length <= maxUpdateManagers) return managed
  updaters.sort((a, b) => text(managed.times.get(a), managed.times.get(b)) || text(a, b))
  const managers = new Map(managed.managers)
  const times = new Map(managed.times)
  const firstOf = new Map<string, string>()
  let count = updaters.length
  for (const id of updaters) {
    if (count <= maxUpdateManagers) break
    const owned = managers.get(id)
    if (owned === undefined) continue
    const { apiVersion } = owned
    const first = firstOf.get(apiVersion)
    if (first === undefined) {
      firstOf.set(apiVersion, id)
      continue
    }
    const bucket = managerId({ manager: 'ancient-changes', operation: 'Update', apiVersion })
    const before = managers.get(bucket) ?? managers.get(first)
    if (!managers.has(bucket)) managers.delete(first)
    managers.delete(id)
    managers.set(bucket, { ...owned, set: before === undefined ? owned.set : union(owned.set, before.set) })
    const time = managed.times.get(id)
    if (time !== undefined) times.set(bucket, time)
    count--
  }
  return { managers, times }
}
