import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ControllerRevision } from '../../../types/apps-v1.ts'
import { checkImmutable, checkNonNegative } from '../../checks.ts'

const path = new FieldPath('data')

// pkg/apis/apps/validation/validation.go ValidateControllerRevisionCreate
export function validate(obj: ControllerRevision): FieldError[] {
  const errors: FieldError[] = []
  const data: unknown = obj.data
  if (data === undefined || data === null) errors.push(required(path, 'data is mandatory'))
  else if (typeof data !== 'object' || Array.isArray(data))
    errors.push(invalid(path, data, 'data must be a valid JSON object'))
  checkNonNegative(obj.revision, new FieldPath('revision'), errors)
  return errors
}

// pkg/apis/apps/validation/validation.go ValidateControllerRevisionUpdate
export function validateUpdate(obj: ControllerRevision, old: ControllerRevision): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(obj.data, old.data, path, errors)
  checkNonNegative(obj.revision, new FieldPath('revision'), errors)
  return errors
}
