import { posix } from 'node:path'
import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../../../types/core-v1.ts'
import { checkImmutable, checkText } from '../../checks.ts'
import { differenceText } from '../../difference.ts'
import { checkNodeSelector } from '../../pod-spec/affinity.ts'
import { quantityOr } from '../../quantities.ts'
import { checkAccessModes, checkVolumeMode } from '../persistentvolumeclaims/spec.ts'
import { checkVolumeSource, sourceNames } from './sources.ts'

const path = new FieldPath('spec')
const policies = ['Delete', 'Recycle', 'Retain']

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeSpec
export function validate({ spec, metadata }: PersistentVolume): FieldError[] {
  const errors: FieldError[] = []
  checkAccessModes(spec.accessModes, '', path.child('accessModes'), errors)
  checkCapacity(spec, errors)
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && !policies.includes(policy))
    errors.push(notSupported(path.child('persistentVolumeReclaimPolicy'), policy, policies))
  if (spec.nodeAffinity) {
    const at = path.child('nodeAffinity', 'required')
    if (spec.nodeAffinity.required) checkNodeSelector(spec.nodeAffinity.required, at, errors)
    else errors.push(required(at, 'must specify required node constraints'))
  }
  checkVolumeSource(spec, path, errors)
  checkCombinations(spec, metadata.name ?? '', errors)
  if (spec.storageClassName)
    checkText(spec.storageClassName, isDNS1123Subdomain, path.child('storageClassName'), errors)
  checkVolumeMode(spec.volumeMode, path.child('volumeMode'), errors)
  checkAttributesClass(spec, path, errors)
  return errors
}

function checkCapacity({ capacity = {} }: PersistentVolumeSpec, errors: FieldError[]): void {
  const at = path.child('capacity')
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required(at))
  if (capacity['storage'] === undefined || names.length > 1) errors.push(notSupported(at, capacity, ['storage']))
  for (const name of names) {
    const amount = quantityOr(capacity[name])
    if (!amount) continue
    if (amount.sign < 0) errors.push(invalid(at.key(name), amount.value(), 'must be a valid resource quantity'))
    if (amount.sign <= 0) errors.push(invalid(at.key(name), amount.toString(), 'must be greater than zero'))
  }
}

function checkCombinations(spec: PersistentVolumeSpec, name: string, errors: FieldError[]): void {
  const { iscsi, hostPath } = spec
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal}`.length > 64) {
    const detail =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalid(path.child('iscsi', 'targetportal'), iscsi.targetPortal, detail))
  }
  if (hostPath && posix.normalize(hostPath.path || '.') === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const detail = "may not be 'recycle' for a hostPath mount of '/'"
    errors.push(forbidden(path.child('persistentVolumeReclaimPolicy'), detail))
  }
}

function checkAttributesClass(spec: PersistentVolumeSpec, at: FieldPath, errors: FieldError[]): void {
  const name = spec.volumeAttributesClassName
  if (name === undefined) return
  const where = at.child('volumeAttributesClassName')
  if (name === '') errors.push(required(where, 'an empty string is disallowed'))
  else checkText(name, isDNS1123Subdomain, where, errors)
  if (!spec.csi) errors.push(required(at.child('csi'), 'has to be specified when using volumeAttributesClassName'))
}

/** Adds what is wrong with the spec of a volume that stands in a VolumeAttachment. */
// pkg/apis/core/validation/validation.go ValidatePersistentVolumeSpec with validateInlinePersistentVolumeSpec
export function checkInlineVolume(spec: PersistentVolumeSpec, at: FieldPath, errors: FieldError[]): void {
  const text = 'may not be specified in the context of inline volumes'
  if (spec.claimRef) errors.push(forbidden(at.child('claimRef'), text))
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(forbidden(at.child('capacity'), text))
  if (!spec.csi) errors.push(required(at.child('csi'), 'has to be specified in the context of inline volumes'))
  checkAccessModes(spec.accessModes, '', at.child('accessModes'), errors)
  const policy = spec.persistentVolumeReclaimPolicy
  if (policy && policy !== 'Retain')
    errors.push(
      forbidden(at.child('persistentVolumeReclaimPolicy'), 'may only be Retain in the context of inline volumes'),
    )
  if (spec.nodeAffinity) errors.push(forbidden(at.child('nodeAffinity'), text))
  checkVolumeSource(spec, at, errors)
  if (spec.storageClassName) errors.push(forbidden(at.child('storageClassName'), text))
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem') {
    const detail = 'may not specify volumeMode other than Filesystem in the context of inline volumes'
    errors.push(forbidden(at.child('volumeMode'), detail))
  }
  checkAttributesClass(spec, at, errors)
}

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeUpdate
export function validateUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validate(volume)
  const before = sourceOf(old.spec)
  const now = sourceOf(volume.spec)
  // the Secret for growing may be given later
  if (old.spec.csi && now.csi && !old.spec.csi.controllerExpandSecretRef) {
    const { controllerExpandSecretRef: _, ...csi } = now.csi
    now.csi = csi
  }
  if (!deepEqual(now, before)) {
    const text = `spec.persistentvolumesource is immutable after creation\n${differenceText(before, now)}`
    errors.push(forbidden(path.child('persistentvolumesource'), text))
  }
  checkImmutable(volume.spec.volumeMode, old.spec.volumeMode, new FieldPath('volumeMode'), errors)
  if (old.spec.nodeAffinity)
    checkImmutable(volume.spec.nodeAffinity, old.spec.nodeAffinity, new FieldPath('nodeAffinity'), errors)
  if (old.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined) {
    const detail = 'update from non-nil value to nil is forbidden'
    errors.push(forbidden(path.child('volumeAttributesClassName'), detail))
  }
  return errors
}

function sourceOf(spec: PersistentVolumeSpec): PersistentVolumeSpec {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => sourceNames.has(field)))
}
