import { isIP, isIPv4, isIPv6 } from 'node:net'
import { canonicalBase64, parseGoDuration } from '../../machinery/schema/go-values.ts'
import { isIntOrString, type Schema } from './schema.ts'

const uuid = (version: string, variant = '[0-9a-f]') => {
  const pattern = new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`,
    'i',
  )
  return (text: string): boolean => pattern.test(text)
}
const shortName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

const parses = (parse: () => unknown): boolean => {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

/** Does the text have the format? By the format's name without dashes. */
// kube-openapi/pkg/validation/strfmt/default.go, kubernetes-extensions.go
const checks: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: (text) =>
    (text.startsWith('/') && !/[\s\x00-\x1f]/.test(text)) || (/^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text)),
  email: (text) => text.length < 1000 && /^(?:[^<>"]*<)?[^\s@<>"]+@[^\s@<>"]+>?$/.test(text.trim()),
  hostname: isHostname,
  ipv4: (text) => isIPv4(text),
  ipv6: (text) => isIPv6(text) && !text.includes('%'),
  cidr: isCIDR,
  mac: (text) =>
    /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1){0,2}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})$/i.test(
      text,
    ),
  uuid: uuid('[0-9a-f]'),
  uuid3: uuid('3'),
  uuid4: uuid('4', '[89ab]'),
  uuid5: uuid('5', '[89ab]'),
  isbn: (text) => isISBN10(text) || isISBN13(text),
  isbn10: isISBN10,
  isbn13: isISBN13,
  creditcard: isCreditCard,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  rgbcolor: isRgbColor,
  byte: (text) => parses(() => canonicalBase64(text)),
  password: () => true,
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && shortName.test(text),
  k8slongname: (text) => text.length <= 253 && text.split('.').every((part) => shortName.test(part)),
}

/** The format that counts: one that means nothing for the schema's type is as none. */
// apiextensions-apiserver/pkg/apiserver/validation/formats.go StripUnsupportedFormatsPostProcessorForVersion
export function knownFormat(schema: Schema): string {
  const { format = '' } = schema
  switch (isIntOrString(schema) ? '' : (schema.type ?? '')) {
    case '':
    case 'string':
      return Object.hasOwn(checks, normalized(format)) ? format : ''
    case 'integer':
      return format === 'int32' || format === 'int64' ? format : ''
    case 'number':
      return format === 'float' || format === 'double' ? format : ''
    default:
      return ''
  }
}

/** Has the text this format? One that is not known holds for all. */
export function hasFormat(format: string, text: string): boolean {
  const check = Object.hasOwn(checks, normalized(format)) ? checks[normalized(format)] : undefined
  return check === undefined || check(text)
}

const normalized = (format: string): string => format.replaceAll('-', '')

function isHostname(text: string): boolean {
  if (text.length > 255) return false
  const labels = text.split('.')
  return labels.every(
    (label) => label.length <= 63 && /^[\p{L}\p{S}0-9](?:[\p{L}\p{S}0-9-]*[\p{L}\p{S}0-9])?$/u.test(label),
  )
}

function isCIDR(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  return more.length === 0 && family > 0 && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (family === 4 ? 32 : 128)
}

function isISBN10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  return [...digits].reduce((sum, digit, i) => sum + (i + 1) * (digit === 'X' ? 10 : Number(digit)), 0) % 11 === 0
}

function isISBN13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '')
  if (!/^\d{13}$/.test(digits)) return false
  return [...digits].reduce((sum, digit, i) => sum + Number(digit) * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0
}

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D+/g, '')
  const known =
    /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/
  if (!known.test(digits)) return false
  const sum = [...digits].toReversed().reduce((total, digit, i) => {
    const doubled = Number(digit) * (i % 2 === 0 ? 1 : 2)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}

function isRgbColor(text: string): boolean {
  const found = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text)
  return found !== null && found.slice(1).every((part) => Number(part) <= 255)
}

// kube-openapi/pkg/validation/strfmt/duration.go ParseDuration: Go's durations, and "3 days"
function isDuration(text: string): boolean {
  if (parses(() => parseGoDuration(text))) return true
  return /^-?\d+\s*(?:ns|us|µs|ms|s|m|h|d|w|(?:nano|micro|milli|sec|second|min|minute|hour|hr|day|week|wk)s?)$/.test(
    text,
  )
}

// kube-openapi/pkg/validation/strfmt/time.go IsDateTime
function isDateTime(text: string): boolean {
  const [date = '', time, ...more] = text.toLowerCase().split('t')
  if (time === undefined || more.length > 0 || !checks['date']?.(date)) return false
  const found = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time)
  return found !== null && Number(found[1]) <= 23 && Number(found[2]) <= 59 && Number(found[3]) <= 59
}
