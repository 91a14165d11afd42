import { FieldPath, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { Namespace } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'

const path = new FieldPath('spec', 'finalizers')

// pkg/apis/core/validation/validation.go ValidateNamespace
export function validate({ spec }: Namespace): FieldError[] {
  const errors: FieldError[] = []
  for (const name of spec?.finalizers ?? []) checkFinalizer(name, path, errors)
  return errors
}

// pkg/apis/core/validation/validation.go ValidateNamespaceFinalizeUpdate
export function validateFinalize({ spec }: Namespace): FieldError[] {
  const errors: FieldError[] = []
  for (const [i, name] of (spec?.finalizers ?? []).entries()) checkFinalizer(name, path.index(i), errors)
  return errors
}

// pkg/apis/core/validation/validation.go validateFinalizerName
function checkFinalizer(name: string, at: FieldPath, errors: FieldError[]): void {
  checkText(name, isQualifiedName, at, errors)
  if (!name.includes('/') && !['kubernetes', 'orphan', 'foregroundDeletion'].includes(name))
    errors.push(invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified'))
}

export function validateUpdate(): FieldError[] {
  return []
}

// pkg/apis/core/validation/validation.go ValidateNamespaceStatusUpdate
export function validateStatusUpdate({ metadata, status }: Namespace): FieldError[] {
  const phase = status?.phase ?? ''
  const at = new FieldPath('status', 'Phase')
  if (!metadata.deletionTimestamp && phase !== 'Active')
    return [invalid(at, phase, "may only be 'Active' if `deletionTimestamp` is empty")]
  if (metadata.deletionTimestamp && phase !== 'Terminating')
    return [invalid(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
  return []
}
