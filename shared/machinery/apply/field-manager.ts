import type { Clock } from '../clock.ts'
import { clone, deepEqual } from '../deep.ts'
import { badRequest, StatusError, unknownError } from '../errors.ts'
import type { ManagedFieldsEntry } from '../meta-v1.gen.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectNode } from '../schema/node.ts'
import { zeroOf } from '../schema/zero.ts'
import { inSlices, unhurried } from '../slices.ts'
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
import type { Pieces } from './pieces.ts'
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
  if (startsNow(managed, live)) return undefined
  try {
    return writeManagedFields(capped(track(kind, live ?? emptyObject(kind), next, managed, manager, now)))
  } catch {
    return live?.metadata.managedFields
  }
}

/** Nobody managed this object so far: nobody starts by an update. */
const startsNow = ({ managers }: Managed, live: KubeObject | undefined): boolean =>
  managers.size === 0 && Boolean(live?.metadata.uid)

const capped = (managed: Managed): Managed => capUpdateManagers(managed, union)

/** As managedFieldsOfUpdate, of objects with huge maps; everything else that waits has its turns meanwhile. */
export async function managedFieldsOfHugeUpdate(
  kind: ManagedKind,
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  now: number,
  pieces: Pieces,
  clock: Clock,
): Promise<ManagedFieldsEntry[] | undefined> {
  const nexts = await pieces.split(next)
  const lives = live && (await pieces.split(live))
  const given = await managedOfPieces(kind, lives, nexts, clock)
  const [some] = given
  if (some === undefined || startsNow(some, live)) return undefined
  try {
    const tracked = await inSlices(
      nexts.entries(),
      ([i, piece]) => track(kind, lives?.[i] ?? emptyObject(kind), piece, given[i] ?? nothingManaged, manager, now),
      clock,
    )
    return writeManagedFields(capped(await pieces.joinManaged(tracked, formatTime(now))))
  } catch {
    return live?.metadata.managedFields
  }
}

/** As managedBefore: what the request says counts in all pieces or in none. */
async function managedOfPieces(
  kind: ManagedKind,
  lives: readonly KubeObject[] | undefined,
  nexts: readonly KubeObject[],
  clock: Clock,
): Promise<Managed[]> {
  if (resets(kind, nexts[0])) return nexts.map(() => nothingManaged)
  const said = await inSlices(nexts.entries(), ([i, next]) => managedByRequest(kind, lives?.[i], next), clock)
  const counts = said.every((managed) => managed === undefined || managed.managers.size > 0)
  const before = (i: number): Managed => managedOrNothing(lives?.[i]?.metadata.managedFields, true)
  return said.map((managed, i) => (counts && managed !== undefined ? managed : before(i)))
}

/** What the request says about ownership counts, unless it says nothing or makes no sense. */
// apimachinery/pkg/util/managedfields/internal/fieldmanager.go decodeLiveOrNew
function managedBefore(kind: ManagedKind, live: KubeObject | undefined, next: KubeObject): Managed {
  if (resets(kind, next)) return nothingManaged
  const said = managedByRequest(kind, live, next)
  if (said !== undefined && said.managers.size > 0) return said
  return managedOrNothing(live?.metadata.managedFields, true)
}

const resets = ({ subresource }: ManagedKind, next: KubeObject | undefined): boolean =>
  subresource === '' && isReset(next?.metadata.managedFields)

/** undefined: nothing new; without managers: nothing that makes sense. */
function managedByRequest(
  { subresource }: ManagedKind,
  live: KubeObject | undefined,
  { metadata }: KubeObject,
): Managed | undefined {
  const given = metadata.managedFields
  if (subresource !== '' || given === undefined || deepEqual(given, live?.metadata.managedFields)) return undefined
  return managedOrNothing(given, false)
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
  return { managers, times }
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
  return finished(appliedTo(kind, live, config, manager, force, now), config, manager)
}

/** As applyObject, of objects with huge maps; everything else that waits has its turns meanwhile. */
export async function applyHugeObject(
  kind: ManagedKind,
  live: KubeObject | undefined,
  config: object,
  manager: string,
  force: boolean,
  now: number,
  pieces: Pieces,
  clock: Clock,
): Promise<KubeObject> {
  await unhurried(() => checkConfiguration(kind, config), clock)
  const lives = live && (await pieces.split(live))
  const configs = await pieces.split(config as KubeObject)
  const results = await inSlices(
    configs.entries(),
    ([i, piece]) => appliedTo(kind, lives?.[i], piece, manager, force, now),
    clock,
  )
  const value = await pieces.joinValue(results.map(({ value }) => value))
  const managed = await pieces.joinManaged(
    results.map(({ managed }) => managed),
    formatTime(now),
  )
  const conflicts = results.some((result) => result.conflicts)
    ? new Conflicts(await pieces.joinSets(results.map((result) => result.conflicts?.sets ?? new Map())))
    : undefined
  return finished({ value: value as KubeObject, managed, conflicts }, config, manager)
}

/** An apply that is done but for what is written about it. */
interface AppliedObject {
  /** Shares nothing with what it was made of. */
  readonly value: KubeObject
  readonly managed: Managed
  /** Those that the manager has not been forgiven. */
  readonly conflicts: Conflicts | undefined
}

function appliedTo(
  kind: ManagedKind,
  live: KubeObject | undefined,
  config: object,
  manager: string,
  force: boolean,
  now: number,
): AppliedObject {
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
  const result = applyUpgrading(kind, before, config, managed, manager, force)
  if (result instanceof Conflicts) return { value: current, managed, conflicts: result }
  const { value, managers } = result
  const owned = managers.get(id)
  // a manager that changes nothing leaves the time of its last change as it was
  const times = deepEqual(before.value, value) ? managed.times : new Map(managed.times).set(id, formatTime(now))
  const stripping = owned ? withManager(managers, id, { ...owned, set: difference(owned.set, stripped) }) : managers
  return { value: clone(value) as KubeObject, managed: { managers: stripping, times }, conflicts: undefined }
}

function finished({ value: object, managed, conflicts }: AppliedObject, config: object, manager: string): KubeObject {
  if (conflicts !== undefined) throw conflictError(conflicts)
  const managedFields = writeManagedFields(managed)
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
): Applied | Conflicts {
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
    return left ?? apply(true)
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
