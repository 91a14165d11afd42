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
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../types/core-v1.ts'
import { checkImmutable, checkLabelSelector, checkText } from '../../checks.ts'
import { checkQuantity, quantityOr } from '../../quantities.ts'

const path = new FieldPath('spec')
const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const volumeModes = ['Block', 'Filesystem']

/** Adds what is wrong with the ways a volume may be mounted. */
// pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec
export function checkAccessModes(given: readonly string[] | undefined, missing: string, errors: FieldError[]): void {
  const at = path.child('accessModes')
  const list = given ?? []
  if (list.length === 0) errors.push(required(at, missing))
  for (const mode of list) if (!modes.includes(mode)) errors.push(notSupported(at, mode, modes))
  const known = list.filter((mode) => modes.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden(at, 'may not use ReadWriteOncePod with other access modes'))
}

/** Adds what is wrong with the class and the mode of a volume or claim. */
export function checkClassAndMode(
  { storageClassName: name, volumeMode: mode }: { storageClassName?: string; volumeMode?: string },
  errors: FieldError[],
): void {
  if (name) checkText(name, isDNS1123Subdomain, path.child('storageClassName'), errors)
  if (mode !== undefined && !volumeModes.includes(mode))
    errors.push(notSupported(path.child('volumeMode'), mode, volumeModes))
}

export function validate({ spec }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = []
  checkAccessModes(spec.accessModes, 'at least 1 access mode is required', errors)
  checkLabelSelector(spec.selector, path.child('selector'), errors)
  const at = path.child('resources').key('storage')
  const size = spec.resources?.requests?.['storage']
  if (size === undefined) errors.push(required(at))
  else {
    const amount = checkQuantity('storage', size, at, errors)
    if (amount?.isZero) errors.push(invalid(at, amount.toString(), 'must be greater than zero'))
  }
  checkClassAndMode(spec, errors)
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[field]
    if (!source) continue
    const where = path.child(field)
    if (!source.name) errors.push(required(where.child('name')))
    if (!source.kind) errors.push(required(where.child('kind')))
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') {
      const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
      errors.push(invalid(where, source.kind, detail))
    }
  }
  return errors
}

// pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimUpdate
export function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validate(claim)
  const bound = old.status?.phase === 'Bound'
  const rest = (spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec => {
    const { volumeAttributesClassName: _, ...kept } = spec
    if (!old.spec.volumeName) delete kept.volumeName
    if (old.spec.storageClassName === undefined) delete kept.storageClassName
    if (bound) kept.resources = { ...kept.resources, requests: { ...kept.resources?.requests, storage: '0' } }
    return kept
  }
  if (!deepEqual(rest(claim.spec), rest(old.spec))) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(forbidden(path, `${text}\n`))
  }
  const size = quantityOr(claim.spec.resources?.requests?.['storage'])
  const before = quantityOr(old.spec.resources?.requests?.['storage'])
  const has = quantityOr(old.status?.capacity?.['storage'])
  if (size && before && size.cmp(before) < 0 && (!has || size.cmp(has) <= 0))
    errors.push(forbidden(path.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'))
  checkImmutable(claim.spec.volumeMode, old.spec.volumeMode, new FieldPath('volumeMode'), errors)
  return errors
}
