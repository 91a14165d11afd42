import { clone, deepEqual } from '../deep.ts'
import { badRequest, StatusError, unknownError } from '../errors.ts'
import type { ManagedFieldsEntry } from '../meta-v1.gen.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectNode } from '../schema/node.ts'
import { zeroOf } from '../schema/zero.ts'
import { formatTime } from '../time.ts'
import { Conflicts, conflictError } from './conflicts.ts'
import { difference, isEmpty, none, setOfPaths, union } from './field-set.ts'
import { refreshLastApplied, upgradedFromClientSide } from './last-applied.ts'
import {
  capUpdateManagers,
  isReset,
  managerId,
  nothingManaged,
  readManagedFields,
  withManager,
  writeManagedFields,
  type Managed,
} from './managers.ts'
import { applyConfiguration, updateManagers, type Applied, type Typed, type Versions } from './updater.ts'
import { misfits } from './validate.ts'

/** One way of writing objects: a kind in one version, as a whole or through a subresource. */
export interface ManagedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly apiVersion: string
  /** '' for the object itself. */
  readonly subresource: string
  readonly node: ObjectNode
  readonly versions: Versions
}

/** What nobody owns. */
// apimachinery/pkg/util/managedfields/internal/stripmeta.go
const stripped = setOfPaths(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields'].map(
    (name) => ['f:metadata', `f:${name}`],
  ),
  ['f:metadata', 'f:resourceVersion'],
)

/**
 * managedFields of an object that a create, update or patch makes; undefined: none. `live` is absent on create.
 * Never throws: what cannot be worked out leaves them as they were.
 */
// apimachinery/pkg/util/managedfields/internal/fieldmanager.go UpdateNoErrors
export function managedFieldsOfUpdate(
  kind: ManagedKind,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  now: number,
): ManagedFieldsEntry[] | undefined {
  const managed = managedBefore(kind, live, next)
  // nobody managed this object so far: nobody starts by an update
  if (managed.managers.size === 0 && live?.metadata.uid) return undefined
  try {
    return writeManagedFields(track(kind, live ?? emptyObject(kind), next, managed, manager, now))
  } catch {
    return live?.metadata.managedFields
  }
}

/** What the request says about ownership counts, unless it says nothing or makes no sense. */
// apimachinery/pkg/util/managedfields/internal/fieldmanager.go decodeLiveOrNew
function managedBefore({ subresource }: ManagedKind, live: KubeObject | undefined, next: KubeObject): Managed {
  const before = live?.metadata.managedFields
  const given = next.metadata.managedFields
  if (subresource === '' && isReset(given)) return nothingManaged
  if (subresource === '' && given !== undefined && !deepEqual(given, before)) {
    const managed = managedOrNothing(given, false)
    if (managed.managers.size > 0) return managed
  }
  return managedOrNothing(before, true)
}

function managedOrNothing(entries: readonly ManagedFieldsEntry[] | undefined, stored: boolean): Managed {
  try {
    return readManagedFields(entries, stored)
  } catch {
    return nothingManaged
  }
}

// the schema of a custom kind does not say that metadata is always there
const emptyObject = ({ node }: ManagedKind): KubeObject => ({ metadata: {}, ...(zeroOf(node) as object) }) as KubeObject

function typed({ node }: ManagedKind, object: KubeObject): Typed {
  if (object.metadata.managedFields === undefined) return { node, value: object }
  return { node, value: { ...object, metadata: { ...object.metadata, managedFields: undefined } } }
}

// apimachinery/pkg/util/managedfields/internal: managedfieldsupdater.go, buildmanagerinfo.go, capmanagers.go Update
function track(
  kind: ManagedKind,
  live: KubeObject,
  next: KubeObject,
  managed: Managed,
  manager: string,
  now: number,
): Managed {
  const { apiVersion, subresource } = kind
  const id = managerId({ manager: manager || 'unknown', operation: 'Update', apiVersion, subresource })
  const self = 'current-operation'
  const all = updateManagers(kind.versions, typed(kind, live), typed(kind, next), apiVersion, managed.managers, self)
  const set = difference(all.get(self)?.set ?? none, stripped)
  let managers = withManager(all, self, { set: none, apiVersion, applied: false })
  let { times } = managed
  if (!isEmpty(set)) {
    const before = managers.get(id)?.set
    managers = withManager(managers, id, { set: before ? union(set, before) : set, apiVersion, applied: false })
    times = new Map(times).set(id, formatTime(now))
  }
  return capUpdateManagers({ managers, times }, union)
}

/**
 * The live object (absent: it does not exist yet) with a configuration applied to it. The result is not decoded yet: what
 * was taken out may be null. Throws a StatusError: 409 with each conflict, 400 for a configuration of something else, and,
 * as upstream does, 500 for one that does not fit the kind's schema.
 */
// apimachinery/pkg/util/managedfields/internal/fieldmanager.go Apply
export function applyObject(
  kind: ManagedKind,
  live: KubeObject | undefined,
  config: object,
  manager: string,
  force: boolean,
  now: number,
): KubeObject {
  checkConfiguration(kind, config)
  const current = live ?? emptyObject(kind)
  let managed = nothingManaged
  try {
    managed = readManagedFields(live?.metadata.managedFields, true)
  } catch (error) {
    throw unknownError(`failed to decode managed fields: ${textOf(error)}`)
  }
  if (managed.managers.size === 0) managed = track(kind, emptyObject(kind), current, managed, 'before-first-apply', now)
  const id = managerId({ manager, operation: 'Apply', subresource: kind.subresource })
  const before = typed(kind, current)
  const { value, managers } = applyUpgrading(kind, before, config, managed, manager, force)
  const owned = managers.get(id)
  const object = clone(value) as KubeObject
  // a manager that changes nothing leaves the time of its last change as it was
  const times = deepEqual(before.value, value) ? managed.times : new Map(managed.times).set(id, formatTime(now))
  const stripping = owned ? withManager(managers, id, { ...owned, set: difference(owned.set, stripped) }) : managers
  const managedFields = writeManagedFields({ managers: stripping, times })
  object.metadata = { ...object.metadata, ...(managedFields === undefined ? {} : { managedFields }) }
  if (manager === clientSideManager) refreshLastApplied(object, config)
  return object
}

/** The manager that takes over from client-side apply. */
const clientSideManager = 'kubectl'

function applyUpgrading(
  kind: ManagedKind,
  live: Typed,
  config: object,
  managed: Managed,
  manager: string,
  force: boolean,
): Applied {
  const { versions, node, apiVersion, subresource } = kind
  const id = managerId({ manager, operation: 'Apply', subresource })
  const apply = (forced: boolean): Applied =>
    applyConfiguration(versions, live, { node, value: config }, apiVersion, managed.managers, id, forced)
  try {
    return apply(force)
  } catch (error) {
    if (!(error instanceof Conflicts)) throw error instanceof StatusError ? error : unknownError(textOf(error))
    const left = id.includes(`"manager":"${clientSideManager}"`)
      ? upgradedFromClientSide(live, error, apiVersion)
      : error
    if (left !== undefined) throw conflictError(left)
    return apply(true)
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

// apimachinery/pkg/util/managedfields/internal: versioncheck.go, structuredmerge.go Apply
function checkConfiguration(kind: ManagedKind, config: object): void {
  const given = config as Partial<KubeObject>
  const type = typeText(given.apiVersion, given.kind)
  if (type !== typeText(kind.apiVersion, kind.kind)) throw badRequest(`invalid object type: ${type}`)
  const { name = '', namespace = '', managedFields } = given.metadata ?? {}
  if (Array.isArray(managedFields)) throw badRequest('metadata.managedFields must be nil')
  const problem = misfits(kind.node, config)
  if (problem === undefined) return
  throw unknownError(`failed to create typed patch object (${String(namespace)}/${String(name)}; ${type}): ${problem}`)
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`. */
function typeText(apiVersion: unknown, kind: unknown): string {
  const version = typeof apiVersion === 'string' ? apiVersion : ''
  return `${version.includes('/') ? version : `/${version}`}, Kind=${typeof kind === 'string' ? kind : ''}`
}
