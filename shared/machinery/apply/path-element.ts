import { quote } from '../quote.ts'

/**
 * One step of a path as FieldsV1 writes it: `f:name` a field or map key, `k:{"name":"x"}` a list item by its keys,
 * `v:"x"` a member of a set, `i:0` an item by position. Equal steps have equal text.
 */
// structured-merge-diff/fieldpath/element.go PathElement, serialize-pe.go
export type PathElement = string

export const fieldElement = (name: string): PathElement => `f:${name}`
export const valueElement = (value: unknown): PathElement => `v:${jsonText(value)}`

/** `keys` in alphabetical order. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): PathElement {
  return `k:{${keys.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`).join(',')}}`
}

const unsafe = /[<>&\u2028\u2029]/g
const unsafeAny = /[<>&\u2028\u2029]/

/** JSON as Go writes it: compact, keys in order, the characters escaped that mean something in HTML. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(sorted(value))
  if (!unsafeAny.test(text)) return text
  return text.replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.fromEntries(keysOf(value as Json).map((key) => [key, sorted((value as Json)[key])]))
}

type Json = Record<string, unknown>
const keysOf = (value: Json): string[] => Object.keys(value).sort(compareText)
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * A step as a client wrote it, in the form that equal steps share; undefined for a kind of step that is not known here.
 * Throws an Error for text that is no step.
 */
// structured-merge-diff/fieldpath/serialize-pe.go DeserializePathElement
export function readElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new Error('key must be 2 characters long:')
  if (text[1] !== ':') throw new Error(`missing colon: ${text}`)
  const content = text.slice(2)
  switch (text[0]) {
    case 'f':
      return text
    case 'v':
      return valueElement(JSON.parse(content))
    case 'k': {
      const keys: unknown = JSON.parse(content)
      if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) throw new Error(`not an object: ${content}`)
      return keyElement(keysOf(keys as Json).map((name) => [name, (keys as Json)[name]]))
    }
    case 'i':
      if (!/^[+-]?\d+$/.test(content)) throw new Error(`strconv.Atoi: parsing ${quote(content)}: invalid syntax`)
      return `i:${Number(content)}`
    default:
      return undefined
  }
}

const ranks = 'fkvi'

/** The order of steps in a set. */
// structured-merge-diff/fieldpath/element.go Compare
export function compareElements(a: PathElement, b: PathElement): number {
  if (a.charCodeAt(0) !== b.charCodeAt(0)) return ranks.indexOf(a[0] ?? '') - ranks.indexOf(b[0] ?? '')
  if (a.startsWith('f') || a === b) return compareText(a, b)
  if (!a.startsWith('k')) return compareValues(contentOf(a), contentOf(b))
  const left = Object.entries(contentOf(a) as Json)
  const right = Object.entries(contentOf(b) as Json)
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = compareText(name, other[0]) || compareValues(value, other[1])
    if (order !== 0) return order
  }
  return left.length - right.length
}

const contents = new Map<PathElement, unknown>()
const keptContents = 4096
const keptLength = 200

/** What follows the colon of a `k:`, `v:` or `i:` element; that of short ones is kept, as the same come again and again. */
function contentOf(element: PathElement): unknown {
  let content = contents.get(element)
  if (content !== undefined) return content
  content = JSON.parse(element.slice(2))
  if (element.length > keptLength) return content
  if (contents.size >= keptContents) contents.clear()
  contents.set(element, content)
  return content
}

/** Numbers, then strings, booleans, lists, maps, null. */
// structured-merge-diff/value/value.go Compare
function compareValues(a: unknown, b: unknown): number {
  const order = rankOf(a) - rankOf(b)
  if (order !== 0) return order
  if (typeof a === 'number' || typeof a === 'boolean') return Number(a) - Number(b)
  if (typeof a === 'string') return compareText(a, b as string)
  return compareText(JSON.stringify(a), JSON.stringify(b))
}

function rankOf(value: unknown): number {
  if (value === null) return 5
  if (typeof value === 'object') return Array.isArray(value) ? 3 : 4
  return ['number', 'string', 'boolean'].indexOf(typeof value)
}

/** `.name`, `[name="x"]`, `[="x"]`, `[0]`: as conflicts and errors show a step. */
// structured-merge-diff/fieldpath/element.go String, value/value.go ToString
export function printElement(element: PathElement): string {
  const content = element.slice(2)
  if (element.startsWith('f')) return `.${content}`
  if (element.startsWith('i')) return `[${content}]`
  if (element.startsWith('v')) return `[=${printValue(JSON.parse(content))}]`
  const keys = Object.entries(JSON.parse(content) as Json)
  return `[${keys.map(([name, value]) => `${name}=${printValue(value)}`).join(',')}]`
}

function printValue(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(printValue).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, item]) => `${key}=${printValue(item)}`)
    .join('')
}
