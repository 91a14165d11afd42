import { EvalError } from '../errors.ts'
import { type CallContext, type Overload, overload } from '../functions.ts'
import { ArrayList, codePoints, type ListValue } from '../values.ts'
import { formatString } from './format-string.ts'

const characters = (text: string, context: CallContext): string[] => {
  context.work(text.length >> 3)
  return Array.from(text)
}

const outOfRange = (index: bigint): EvalError => new EvalError(`index out of range: ${index}`)

function charAt(text: string, index: bigint, context: CallContext): string {
  const chars = characters(text, context)
  if (index < 0n || index > BigInt(chars.length)) throw outOfRange(index)
  return chars[Number(index)] ?? ''
}

/** Code units before that many code points. */
function unitsBefore(text: string, count: number): number {
  let at = 0
  for (let left = count; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return at
}

/** A search may, in the worst case, compare the whole part at every place. */
const search = (text: string, part: string, context: CallContext): void =>
  context.work(Math.ceil((text.length * part.length) / 100))

function indexOf(text: string, part: string, offset: bigint, context: CallContext): bigint {
  if (part === '') return offset
  search(text, part, context)
  const size = codePoints(text)
  if (offset < 0n || offset >= BigInt(size)) {
    // an empty text has no place to begin, but also nothing to find
    if (offset === 0n) return -1n
    throw outOfRange(offset)
  }
  const found = text.indexOf(part, unitsBefore(text, Number(offset)))
  return found < 0 ? -1n : BigInt(codePoints(text.slice(0, found)))
}

function lastIndexOf(text: string, part: string, offset: bigint | undefined, context: CallContext): bigint {
  search(text, part, context)
  const size = codePoints(text)
  if (part === '') return offset ?? BigInt(size)
  const from = offset ?? BigInt(size - 1)
  if (from < 0n || from >= BigInt(size)) {
    if (offset === undefined) return -1n
    throw outOfRange(from)
  }
  const found = text.lastIndexOf(part, unitsBefore(text, Number(from)))
  return found < 0 ? -1n : BigInt(codePoints(text.slice(0, found)))
}

function substring(text: string, start: bigint, end: bigint | undefined): string {
  const size = BigInt(codePoints(text))
  const stop = end ?? size
  if (end !== undefined && start > end) {
    throw new EvalError(`invalid substring range. start: ${start}, end: ${end}`)
  }
  if (start < 0n || start > size) throw outOfRange(start)
  if (stop < 0n || stop > size) throw outOfRange(stop)
  return text.slice(unitsBefore(text, Number(start)), unitsBefore(text, Number(stop)))
}

// Go strings.Replace: an empty text is found before each character and at the end
function replace(text: string, from: string, to: string, limit: bigint, context: CallContext): string {
  const count = limit < 0n ? Infinity : Number(limit)
  if (count === 0) return text
  search(text, from, context)
  const parts = from === '' ? ['', ...characters(text, context), ''] : text.split(from)
  const replaced = Math.min(parts.length - 1, count)
  context.work(Math.ceil((text.length + replaced * to.length) / 8))
  return (
    parts.slice(0, replaced + 1).join(to) +
    parts
      .slice(replaced + 1)
      .map((part) => from + part)
      .join('')
  )
}

// Go strings.SplitN
function split(text: string, separator: string, limit: bigint, context: CallContext): ListValue {
  if (limit === 0n) return new ArrayList([])
  search(text, separator, context)
  const parts = separator === '' ? characters(text, context) : text.split(separator)
  context.work(parts.length)
  if (limit < 0n || BigInt(parts.length) <= limit) return new ArrayList(parts)
  const head = parts.slice(0, Number(limit) - 1)
  return new ArrayList([...head, parts.slice(Number(limit) - 1).join(separator)])
}

function join(list: ListValue, separator: string, context: CallContext): string {
  const parts: string[] = []
  context.work(list.size)
  for (let i = 0; i < list.size; i++) {
    const part = list.at(i)
    if (typeof part !== 'string') throw new EvalError('no such overload')
    parts.push(part)
    context.work((part.length + separator.length) >> 3)
  }
  return parts.join(separator)
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}
const quoteText = (text: string): string => `"${text.replaceAll(/[\x07\b\f\n\r\t\v\\"]/g, (c) => escapes[c] ?? c)}"`

/** Go's unicode.IsSpace at both ends. */
const blank = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const leading = new RegExp(`^${blank}+`)
function trim(text: string): string {
  let end = text.length
  const isBlank = new RegExp(`^${blank}$`)
  while (end > 0 && isBlank.test(text[end - 1] ?? '')) end--
  return text.slice(0, end).replace(leading, '')
}

/** cel-go ext/strings.go, version 2. */
export const stringLibrary: readonly Overload[] = [
  overload('charAt', 'string_char_at_int', 'string.(int) string', (args, context) =>
    charAt(args.get<string>(0), args.get<bigint>(1), context),
  ),
  overload('indexOf', 'string_index_of_string', 'string.(string) int', (args, context) =>
    indexOf(args.get<string>(0), args.get<string>(1), 0n, context),
  ),
  overload('indexOf', 'string_index_of_string_int', 'string.(string, int) int', (args, context) =>
    indexOf(args.get<string>(0), args.get<string>(1), args.get<bigint>(2), context),
  ),
  overload('lastIndexOf', 'string_last_index_of_string', 'string.(string) int', (args, context) =>
    lastIndexOf(args.get<string>(0), args.get<string>(1), undefined, context),
  ),
  overload('lastIndexOf', 'string_last_index_of_string_int', 'string.(string, int) int', (args, context) =>
    lastIndexOf(args.get<string>(0), args.get<string>(1), args.get<bigint>(2), context),
  ),
  overload('lowerAscii', 'string_lower_ascii', 'string.() string', (args) =>
    args.get<string>(0).replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()),
  ),
  overload('upperAscii', 'string_upper_ascii', 'string.() string', (args) =>
    args.get<string>(0).replaceAll(/[a-z]+/g, (part) => part.toUpperCase()),
  ),
  overload('replace', 'string_replace_string_string', 'string.(string, string) string', (args, context) =>
    replace(args.get<string>(0), args.get<string>(1), args.get<string>(2), -1n, context),
  ),
  overload('replace', 'string_replace_string_string_int', 'string.(string, string, int) string', (args, context) =>
    replace(args.get<string>(0), args.get<string>(1), args.get<string>(2), args.get<bigint>(3), context),
  ),
  overload('split', 'string_split_string', 'string.(string) list(string)', (args, context) =>
    split(args.get<string>(0), args.get<string>(1), -1n, context),
  ),
  overload('split', 'string_split_string_int', 'string.(string, int) list(string)', (args, context) =>
    split(args.get<string>(0), args.get<string>(1), args.get<bigint>(2), context),
  ),
  overload('substring', 'string_substring_int', 'string.(int) string', (args) =>
    substring(args.get<string>(0), args.get<bigint>(1), undefined),
  ),
  overload('substring', 'string_substring_int_int', 'string.(int, int) string', (args) =>
    substring(args.get<string>(0), args.get<bigint>(1), args.get<bigint>(2)),
  ),
  overload('trim', 'string_trim', 'string.() string', (args) => trim(args.get<string>(0))),
  overload('join', 'list_join', 'list(string).() string', (args, context) => join(args.get<ListValue>(0), '', context)),
  overload('join', 'list_join_string', 'list(string).(string) string', (args, context) =>
    join(args.get<ListValue>(0), args.get<string>(1), context),
  ),
  overload('format', 'string_format', 'string.(list(dyn)) string', (args, context) =>
    formatString(args.get<string>(0), args.get<ListValue>(1), context),
  ),
  overload('strings.quote', 'strings_quote', '(string) string', (args) => quoteText(args.get<string>(0))),
]
