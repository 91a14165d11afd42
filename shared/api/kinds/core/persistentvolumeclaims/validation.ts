import { deepEqual } from '../../../../machinery/deep.ts'
import {
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../types/core-v1.ts'
import { checkImmutable } from '../../checks.ts'
import { differenceText } from '../../difference.ts'
import { checkQuantity, isNative, quantityOr } from '../../quantities.ts'
import { checkClaimSpec } from './spec.ts'

const path = new FieldPath('spec')
const betaClass = 'volume.beta.kubernetes.io/storage-class'

export function validate({ spec }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = []
  checkClaimSpec(spec, path, errors)
  return errors
}

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimUpdate
export function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validate(claim)
  const upgrades = upgradesFromAnnotation(claim, old)
  const annotation = (obj: PersistentVolumeClaim): string => obj.metadata.annotations?.[betaClass] ?? ''
  if (!upgrades && annotation(claim) !== annotation(old)) {
    const at = new FieldPath('metadata', 'annotations', betaClass)
    errors.push(invalid(at, annotation(claim), 'field is immutable'))
  }
  const before: PersistentVolumeClaimSpec = { ...old.spec }
  const now = withoutChangeable(claim, old, upgrades)
  if (!before.volumeName) {
    delete before.volumeName
    delete now.volumeName
  }
  if (!deepEqual(now, before)) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(forbidden(path, `${text}\n${differenceText(before, now)}`))
  }
  checkSmaller(claim, old, errors)
  checkImmutable(claim.spec.volumeMode, old.spec.volumeMode, new FieldPath('volumeMode'), errors)
  const attributes = old.spec.volumeAttributesClassName
  const wanted = claim.spec.volumeAttributesClassName
  const at = path.child('volumeAttributesClassName')
  if (attributes !== undefined && wanted === undefined)
    errors.push(forbidden(at, 'update from non-nil value to nil is forbidden'))
  else if (attributes !== undefined && attributes !== wanted && wanted === '')
    errors.push(forbidden(at, 'update from non-nil value to an empty string is forbidden'))
  return errors
}

// the new spec, with what may change put back to what it was
function withoutChangeable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, upgrades: boolean) {
  const now: PersistentVolumeClaimSpec = { ...claim.spec }
  if (upgrades) delete now.storageClassName
  else if (old.spec.storageClassName === undefined && takesClass(claim, old)) delete now.storageClassName
  if (claim.status?.phase !== 'Bound') return now
  const size = old.spec.resources?.requests?.['storage']
  if (now.resources?.requests && size !== undefined)
    now.resources = { ...now.resources, requests: { ...now.resources.requests, storage: size } }
  if (now.volumeAttributesClassName !== undefined) {
    if (old.spec.volumeAttributesClassName === undefined) delete now.volumeAttributesClassName
    else now.volumeAttributesClassName = old.spec.volumeAttributesClassName
  }
  return now
}

// pkg/apis/core/validation/validation.go validateStorageClassUpgradeFromNil
function takesClass({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const annotation = old.metadata.annotations?.[betaClass]
  return annotation === undefined || spec.storageClassName === annotation
}

// pkg/apis/core/validation/validation.go validateStorageClassUpgradeFromAnnotation
function upgradesFromAnnotation(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const before = old.metadata.annotations?.[betaClass]
  const now = claim.metadata.annotations?.[betaClass]
  if (before === undefined || old.spec.storageClassName !== undefined) return false
  return claim.spec.storageClassName === before && (now === undefined || now === before)
}

// a claim may take back a growth that failed, but not shrink below what it has
function checkSmaller(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldError[]): void {
  const size = quantityOr(claim.spec.resources?.requests?.['storage'])
  const before = quantityOr(old.spec.resources?.requests?.['storage'])
  const has = quantityOr(old.status?.capacity?.['storage'] ?? '0')
  if (size && before && has && size.cmp(before) < 0 && size.cmp(has) <= 0)
    errors.push(forbidden(path.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'))
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort()

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimStatusUpdate
export function validateStatusUpdate(claim: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = []
  const { status = {} } = claim
  if ((claim.spec.accessModes ?? []).length === 0) errors.push(required(new FieldPath('Spec', 'accessModes')))
  checkBasic(status.capacity, new FieldPath('status', 'capacity'), errors)
  const states = new FieldPath('status', 'allocatedResourceStatus')
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    checkResourceKey(name, states, errors)
    if (!resizeStates.includes(state)) errors.push(notSupported(states, name, resizeStates))
  }
  const allocated = new FieldPath('status', 'allocatedResources')
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {}))
    if (checkResourceKey(name, allocated, errors)) checkQuantity('storage', amount, allocated.key(name), errors)
  return errors
}

function checkBasic(list: Record<string, string> | undefined, at: FieldPath, errors: FieldError[]): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const amount = quantityOr(text)
    if (amount && amount.sign < 0)
      errors.push(invalid(at.key(name), amount.value(), 'must be a valid resource quantity'))
  }
}

// pkg/apis/core/validation/validation.go validatePersistentVolumeClaimResourceKey
function checkResourceKey(name: string, at: FieldPath, errors: FieldError[]): boolean {
  const problems = isQualifiedName(name).map((text) => invalid(at, name, text))
  if (problems.length === 0 && isNative(name) && name !== 'storage') problems.push(notSupported(at, name, ['storage']))
  errors.push(...problems)
  return problems.length === 0
}
