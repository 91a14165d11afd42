import { SyntaxProblem } from './source.ts'

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
}
const coded = /x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})/y

// cel-go parser/unescape.go
/** Reads the literal that starts at `at` with `start` (prefix and quotes). Throws SyntaxProblem. */
export function readString(
  source: string,
  at: number,
  start: string,
  offset: number,
): { value: string | Uint8Array; end: number } {
  const prefix = start.replace(/["']+$/, '').toLowerCase()
  const quotes = start.slice(prefix.length)
  const raw = prefix.includes('r')
  const bytes = prefix.includes('b')
  const begin = at + start.length
  const end = findEnd(source, begin, quotes, raw)
  if (end < 0) {
    const seen = source.slice(at, at + 30)
    throw new SyntaxProblem(offset, `Syntax error: token recognition error at: '${seen}'`)
  }
  const body = source.slice(begin, end).replaceAll(/\r\n?/g, '\n')
  const value = raw ? encode(body, bytes) : unescape(body, bytes, offset)
  return { value, end: end + quotes.length }
}

function findEnd(source: string, begin: number, quotes: string, raw: boolean): number {
  const long = quotes.length === 3
  for (let i = begin; i < source.length; i++) {
    const character = source[i]
    if (source.startsWith(quotes, i)) return i
    if (!long && (character === '\n' || character === '\r')) return -1
    if (character === '\\' && !raw) i++
  }
  return -1
}

const encoder = new TextEncoder()
const encode = (text: string, bytes: boolean): string | Uint8Array => (bytes ? encoder.encode(text) : text)

function unescape(body: string, bytes: boolean, offset: number): string | Uint8Array {
  if (!body.includes('\\')) return encode(body, bytes)
  const refuse = (): SyntaxProblem => new SyntaxProblem(offset, 'unable to unescape string')
  let text = ''
  const octets: number[] = []
  const put = (part: string): void => {
    if (bytes) octets.push(...encoder.encode(part))
    else text += part
  }
  for (let i = 0; i < body.length;) {
    const next = body.indexOf('\\', i)
    if (next !== i) {
      const stop = next < 0 ? body.length : next
      // in pieces: a very long argument list would overflow the stack
      for (; i < stop; i += 4096) put(body.slice(i, Math.min(stop, i + 4096)))
      i = stop
      continue
    }
    const letter = simple[body[i + 1] ?? '']
    if (letter !== undefined) {
      put(letter)
      i += 2
      continue
    }
    coded.lastIndex = i + 1
    const match = coded.exec(body)
    if (match === null) throw refuse()
    const [all, x, big, four, eight, octal] = match
    const isByte = x !== undefined || big !== undefined || octal !== undefined
    const code = octal === undefined ? parseInt(x ?? big ?? four ?? eight ?? '', 16) : parseInt(octal, 8)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw refuse()
    if (bytes && !isByte) throw refuse()
    if (bytes) octets.push(code)
    else text += String.fromCodePoint(code)
    i += 1 + all.length
  }
  return bytes ? Uint8Array.from(octets) : text
}
