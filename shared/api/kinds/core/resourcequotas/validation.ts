import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, invalid, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { ResourceQuota } from '../../../types/core-v1.ts'
import { checkText } from '../../checks.ts'
import { checkQuantity } from '../../quantities.ts'

const path = new FieldPath('spec')
const scopes = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
]
const pairs = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

// pkg/apis/core/validation/validation.go ValidateResourceQuotaSpec
export function validate({ spec = {} }: ResourceQuota): FieldError[] {
  const errors: FieldError[] = []
  const { hard = {}, scopes: given = [] } = spec
  for (const name in hard) {
    const at = path.child('hard').key(name)
    checkText(name, isQualifiedName, at, errors)
    checkQuantity(name, hard[name] ?? '', at, errors)
  }
  for (const scope of given)
    if (!scopes.includes(scope)) errors.push(invalid(path.child('scopes'), given, 'unsupported scope'))
  if (pairs.some((pair) => pair.every((scope) => given.includes(scope))))
    errors.push(invalid(path.child('scopes'), given, 'conflicting scopes'))
  return errors
}

// pkg/apis/core/validation/validation.go ValidateResourceQuotaUpdate
export function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const errors = validate(quota)
  const sorted = ({ spec }: ResourceQuota) => [...(spec?.scopes ?? [])].sort()
  if (!deepEqual(sorted(quota), sorted(old)))
    errors.push(invalid(path.child('scopes'), quota.spec?.scopes ?? [], 'field is immutable'))
  return errors
}
