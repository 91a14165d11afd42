import { invalid, required, tooLong, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain, isQualifiedName } from '../../../machinery/names.ts'
import { checkText } from '../checks.ts'

const maxSize = 256 * 1024
const maxCount = 512
const maxDriverName = 63

// pkg/apis/storage/validation/validation.go validateProvisioner
export function checkProvisioner(name: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!name) errors.push(required(path))
  else for (const text of isQualifiedName(name.toLowerCase())) errors.push(invalid(path, name.toLowerCase(), text))
}

// pkg/apis/storage/validation/validation.go validateParameters
export function checkParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  mayBeEmpty: boolean,
  path: FieldPath,
  errors: FieldError[],
): void {
  const entries = Object.entries(parameters ?? {})
  if (entries.length > maxCount) {
    errors.push(tooLong(path, '', maxCount))
    return
  }
  let size = 0
  for (const [key, value] of entries) {
    if (key === '') errors.push(invalid(path, key, 'field can not be empty.'))
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (size > maxSize) errors.push(tooLong(path, '', maxSize))
  if (!mayBeEmpty && entries.length === 0) errors.push(required(path, 'must contain at least one key/value pair'))
}

// pkg/apis/core/validation/validation.go ValidateCSIDriverName
export function checkDriverName(name: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!name) errors.push(required(path))
  if ((name ?? '').length > maxDriverName) errors.push(tooLong(path, '', maxDriverName))
  for (const text of isDNS1123Subdomain((name ?? '').toLowerCase())) errors.push(invalid(path, name ?? '', text))
}

export function checkClassName(name: string, path: FieldPath, errors: FieldError[]): void {
  checkText(name, isDNS1123Subdomain, path, errors)
}
