import { clone, deepEqual } from '../../machinery/deep.ts'
import type { FieldError } from '../../machinery/fieldpath.ts'
import type { KubeObject } from '../../machinery/object.ts'
import { zeroOf } from '../../machinery/schema/zero.ts'
import { nodeOf } from '../schemas.ts'
import type { Kind, Requester } from './kind.ts'
import { validateMeta, validateMetaUpdate } from './meta.ts'

// What every kind does around its own functions; the registry calls these and never the kind's own.
// pkg/registry/*/strategy.go

type Fields = KubeObject & Record<string, unknown>

/** A new object, in place: an empty status, generation 1, then the kind's own. `by`: who sends it. */
export function prepareForCreate(kind: Kind, obj: KubeObject, by?: Requester): void {
  if (kind.subresources.includes('status') && !kind.statusOnCreate) emptyStatus(kind, obj as Fields)
  if (kind.generation) obj.metadata.generation = 1
  else delete obj.metadata.generation
  delete obj.metadata.deletionTimestamp
  delete obj.metadata.deletionGracePeriodSeconds
  delete obj.metadata.selfLink
  kind.prepareForCreate?.(obj, by)
}

/** A changed object, in place: status stays as it was, and the generation counts changes. */
export function prepareForUpdate(kind: Kind, obj: KubeObject, old: KubeObject): void {
  if (kind.subresources.includes('status')) take('status', obj, old)
  keepSystemFields(obj, old)
  kind.prepareForUpdate?.(obj, old)
  if (kind.generation && wantsChanged(kind, obj, old)) obj.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** An update of the subresource status at `now`, in place: all but status and metadata stays as it was. */
export function prepareForStatusUpdate(kind: Kind, obj: KubeObject, old: KubeObject, now: string): void {
  for (const field of new Set([...Object.keys(obj), ...Object.keys(old)]))
    if (field !== 'status' && field !== 'metadata') take(field, obj, old)
  keepSystemFields(obj, old)
  kind.prepareForStatusUpdate?.(obj, old, now)
}

/** Everything wrong with a new object. */
export function validateCreate(kind: Kind, obj: KubeObject): FieldError[] {
  const errors = validateMeta(obj.metadata, kind.namespaced, kind.nameRule, undefined, kind.schema?.structural)
  return kind.validate ? errors.concat(kind.validate(obj)) : errors
}

/** Everything wrong with a changed object. */
export function validateUpdate(kind: Kind, obj: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateMetaUpdate(obj.metadata, old.metadata, undefined, kind.schema?.structural)
  if (kind.validateUpdate) return errors.concat(kind.validateUpdate(obj, old))
  return kind.validate ? errors.concat(kind.validate(obj)) : errors
}

/** Everything wrong with an update of the subresource status. */
export function validateStatusUpdate(kind: Kind, obj: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateMetaUpdate(obj.metadata, old.metadata)
  return kind.validateStatusUpdate ? errors.concat(kind.validateStatusUpdate(obj, old)) : errors
}

// Go's zero struct: written even where it says omitempty. Custom resources have no such struct, and so no status.
function emptyStatus(kind: Kind, obj: Fields): void {
  const field = nodeOf(kind).filled.find(({ name }) => name === 'status')
  if (field) obj['status'] = zeroOf(field.node)
  else delete obj['status']
}

function take(field: string, obj: KubeObject, old: KubeObject): void {
  const value = (old as Fields)[field]
  if (value === undefined) delete (obj as Fields)[field]
  else (obj as Fields)[field] = clone(value)
}

// staging/src/k8s.io/apiserver/pkg/registry/rest/update.go BeforeUpdate: what a client leaves out is kept, and what is
// not a client's to set is not taken from it
function keepSystemFields({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  delete metadata.selfLink
  if (old.generation === undefined) delete metadata.generation
  else metadata.generation = old.generation
  metadata.uid ||= old.uid
  if (old.creationTimestamp) metadata.creationTimestamp = old.creationTimestamp
  if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp
  metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds
}

// metadata does not count, nor status where it is a subresource; for most kinds what is left is spec
function wantsChanged(kind: Kind, obj: KubeObject, old: KubeObject): boolean {
  for (const field of new Set([...Object.keys(obj), ...Object.keys(old)])) {
    if (
      (field === 'status' && kind.subresources.includes('status')) ||
      field === 'metadata' ||
      field === 'apiVersion' ||
      field === 'kind'
    )
      continue
    if (!deepEqual((obj as Fields)[field], (old as Fields)[field])) return true
  }
  return false
}

const ofTheOwner = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const

/** An update of status that may not touch metadata: labels, annotations, finalizers and owners stay, in place. */
// apimachinery/pkg/apis/meta/v1/meta.go ResetObjectMetaForStatus
export function resetMetaForStatus({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  const values: Record<string, unknown> = metadata as Record<string, unknown>
  for (const field of ofTheOwner) {
    if (old[field] === undefined) delete values[field]
    else values[field] = clone(old[field])
  }
}
