import { invalid, required, tooLong, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isCIdentifier, isDNS1123Label, isDNS1123Subdomain } from '../../../machinery/names.ts'
import { checkText } from '../checks.ts'
import { checkDriverName } from '../storage/parameters.ts'

const maxPool = 253
const maxID = 32
/** The longest name of an attribute: a domain, a slash, an identifier. */
export const maxQualifiedName = 63 + 1 + maxID

// pkg/apis/resource/validation/validation.go validatePoolName
export function checkPoolName(name: string | undefined, path: FieldPath, errors: FieldError[]): void {
  if (!name) {
    errors.push(required(path))
    return
  }
  if (name.length > maxPool) {
    errors.push(tooLong(path, '', maxPool))
    return
  }
  for (const part of name.split('/')) checkText(part, isDNS1123Subdomain, path, errors)
}

/** The name of a device, a request or a counter. */
export function checkShortName(name: string | undefined, path: FieldPath, errors: FieldError[]): void {
  checkText(name ?? '', isDNS1123Label, path, errors)
}

/** The name of an attribute or a capacity: an identifier, with or without a domain. */
// pkg/apis/resource/validation/validation.go validateQualifiedName
export function checkQualifiedName(name: string, path: FieldPath, errors: FieldError[]): void {
  const parts = name.split('/')
  const [domain = '', id = ''] = parts
  if (parts.length === 1) checkIdentifier(domain, path, errors)
  else if (parts.length > 2) errors.push(invalid(path, name, 'must not contain more than one slash'))
  else {
    if (domain === '') errors.push(invalid(path, '', 'the domain must not be empty'))
    else checkDriverName(domain, path, errors)
    if (id === '') errors.push(invalid(path, '', 'the name must not be empty'))
    else checkIdentifier(id, path, errors)
  }
}

// pkg/apis/resource/validation/validation.go validateFullyQualifiedName
export function checkFullyQualifiedName(name: string, path: FieldPath, errors: FieldError[]): void {
  checkQualifiedName(name, path, errors)
  if (name.includes('/')) return
  errors.push(invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash'))
}

// pkg/apis/resource/validation/validation.go validateCIdentifier
function checkIdentifier(id: string, path: FieldPath, errors: FieldError[]): void {
  if (id.length > maxID) errors.push(tooLong(path, '', maxID))
  checkText(id, isCIdentifier, path, errors)
}
