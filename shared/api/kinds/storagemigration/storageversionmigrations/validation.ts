import { FieldPath, invalid, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1035Label, isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { StorageVersionMigration } from '../../../types/storagemigration-v1beta1.ts'
import { checkImmutable } from '../../checks.ts'
import { checkConditions } from '../../conditions.ts'

const spec = new FieldPath('spec')
const status = new FieldPath('status')

const joined =
  (check: (value: string) => string[]) =>
  (value: string): string =>
    check(value).join(',')
const labelProblem = joined(isDNS1035Label)
const groupProblem = joined(isDNS1123Subdomain)

// pkg/apis/storagemigration/validation/validation.go ValidateStorageVersionMigration
export function validate(obj: StorageVersionMigration): FieldError[] {
  const { group = '', resource = '' } = obj.spec?.resource ?? {}
  const at = spec.child('resource')
  const errors: FieldError[] = []
  if (resource === '') errors.push(required(at.child('resource'), 'resource is required to be set'))
  else {
    const problem = labelProblem(resource)
    if (problem !== '') errors.push(invalid(at.child('resource'), resource, problem))
  }
  if (group !== '') {
    const problem = groupProblem(group)
    if (problem !== '') errors.push(invalid(at.child('group'), group, problem))
  }
  return errors
}

// pkg/apis/storagemigration/validation/validation.go ValidateStorageVersionMigrationUpdate
export function validateUpdate(obj: StorageVersionMigration, old: StorageVersionMigration): FieldError[] {
  const errors = validate(obj)
  checkImmutable(obj.spec, old.spec, spec, errors)
  return errors
}

const isTrue = (obj: StorageVersionMigration, type: string): boolean =>
  obj.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false

// pkg/apis/storagemigration/validation/validation.go ValidateStorageVersionMigrationStatusUpdate
export function validateStatusUpdate(obj: StorageVersionMigration, old: StorageVersionMigration): FieldError[] {
  const { conditions, resourceVersion = '' } = obj.status ?? {}
  const before = old.status?.resourceVersion ?? ''
  const errors: FieldError[] = []
  // apimachinery/pkg/util/resourceversion/resourceversion.go isWellFormed
  if (resourceVersion !== '' && !/^[1-9]\d*$/.test(resourceVersion)) {
    const detail = `resource version is not well formed: ${resourceVersion}`
    errors.push(invalid(status.child('resourceVersion'), resourceVersion, detail))
  }
  checkConditions(conditions, status.child('conditions'), errors)
  if (before !== '' && before !== resourceVersion)
    errors.push(invalid(status.child('resourceVersion'), resourceVersion, 'field is immutable'))
  const [running, succeeded, failed] = [isTrue(obj, 'Running'), isTrue(obj, 'Succeeded'), isTrue(obj, 'Failed')]
  const rules: readonly [boolean, string][] = [
    [succeeded && failed, 'Both success and failed conditions cannot be true at the same time'],
    [succeeded && running, 'Running condition cannot be true when success condition is true'],
    [failed && running, 'Running condition cannot be true when failed condition is true'],
    [isTrue(old, 'Succeeded') && !succeeded, 'Success condition cannot be set to false once it is true'],
    [isTrue(old, 'Failed') && !failed, 'Failed condition cannot be set to false once it is true'],
  ]
  for (const [broken, text] of rules) if (broken) errors.push(invalid(status.child('conditions'), conditions, text))
  return errors
}
