import { invalid, type FieldError, type FieldPath } from '../../../machinery/fieldpath.ts'
import { isDNS1123Subdomain } from '../../../machinery/names.ts'
import type { WindowsSecurityContextOptions } from '../../types/core-v1.ts'
import { checkText } from '../checks.ts'

const maxSpecKiB = 64
const maxDomain = 256
const maxUser = 104

const netBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/u
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const dns = new RegExp(`^${label}(?:\\.${label})*$`)
const isControl = (character: string): boolean => character < ' ' || character === '\x7f'

/** Adds what is wrong with the settings of a Pod or container that only Windows has. */
// pkg/apis/core/validation/validation.go validateWindowsSecurityContextOptions
export function checkWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options ?? {}
  if (gmsaCredentialSpecName !== undefined)
    checkText(gmsaCredentialSpecName, isDNS1123Subdomain, path.child('gmsaCredentialSpecName'), errors)
  if (gmsaCredentialSpec !== undefined) {
    const at = path.child('gmsaCredentialSpec')
    if (gmsaCredentialSpec === '')
      errors.push(invalid(at, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'))
    else if (Buffer.byteLength(gmsaCredentialSpec) > maxSpecKiB * 1024)
      errors.push(invalid(at, gmsaCredentialSpec, `gmsaCredentialSpec size must be under ${maxSpecKiB} KiB`))
  }
  if (runAsUserName !== undefined)
    for (const text of isUserName(runAsUserName)) errors.push(invalid(path.child('runAsUserName'), runAsUserName, text))
}

// DOMAIN\USER, or USER
function isUserName(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  if ([...name].some(isControl)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const [user = '', domain] = parts.toReversed()
  const texts: string[] = []
  if (domain !== undefined) {
    if (Buffer.byteLength(domain) >= maxDomain)
      texts.push(`runAsUserName's Domain length must be under ${maxDomain} characters`)
    if (!netBIOS.test(domain) && !dns.test(domain))
      texts.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') texts.push("runAsUserName's User cannot be empty")
  else if (Buffer.byteLength(user) > maxUser)
    texts.push(`runAsUserName's User length must not be longer than ${maxUser} characters`)
  if (/^[. ]+$/.test(user)) texts.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    texts.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`)
  return texts
}
