import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { VolumeAttributesClass } from '../../../types/storage-v1.ts'
import { checkParameters, checkProvisioner } from '../parameters.ts'

// pkg/apis/storage/validation/validation.go ValidateVolumeAttributesClass
export function validate(obj: VolumeAttributesClass): FieldError[] {
  const errors: FieldError[] = []
  checkProvisioner(obj.driverName, new FieldPath('driverName'), errors)
  checkParameters(obj.parameters, false, new FieldPath('parameters'), errors)
  return errors
}

// pkg/apis/storage/validation/validation.go ValidateVolumeAttributesClassUpdate
export function validateUpdate(obj: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] {
  const errors: FieldError[] = []
  if (obj.driverName !== old.driverName) errors.push(forbidden('driverName', 'updates to driverName are forbidden.'))
  if (!deepEqual(obj.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbidden('parameters', 'updates to parameters are forbidden.'))
  return errors.concat(validate(obj))
}
