import { randomInt } from 'node:crypto'

// The validators return the texts of what is wrong with a value, none when it is fine.
// Texts: apimachinery/pkg/util/validation/validation.go and pkg/api/validate/content.

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const underscored = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const underscoredSubdomain = `${underscored}(\\.${underscored})*`
const wildcardSubdomain = `\\*\\.${subdomain}`
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValue = `(${qualified})?`
const envVar = '[-._a-zA-Z][-._a-zA-Z0-9]*'
const configKey = '[-._a-zA-Z0-9]+'
const cIdentifier = '[A-Za-z_][A-Za-z0-9_]*'
const httpHeader = '[-A-Za-z0-9]+'
const percent = '[0-9]+%'

const endsText = 'and must start and end with an alphanumeric character'
const labelText = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${endsText}`
const subdomainText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${endsText}`
const underscoredText = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', ${endsText}`
const qualifiedText = `must consist of alphanumeric characters, '-', '_' or '.', ${endsText}`

const compiled = new Map<string, RegExp>()
function matches(text: string, pattern: string): boolean {
  let regexp = compiled.get(pattern)
  if (regexp === undefined) compiled.set(pattern, (regexp = new RegExp(`^(?:${pattern})$`)))
  return regexp.test(text)
}

const tooLong = (max: number, unit = 'characters'): string => `must be no more than ${max} ${unit}`

/** "... (e.g. 'a',  or 'b', regex used for validation is '...')", with upstream's two spaces. */
export function regexText(message: string, pattern: string, ...examples: string[]): string {
  const used = `regex used for validation is '${pattern}'`
  if (examples.length === 0) return `${message} (${used})`
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}${used})`
}

export function isDNS1123Label(text: string): string[] {
  const errors = text.length > 63 ? [tooLong(63)] : []
  if (matches(text, label)) return errors
  // what would be fine as a subdomain can only have dots too many
  const hint = matches(text, subdomain) ? 'must not contain dots' : regexText(labelText, label, 'my-name', '123-abc')
  return [...errors, hint]
}

export function isDNS1123Subdomain(text: string): string[] {
  return subdomainErrors(text, 'characters')
}

function subdomainErrors(text: string, unit: string): string[] {
  const errors = text.length > 253 ? [tooLong(253, unit)] : []
  if (!matches(text, subdomain)) errors.push(regexText(subdomainText, subdomain, 'example.com'))
  return errors
}

/** What a resolver may search: a subdomain with underscores, as in the names of services. */
export function isDNS1123SubdomainWithUnderscore(text: string): string[] {
  const errors = text.length > 253 ? [tooLong(253)] : []
  if (matches(text, underscoredSubdomain)) return errors
  return [...errors, regexText(underscoredText, underscoredSubdomain, 'example.com')]
}

export function isWildcardDNS1123Subdomain(text: string): string[] {
  const errors = text.length > 253 ? [tooLong(253)] : []
  if (!matches(text, wildcardSubdomain)) {
    const message =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    errors.push(regexText(message, wildcardSubdomain, '*.example.com'))
  }
  return errors
}

export function isDNS1035Label(text: string): string[] {
  const errors = text.length > 63 ? [tooLong(63)] : []
  if (!matches(text, label1035)) {
    const message =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
    errors.push(regexText(message, label1035, 'my-name', 'abc-123'))
  }
  return errors
}

/** A label key, resource name or finalizer: "name" or "example.com/name". */
export function isQualifiedName(text: string): string[] {
  const parts = text.split('/')
  const nameText = regexText(qualifiedText, qualified, 'MyName', 'my.name', '123-abc')
  if (parts.length > 2) {
    return [`a valid label key ${nameText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const errors: string[] = []
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, parts[0]]
  if (prefix === '') errors.push('prefix part must be non-empty')
  else if (prefix !== undefined) errors.push(...subdomainErrors(prefix, 'bytes').map((e) => `prefix part ${e}`))
  if (name === '') errors.push('name part must be non-empty')
  else if (name.length > 63) errors.push(`name part ${tooLong(63, 'bytes')}`)
  if (!matches(name, qualified)) errors.push(`name part ${nameText}`)
  return errors
}

export function isLabelValue(text: string): string[] {
  const errors = text.length > 63 ? [tooLong(63, 'bytes')] : []
  if (!matches(text, labelValue)) {
    const message = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${endsText}`
    errors.push(regexText(message, labelValue, 'MyValue', 'my_value', '12345'))
  }
  return errors
}

/** The name of an environment variable as the kubelet has always accepted it (names from `envFrom`). */
export function isEnvVarName(text: string): string[] {
  const errors: string[] = []
  if (!matches(text, envVar)) {
    const message =
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit"
    errors.push(regexText(message, envVar, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1'))
  }
  return [...errors, ...changesDirectory(text)]
}

/** The name of an environment variable: printable ASCII without '='. */
export function isRelaxedEnvVarName(text: string): string[] {
  if (text === '') return ['environment variable name must be non-empty']
  if (/^[\x20-\x7e]+$/.test(text) && !text.includes('=')) return []
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

const badConfigKey = regexText(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  configKey,
  'key.name',
  'KEY_NAME',
  'key-name',
)

export function isConfigMapKey(text: string): string[] {
  const errors = text.length > 253 ? [tooLong(253)] : []
  if (!matches(text, configKey)) errors.push(badConfigKey)
  return [...errors, ...changesDirectory(text)]
}

function changesDirectory(text: string): string[] {
  if (text === '.' || text === '..') return [`must not be '${text}'`]
  return text.startsWith('..') ? ["must not start with '..'"] : []
}

export function isCIdentifier(text: string): string[] {
  if (matches(text, cIdentifier)) return []
  const message =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  return [regexText(message, cIdentifier, 'my_name', 'MY_NAME', 'MyName')]
}

export function isHTTPHeaderName(text: string): string[] {
  if (matches(text, httpHeader)) return []
  return [regexText("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeader, 'X-Header-Name')]
}

export function isPercent(text: string): string[] {
  if (matches(text, percent)) return []
  const message = "a valid percent string must be a numeric string followed by an ending '%'"
  return [regexText(message, percent, '1%', '93%')]
}

/** The name of a container's or Service's port. */
export function isPortName(text: string): string[] {
  const errors: string[] = []
  if (text.length > 15) errors.push(tooLong(15))
  if (!/^[-a-z0-9]+$/.test(text)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)')
  if (text.includes('--')) errors.push('must not contain consecutive hyphens')
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export const isPortNumber = (port: number): string[] => isInRange(port, 1, 65535)

export function isInRange(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`]
}

// no vowels and none of 0, 1, 3: random names must not spell words
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** Random characters that are safe in names. */
// apimachinery/pkg/util/rand/rand.go String
export function randomSuffix(length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += alphabet.charAt(randomInt(alphabet.length))
  return text
}

/** A digit string in the same alphabet: what pod-template-hash labels hold. */
// apimachinery/pkg/util/rand/rand.go SafeEncodeString
export function safeEncode(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) encoded += alphabet.charAt(byte % alphabet.length)
  return encoded
}

/** A name for `metadata.generateName`: the prefix, cut to fit into 63 characters, and five random ones. */
// apiserver/pkg/storage/names/generate.go simpleNameGenerator
export function simpleNameGenerator(prefix: string): string {
  return prefix.slice(0, 58) + randomSuffix(5)
}
