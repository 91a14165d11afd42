import type { ManagedFieldsEntry } from '../meta-v1.gen.ts'
import { difference, hasPath, isEmpty, setOfPaths } from './field-set.ts'
import { readManagedFields, writeManagedFields, type Managed, type Owned } from './managers.ts'
import type { PathElement } from './path-element.ts'

const scaleVersion = 'autoscaling/v1'
const replicas: readonly PathElement[] = ['f:spec', 'f:replicas']

/** Where the replicas are, by the apiVersion of the scaled kind; an entry of any other apiVersion is dropped. */
export interface ReplicasPaths {
  get(apiVersion: string): readonly PathElement[] | undefined
}

/** What of an object's managedFields concerns its Scale. */
// apimachinery/pkg/util/managedfields/scalehandler.go ToSubresource
export function managedFieldsOfScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined {
  const { managers, times } = readManagedFields(entries, true)
  const scaled = new Map<string, Owned>()
  for (const [id, { set, apiVersion, applied }] of managers) {
    const path = paths.get(apiVersion)
    if (path !== undefined && hasPath(set, path))
      scaled.set(id, { set: setOfPaths(replicas), apiVersion: scaleVersion, applied })
  }
  return writeManagedFields({ managers: scaled, times })
}

/** An object's managedFields after its Scale has changed hands. */
// apimachinery/pkg/util/managedfields/scalehandler.go ToParent
export function managedFieldsOfScaled(
  entries: readonly ManagedFieldsEntry[] | undefined,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
  apiVersion: string,
): ManagedFieldsEntry[] | undefined {
  const parent = readManagedFields(entries, true)
  const scale = new Map(readManagedFields(scaleEntries).managers)
  const managers = new Map<string, Owned>()
  for (const [id, owned] of parent.managers) {
    const path = paths.get(owned.apiVersion)
    if (path === undefined) continue
    const kept = !hasPath(owned.set, path) || scale.delete(id)
    const set = kept ? owned.set : difference(owned.set, setOfPaths(path))
    if (!isEmpty(set)) managers.set(id, { ...owned, set })
  }
  const path = paths.get(apiVersion) ?? replicas
  for (const [id, { set, applied }] of scale)
    if (hasPath(set, replicas)) managers.set(id, { set: setOfPaths(path), apiVersion, applied })
  const merged: Managed = { managers, times: parent.times }
  return writeManagedFields(merged)
}
