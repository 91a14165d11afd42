import { isObject } from '@kubets/shared/machinery/patch/json-object.ts'

/**
 * A JSON value as a block of YAML, keys in order, each line behind `indent`. What YAML 1.1 would read as anything but
 * text is quoted. Written for answers of any size: it takes no longer than JSON does.
 */
// sigs.k8s.io/yaml Marshal, goyaml.v2 encode.go
export function yamlText(value: unknown, indent = ''): string {
  const lines: string[] = []
  block(value, indent, indent, lines)
  return lines.map((line) => `${line}\n`).join('')
}

/** `first` stands before the value's first line: the indentation, or what this value is the value of. */
function block(value: unknown, first: string, indent: string, lines: string[]): void {
  if (Array.isArray(value) && value.length > 0) {
    value.forEach((item, index) => block(item, `${index === 0 ? first : indent}- `, `${indent}  `, lines))
  } else if (isObject(value) && Object.keys(value).length > 0) {
    Object.keys(value)
      .sort()
      .forEach((key, index) => member(key, value[key], index === 0 ? first : indent, indent, lines))
  } else scalar(value, first, indent, lines)
}

function member(key: string, value: unknown, first: string, indent: string, lines: string[]): void {
  const start = `${first}${/\n/.test(key) ? quoted(key) : inline(key)}:`
  const nested = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!nested) return scalar(value, `${start} `, indent, lines)
  lines.push(start)
  // a list stands below its key, as deep as the key
  const deeper = Array.isArray(value) ? indent : `${indent}  `
  block(value, deeper, deeper, lines)
}

function scalar(value: unknown, first: string, indent: string, lines: string[]): void {
  if (typeof value !== 'string' || !isLiteral(value)) {
    lines.push(first + (typeof value === 'string' ? inline(value) : JSON.stringify(value)))
    return
  }
  const body = value.replace(/\n+$/, '')
  const ends = value.length - body.length
  lines.push(`${first}|${ends === 0 ? '-' : ends === 1 ? '' : '+'}`)
  for (const line of body.split('\n')) lines.push(line === '' ? '' : `${indent}  ${line}`)
  for (let extra = 1; extra < ends; extra++) lines.push('')
}

/** Characters that a reader may take for the end of a line, or must not see. */
const special = /[\x00-\x08\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/u

/** A text of several lines that can stand as it is: the first of them says how far they are indented. */
const isLiteral = (text: string): boolean => /^[^\s]/.test(text) && text.includes('\n') && !special.test(text)

function inline(text: string): string {
  if (special.test(text) || /[\n\t]/.test(text) || isOther(text)) return quoted(text)
  return isPlain(text) ? text : `'${text.replaceAll("'", "''")}'`
}

const isPlain = (text: string): boolean => !/^[\s,[\]{}#&*!|>'"%@`]|^[-?:](\s|$)|^(---|\.\.\.)|: |:$| #|\s$/.test(text)

const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

const words = /^(|~|null|y|yes|n|no|on|off|true|false|<<|=|[-+]?\.inf|\.nan)$/i
const numbers = [
  /^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?$/i,
  /^[-+]?0[xob][\da-f_]+$/i,
  /^[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?$/,
  /^\d{4}-\d\d?-\d\d?([t\s].*)?$/i,
]

/** Would be read as a boolean, a number, a time or nothing. */
const isOther = (text: string): boolean =>
  text.length < 64 && (words.test(text) || (/^[-+.\d]/.test(text) && numbers.some((number) => number.test(text))))
