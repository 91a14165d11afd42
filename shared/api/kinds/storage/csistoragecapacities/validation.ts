import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { CSIStorageCapacity } from '../../../types/storage-v1.ts'
import { checkLabelSelector } from '../../checks.ts'
import { quantityOr } from '../../quantities.ts'
import { checkClassName } from '../parameters.ts'

// pkg/apis/storage/validation/validation.go ValidateCSIStorageCapacity
export function validate(obj: CSIStorageCapacity): FieldError[] {
  const errors: FieldError[] = []
  checkLabelSelector(obj.nodeTopology, new FieldPath('nodeTopology'), errors)
  checkClassName(obj.storageClassName ?? '', new FieldPath('storageClassName'), errors)
  if ((quantityOr(obj.capacity)?.sign ?? 0) < 0)
    errors.push(invalid('capacity', obj.capacity, 'must be greater than or equal to 0'))
  return errors
}

// pkg/apis/storage/validation/validation.go ValidateCSIStorageCapacityUpdate
export function validateUpdate(obj: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  const errors: FieldError[] = []
  if (!deepEqual(obj.nodeTopology, old.nodeTopology))
    errors.push(invalid('nodeTopology', obj.nodeTopology ?? null, 'field is immutable'))
  if (obj.storageClassName !== old.storageClassName)
    errors.push(invalid('storageClassName', obj.storageClassName, 'field is immutable'))
  return errors
}
