import { FieldPath, forbidden, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { Lease } from '../../../types/coordination-v1.ts'
import { checkNonNegative } from '../../checks.ts'

const path = new FieldPath('spec')

// pkg/apis/coordination/validation/validation.go ValidateLeaseSpec
export function validate({ spec = {} }: Lease): FieldError[] {
  const errors: FieldError[] = []
  const seconds = spec.leaseDurationSeconds
  if (seconds !== undefined && seconds <= 0)
    errors.push(invalid(path.child('leaseDurationSeconds'), seconds, 'must be greater than 0'))
  checkNonNegative(spec.leaseTransitions, path.child('leaseTransitions'), errors)
  if (spec.preferredHolder && !spec.strategy)
    errors.push(forbidden(path.child('preferredHolder'), 'may only be specified if `strategy` is defined'))
  return errors
}
