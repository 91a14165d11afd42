import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '../../../../machinery/fieldpath.ts'
import { isDNS1123Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../../../types/core-v1.ts'
import { checkLabelSelector, checkText } from '../../checks.ts'
import { checkQuantity, quantityOr } from '../../quantities.ts'

const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const volumeModes = ['Block', 'Filesystem']

/** Adds what is wrong with the ways a volume may be mounted; `missing` is said where there are none. */
export function checkAccessModes(
  given: readonly string[] | undefined,
  missing: string,
  at: FieldPath,
  errors: FieldError[],
): void {
  const list = given ?? []
  if (list.length === 0) errors.push(required(at, missing))
  for (const mode of list) if (!modes.includes(mode)) errors.push(notSupported(at, mode, modes))
  const known = list.filter((mode) => modes.includes(mode))
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden(at, 'may not use ReadWriteOncePod with other access modes'))
}

export function checkVolumeMode(mode: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (mode !== undefined && !volumeModes.includes(mode)) errors.push(notSupported(path, mode, volumeModes))
}

/** Adds what is wrong with the spec of a claim, or of the template of one. */
// pkg/apis/core/validation/validation.go ValidatePersistentVolumeClaimSpec
export function checkClaimSpec(
  given: PersistentVolumeClaimSpec | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const spec = given ?? {}
  if ((spec.accessModes ?? []).length === 0)
    errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'))
  checkLabelSelector(spec.selector, path.child('selector'), errors)
  if ((spec.accessModes ?? []).length > 0) checkAccessModes(spec.accessModes, '', path.child('accessModes'), errors)
  checkSize(spec, path.child('resources').key('storage'), errors)
  if (spec.storageClassName)
    checkText(spec.storageClassName, isDNS1123Subdomain, path.child('storageClassName'), errors)
  checkVolumeMode(spec.volumeMode, path.child('volumeMode'), errors)
  checkDataSource(spec.dataSource, path.child('dataSource'), errors)
  checkDataSource(spec.dataSourceRef, path.child('dataSourceRef'), errors)
  checkBothSources(spec, path, errors)
  const attributes = spec.volumeAttributesClassName
  if (attributes) checkText(attributes, isDNS1123Subdomain, path.child('volumeAttributesClassName'), errors)
}

function checkSize({ resources }: PersistentVolumeClaimSpec, at: FieldPath, errors: FieldError[]): void {
  const size = resources?.requests?.['storage']
  if (size === undefined) {
    errors.push(required(at))
    return
  }
  const amount = quantityOr(size)
  if (amount && amount.sign <= 0) errors.push(invalid(at, amount.toString(), 'must be greater than zero'))
  else checkQuantity('storage', size, at, errors)
}

// pkg/apis/core/validation/validation.go validateDataSource, validateDataSourceRef
function checkDataSource(source: TypedObjectReference | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!source) return
  const { name, kind, apiGroup = '', namespace } = source
  if (!name) errors.push(required(path.child('name')))
  if (!kind) errors.push(required(path.child('kind')))
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim')
    errors.push(invalid(path, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  if (apiGroup !== '') checkText(apiGroup, isDNS1123Subdomain, path.child('apiGroup'), errors)
  if (namespace) checkText(namespace, isDNS1123Label, path.child('namespace'), errors)
}

function checkBothSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  path: FieldPath,
  errors: FieldError[],
) {
  if (!dataSource || !dataSourceRef) return
  // upstream gives the path as the value
  const value = {}
  if (dataSourceRef.namespace)
    errors.push(invalid(path, value, 'may not be specified when dataSourceRef.namespace is specified'))
  else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  )
    errors.push(invalid(path, value, 'must match dataSourceRef'))
}
