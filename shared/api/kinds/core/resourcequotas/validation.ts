import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import type { ResourceQuota } from '../../../types/core-v1.ts'
import { checkComputeName } from '../../pod-spec/resources.ts'
import { checkQuantity } from '../../quantities.ts'
import { checkScopes, checkScopeSelector, isStandardQuota } from './scopes.ts'

const path = new FieldPath('spec')

// pkg/apis/core/validation/validation.go ValidateResourceQuotaSpec
export function validate({ spec = {} }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = []
  checkAmounts(spec.hard, path.child('hard'), errors)
  checkScopes(spec, path, errors)
  checkScopeSelector(spec, path, errors)
  return errors
}

function checkAmounts(list: Record<string, string> | undefined, path: FieldPath, errors: FieldError[]): void {
  for (const [name, amount] of Object.entries(list ?? {})) {
    checkName(name, path.key(name), errors)
    checkQuantity(name, amount, path.key(name), errors)
  }
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaResourceName
function checkName(name: string, at: FieldPath, errors: FieldError[]): void {
  checkComputeName(name, at, errors)
  if (!name.includes('/') && !isStandardQuota(name))
    errors.push(invalid(at, name, 'must be a standard resource for quota'))
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaUpdate
export function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const errors = validate(quota)
  const sorted = ({ spec }: ResourceQuota) => [...new Set(spec?.scopes ?? [])].sort()
  if (!deepEqual(sorted(quota), sorted(old)))
    errors.push(invalid(path.child('scopes'), quota.spec?.scopes ?? null, 'field is immutable'))
  return errors
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaStatusUpdate
export function validateStatusUpdate({ status }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = []
  for (const list of ['hard', 'used'] as const) checkAmounts(status?.[list], new FieldPath('status', list), errors)
  return errors
}
