import { FieldPath, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { Namespace } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'

// pkg/apis/core/validation/validation.go ValidateNamespace
export function validate({ spec }: Namespace): FieldError[] {
  const errors: FieldError[] = []
  const path = new FieldPath('spec', 'finalizers')
  for (const name of spec?.finalizers ?? []) {
    checkText(name, isQualifiedName, path, errors)
    if (!name.includes('/') && !['kubernetes', 'orphan', 'foregroundDeletion'].includes(name))
      errors.push(invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified'))
  }
  return errors
}

export function validateUpdate(): FieldError[] {
  return []
}

// pkg/apis/core/validation/validation.go ValidateNamespaceStatusUpdate
export function validateStatusUpdate({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? ''
  const path = new FieldPath('status', 'Phase')
  if (!metadata.deletionTimestamp && phase !== 'Active')
    return [invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty")]
  if (metadata.deletionTimestamp && phase !== 'Terminating')
    return [invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
  return []
}
