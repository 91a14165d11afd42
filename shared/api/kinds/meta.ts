import { deepEqual } from '../../machinery/deep.ts'
import { FieldPath, forbidden, invalid, required, tooLong, type FieldError } from '../../machinery/fieldpath.ts'
import type { ObjectMeta, OwnerReference } from '../../machinery/meta-v1.gen.ts'
import { isDNS1123Label, isLabelValue, isQualifiedName } from '../../machinery/names.ts'
import { quote } from '../../machinery/quote.ts'
import type { NameRule } from './kind.ts'
import { nameRules } from './name-rules.ts'

const maxAnnotationBytes = 256 * 1024
const immutable = 'field is immutable'
const metadata = new FieldPath('metadata')

type Strings = Readonly<Record<string, string>> | undefined

/** Metadata of a new object, after generateName has become a name. Finalizers of custom resources may have any name. */
// apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessor
export function validateMeta(
  meta: ObjectMeta,
  namespaced: boolean,
  rule: NameRule,
  path = metadata,
  custom = false,
): FieldError[] {
  const errors: FieldError[] = []
  const check = nameRules[rule]
  if (meta.generateName)
    for (const text of check(meta.generateName, true))
      errors.push(invalid(path.child('generateName'), meta.generateName, text))
  if (!meta.name) errors.push(required(path.child('name'), 'name or generateName is required'))
  else for (const text of check(meta.name, false)) errors.push(invalid(path.child('name'), meta.name, text))
  if (!namespaced) {
    if (meta.namespace) errors.push(forbidden(path.child('namespace'), 'not allowed on this type'))
  } else if (!meta.namespace) errors.push(required(path.child('namespace')))
  else
    for (const text of isDNS1123Label(meta.namespace))
      errors.push(invalid(path.child('namespace'), meta.namespace, text))
  if ((meta.generation ?? 0) < 0)
    errors.push(invalid(path.child('generation'), meta.generation, 'must be greater than or equal to 0'))
  checkCommon(meta, path, errors)
  checkFinalizers(meta.finalizers ?? [], path.child('finalizers'), custom, errors)
  return errors
}

/** What an update may do to metadata. */
// apimachinery/pkg/api/validation/objectmeta.go ValidateObjectMetaAccessorUpdate
export function validateMetaUpdate(meta: ObjectMeta, old: ObjectMeta, path = metadata, custom = false): FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp) checkNoNewFinalizers(meta, old, path.child('finalizers'), errors)
  if (!meta.resourceVersion)
    errors.push(invalid(path.child('resourceVersion'), meta.resourceVersion ?? '', 'must be specified for an update'))
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(invalid(path.child('generation'), meta.generation ?? 0, 'must not be decremented'))
  const fixed = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const
  for (const field of fixed)
    if ((meta[field] ?? '') !== (old[field] ?? ''))
      errors.push(invalid(path.child(field), meta[field] ?? '', immutable))
  checkCommon(meta, path, errors)
  const names = meta.finalizers ?? []
  if (!custom && !deepEqual(names, old.finalizers ?? []))
    for (const [i, name] of names.entries()) checkStandardFinalizer(name, path.child('finalizers').index(i), errors)
  return errors
}

// labels, annotations, owners and managed fields: the same on create and update
function checkCommon(meta: ObjectMeta, path: FieldPath, errors: FieldError[]): void {
  if (meta.labels) checkLabels(meta.labels, path.child('labels'), errors)
  if (meta.annotations) checkAnnotations(meta.annotations, path.child('annotations'), errors)
  if (meta.ownerReferences) checkOwners(meta.ownerReferences, path.child('ownerReferences'), errors)
  for (const [i, entry] of (meta.managedFields ?? []).entries()) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      errors.push(
        invalid(
          path.child('managedFields').index(i).child('operation'),
          entry.operation ?? '',
          'must be `Apply` or `Update`',
        ),
      )
  }
}

/** Label keys and values. */
// apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateLabels
export function checkLabels(labels: Strings, path: FieldPath, errors: FieldError[]): void {
  for (const key in labels) {
    for (const text of isQualifiedName(key)) errors.push(invalid(path, key, text))
    const value = labels[key] ?? ''
    for (const text of isLabelValue(value)) errors.push(invalid(path, value, text))
  }
}

/** Annotation keys, and the size of all annotations together. */
// apimachinery/pkg/api/validation/objectmeta.go ValidateAnnotations
export function checkAnnotations(annotations: Strings, path: FieldPath, errors: FieldError[]): void {
  let size = 0
  for (const key in annotations) {
    for (const text of isQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, text))
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] ?? '')
  }
  if (size > maxAnnotationBytes) errors.push(tooLong(path, '', maxAnnotationBytes))
}

// apimachinery/pkg/api/validation/objectmeta.go ValidateOwnerReferences
function checkOwners(owners: readonly OwnerReference[], path: FieldPath, errors: FieldError[]): void {
  let controller = ''
  for (const owner of owners) {
    const version = (owner.apiVersion ?? '').split('/').at(-1)
    if (!version) errors.push(invalid(path.child('apiVersion'), owner.apiVersion ?? '', 'version must not be empty'))
    for (const field of ['kind', 'name', 'uid'] as const)
      if (!owner[field]) errors.push(invalid(path.child(field), owner[field] ?? '', 'must not be empty'))
    if (owner.apiVersion === 'v1' && owner.kind === 'Event')
      errors.push(invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'))
    if (!owner.controller) continue
    const name = `${owner.kind}/${owner.name}`
    if (controller) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`
      errors.push(invalid(path, owners, detail))
    } else controller = name
  }
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

// apimachinery/pkg/api/validation/objectmeta.go ValidateFinalizers
function checkFinalizers(finalizers: readonly string[], path: FieldPath, custom: boolean, errors: FieldError[]): void {
  for (const [i, name] of finalizers.entries()) {
    for (const text of isQualifiedName(name)) errors.push(invalid(path, name, text))
    if (!custom) checkStandardFinalizer(name, path.index(i), errors)
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
}

// pkg/apis/core/validation/validation.go validateKubeFinalizerName
function checkStandardFinalizer(name: string, path: FieldPath, errors: FieldError[]): void {
  if (!name.includes('/') && !standardFinalizers.has(name))
    errors.push(invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified'))
}

// apimachinery/pkg/api/validation/objectmeta.go ValidateNoNewFinalizers
function checkNoNewFinalizers(meta: ObjectMeta, old: ObjectMeta, path: FieldPath, errors: FieldError[]): void {
  const extra = (meta.finalizers ?? []).filter((name) => !old.finalizers?.includes(name)).sort()
  if (extra.length === 0) return
  const list = `[]string{${extra.map(quote).join(', ')}}`
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`
  errors.push(forbidden(path, detail))
}
