import { deepEqual } from '../../../../machinery/deep.ts'
import { FieldPath, forbidden, notSupported, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isQualifiedName } from '../../../../machinery/names.ts'
import type { StorageClass } from '../../../types/storage-v1.ts'
import { checkImmutable, checkText } from '../../checks.ts'

const reclaims = ['Delete', 'Retain']
const bindings = ['Immediate', 'WaitForFirstConsumer']

// pkg/apis/storage/validation/validation.go ValidateStorageClass
export function validate(obj: StorageClass): FieldError[] {
  const errors: FieldError[] = []
  const provisioner = new FieldPath('provisioner')
  if (!obj.provisioner) errors.push(required(provisioner, ''))
  else checkText(obj.provisioner.toLowerCase(), isQualifiedName, provisioner, errors)
  const { reclaimPolicy, volumeBindingMode } = obj
  if (reclaimPolicy !== undefined && !reclaims.includes(reclaimPolicy))
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, reclaims))
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'))
  else if (!bindings.includes(volumeBindingMode))
    errors.push(notSupported('volumeBindingMode', volumeBindingMode, bindings))
  return errors
}

// pkg/apis/storage/validation/validation.go ValidateStorageClassUpdate
export function validateUpdate(obj: StorageClass, old: StorageClass): FieldError[] {
  const errors: FieldError[] = []
  if (!deepEqual(obj.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbidden('parameters', 'updates to parameters are forbidden.'))
  if (obj.provisioner !== old.provisioner)
    errors.push(forbidden('provisioner', 'updates to provisioner are forbidden.'))
  if (obj.reclaimPolicy !== old.reclaimPolicy)
    errors.push(forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'))
  checkImmutable(obj.volumeBindingMode, old.volumeBindingMode, new FieldPath('volumeBindingMode'), errors)
  return errors
}
