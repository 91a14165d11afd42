import { findKindByGVK, kinds } from '@kubets/shared/api/kinds/index.ts'
import type { Kind } from '@kubets/shared/api/kinds/kind.ts'
import { nodeOf, type Shape } from '@kubets/shared/api/schemas.ts'
import {
  applyHugeObject,
  applyObject,
  managedFieldsOfHugeUpdate,
  managedFieldsOfUpdate,
  type ManagedKind,
} from '@kubets/shared/machinery/apply/field-manager.ts'
import { Pieces } from '@kubets/shared/machinery/apply/pieces.ts'
import type { ReplicasPaths } from '@kubets/shared/machinery/apply/scale.ts'
import type { Typed, Versions } from '@kubets/shared/machinery/apply/updater.ts'
import { fieldElement, type PathElement } from '@kubets/shared/machinery/apply/path-element.ts'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { clone, deepEqual } from '@kubets/shared/machinery/deep.ts'
import { apiVersionOf, type KubeObject } from '@kubets/shared/machinery/object.ts'
import { decodeObject } from '@kubets/shared/machinery/schema/decode.ts'
import type { ObjectNode } from '@kubets/shared/machinery/schema/node.ts'
import { unhurried } from '@kubets/shared/machinery/slices.ts'
import { mayOwn } from './owned-fields.ts'
import { resourceOf } from './stored.ts'
import type { RequestScope, UpdateSubresource } from './types.ts'

/** The shape of what is written under a subresource: scale has its own. */
export function shapeOf(kind: Kind, subresource: string): Shape {
  return subresource === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : kind
}

const made = new WeakMap<Kind, Map<string, ManagedKind>>()

/** What ownership needs to know of a kind, or of one of its subresources. */
export function managedKind(kind: Kind, subresource: string): ManagedKind {
  let bySubresource = made.get(kind)
  if (!bySubresource) made.set(kind, (bySubresource = new Map()))
  let managed = bySubresource.get(subresource)
  if (!managed) bySubresource.set(subresource, (managed = makeManagedKind(kind, subresource)))
  return managed
}

function makeManagedKind(kind: Kind, subresource: string): ManagedKind {
  const shape = shapeOf(kind, subresource)
  const node = nodeOf(shape)
  const { group, version } = shape
  const apiVersion = apiVersionOf(shape)
  return { group, version, kind: shape.kind, apiVersion, subresource, node, versions: versionsOf(kind, subresource) }
}

function versionsOf(kind: Kind, subresource: string): Versions {
  return {
    convert: (object, apiVersion) => (subresource === 'scale' ? sameVersion : convert)(kind, object, apiVersion),
    own: (set) => mayOwn(kind, subresource, set),
  }
}

const sameVersion = (_: Kind, object: Typed, apiVersion: string): Typed | undefined =>
  apiVersion === versionOf(object.node) ? object : undefined

const versionOf = ({ kind }: ObjectNode): string => (kind ? apiVersionOf(kind) : '')

/** An object in the shape of another version whose objects are kept in the same place. */
function convert(kind: Kind, object: Typed, apiVersion: string): Typed | undefined {
  const from = versionOf(object.node)
  if (from === apiVersion) return object
  // versions of a custom kind share their fields' names but where a webhook converts, which would have to be waited for
  if (kind.schema) return apiVersion.startsWith(`${kind.group}/`) ? object : undefined
  const [source, target] = [from, apiVersion].map((version) => siblingOf(kind, version))
  if (!source || !target) return undefined
  // what ownership has taken out of it may be null or missing, which no conversion expects
  const whole = decodeObject(object.node, clone(object.value), 'Ignore').object as unknown as KubeObject
  const stored = source.storedAs ? source.storedAs.to(whole) : whole
  const value = target.storedAs ? target.storedAs.from(stored) : stored
  return { node: nodeOf(target), value }
}

function siblingOf(kind: Kind, apiVersion: string): Kind | undefined {
  const other = findKindByGVK(apiVersion, kind.kind)
  return other && deepEqual(placeOf(other), placeOf(kind)) ? other : undefined
}

const placeOf = (kind: Kind): { group: string; plural: string } => {
  const { group, plural } = resourceOf(kind)
  return { group, plural }
}

/** Where each version of a kind has its replicas. */
export function replicasPaths(kind: Kind): ReplicasPaths {
  if (kind.schema) {
    const [path] = pathOf(kind)
    return { get: (apiVersion) => (apiVersion.startsWith(`${kind.group}/`) ? path : undefined) }
  }
  const versions = kinds.filter((other) => other.kind === kind.kind && deepEqual(placeOf(other), placeOf(kind)))
  return new Map(versions.flatMap((version) => pathOf(version).map((path) => [apiVersionOf(version), path] as const)))
}

const pathOf = ({ scale }: Kind): PathElement[][] =>
  scale ? [scale.specReplicas.split('.').filter(Boolean).map(fieldElement)] : []

/** Writes down, in place, who owns the fields of a changed or new object: `old` is absent on create. */
export async function trackFields(
  scope: RequestScope,
  subresource: UpdateSubresource,
  object: KubeObject,
  old: KubeObject | undefined,
  clock: Clock,
): Promise<void> {
  const { kind, fieldManager } = scope
  // the apiserver's own bookkeeping owns nothing
  if (fieldManager === undefined) return
  const managed = managedKind(kind, subresource)
  const pieces = Pieces.of([old, object], clock)
  const now = clock.now()
  const managedFields = pieces
    ? await managedFieldsOfHugeUpdate(managed, old, object, fieldManager, now, pieces, clock)
    : await unhurried(() => managedFieldsOfUpdate(managed, old, object, fieldManager, now), clock)
  if (managedFields === undefined) delete object.metadata.managedFields
  else object.metadata.managedFields = managedFields
}

/** Applies a configuration to an object, or to its Scale; see applyObject. */
export async function apply(
  { kind, fieldManager = '' }: RequestScope,
  subresource: string,
  config: object,
  force: boolean,
  live: KubeObject | undefined,
  clock: Clock,
): Promise<KubeObject> {
  const managed = managedKind(kind, subresource)
  const pieces = Pieces.of([live, config], clock)
  const now = clock.now()
  return pieces
    ? applyHugeObject(managed, live, config, fieldManager, force, now, pieces, clock)
    : unhurried(() => applyObject(managed, live, config, fieldManager, force, now), clock)
}

/** Does nothing but the times in managedFields set these two apart? */
// apiserver/pkg/endpoints/handlers/fieldmanager/equality.go IgnoreManagedFieldsTimestampsTransformer
export function sameButTimes(object: KubeObject, old: KubeObject): boolean {
  const entries = object.metadata.managedFields
  const before = old.metadata.managedFields
  if (!entries || entries.length !== before?.length) return deepEqual(object, old)
  const timeless = entries.map((entry, index) => ({ ...entry, time: before[index]?.time }))
  return deepEqual({ ...object, metadata: { ...object.metadata, managedFields: timeless } }, old)
}
