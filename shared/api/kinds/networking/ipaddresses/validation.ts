import { FieldPath, required, type FieldError } from '../../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../../machinery/names.ts'
import type { IPAddress } from '../../../types/networking-v1.ts'
import { checkImmutable, checkSegment, checkText } from '../../checks.ts'

const path = new FieldPath('spec', 'parentRef')

// pkg/apis/networking/validation/validation.go ValidateIPAddress
export function validate({ spec }: IPAddress): FieldError[] {
  const parent = spec?.parentRef
  if (!parent) return [required(path)]
  const errors: FieldError[] = []
  const { group, resource, name, namespace } = parent
  if (group) checkText(group, isDNS1123Subdomain, path.child('group'), errors)
  if (!resource) errors.push(required(path.child('resource')))
  else checkSegment(resource, path.child('resource'), errors)
  if (!name) errors.push(required(path.child('name')))
  else checkSegment(name, path.child('name'), errors)
  if (namespace) checkSegment(namespace, path.child('namespace'), errors)
  return errors
}

// pkg/apis/networking/validation/validation.go ValidateIPAddressUpdate
export function validateUpdate(obj: IPAddress, old: IPAddress): FieldError[] {
  const errors: FieldError[] = []
  checkImmutable(obj.spec?.parentRef, old.spec?.parentRef, path, errors)
  return errors
}
