import {
  duplicate,
  FieldPath,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../../machinery/fieldpath.ts'
import type { CSIDriver, CSIDriverSpec } from '../../../types/storage-v1.ts'
import { checkImmutable } from '../../checks.ts'

const path = new FieldPath('spec')
const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType']
const modes = ['Persistent', 'Ephemeral']
const tenMinutes = 600
const minPeriod = 10

// pkg/apis/storage/validation/validation.go validateCSIDriverSpec
export function validate({ spec }: CSIDriver): FieldError[] {
  const errors: FieldError[] = []
  // upstream's path has this field's old name
  if (spec.attachRequired === undefined) errors.push(required(path.child('attachedRequired')))
  if (spec.podInfoOnMount === undefined) errors.push(required(path.child('podInfoOnMount')))
  if (spec.storageCapacity === undefined) errors.push(required(path.child('storageCapacity')))
  if (spec.fsGroupPolicy !== undefined && !groupPolicies.includes(spec.fsGroupPolicy))
    errors.push(notSupported(path.child('fsGroupPolicy'), spec.fsGroupPolicy, groupPolicies))
  checkTokens(spec, errors)
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!modes.includes(mode)) errors.push(notSupported(path.child('volumeLifecycleModes'), mode, modes))
  if (spec.seLinuxMount === undefined) errors.push(required(path.child('seLinuxMount')))
  const period = spec.nodeAllocatableUpdatePeriodSeconds
  if (period !== undefined && period < minPeriod) {
    const detail = 'must be greater than or equal to 10 seconds'
    errors.push(invalid(path.child('nodeAllocatableUpdatePeriodSeconds'), period, detail))
  }
  const inSecrets = spec.serviceAccountTokenInSecrets
  if (inSecrets !== undefined && (spec.tokenRequests ?? []).length === 0) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    errors.push(invalid(path.child('serviceAccountTokenInSecrets'), inSecrets, detail))
  }
  return errors
}

// pkg/apis/storage/validation/validation.go validateTokenRequests
function checkTokens({ tokenRequests = [] }: CSIDriverSpec, errors: FieldError[]): void {
  const audiences = new Set<string>()
  for (const [i, { audience = '', expirationSeconds: seconds }] of tokenRequests.entries()) {
    const at = path.child('tokenRequests').index(i)
    if (audiences.has(audience)) {
      errors.push(duplicate(at.child('audience'), audience))
      continue
    }
    audiences.add(audience)
    if (seconds === undefined) continue
    const where = at.child('expirationSeconds')
    if (seconds < tenMinutes) errors.push(invalid(where, seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds > 2 ** 32) errors.push(invalid(where, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
}

// pkg/apis/storage/validation/validation.go ValidateCSIDriverUpdate
export function validateUpdate(obj: CSIDriver, old: CSIDriver): FieldError[] {
  const errors = validate(obj)
  checkImmutable(obj.spec.attachRequired, old.spec.attachRequired, path.child('attachedRequired'), errors)
  const modesPath = path.child('volumeLifecycleModes')
  checkImmutable(obj.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes, modesPath, errors)
  return errors
}
