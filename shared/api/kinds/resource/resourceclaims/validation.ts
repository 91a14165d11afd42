import { FieldPath, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ResourceClaim } from '../../../types/resource-v1.ts'
import { checkImmutable } from '../../checks.ts'
import { checkDeviceClaim } from '../requests.ts'

const path = new FieldPath('spec')

// pkg/apis/resource/validation/validation.go ValidateResourceClaim
export function validate({ spec }: ResourceClaim): FieldError[] {
  const errors: FieldError[] = []
  checkDeviceClaim(spec?.devices ?? { requests: [] }, path.child('devices'), errors)
  return errors
}

// pkg/apis/resource/validation/validation.go ValidateResourceClaimUpdate
export function validateUpdate(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(claim.spec, old.spec, path, errors)
  return errors
}
