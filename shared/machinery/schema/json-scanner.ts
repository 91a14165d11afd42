/** Malformed JSON, in the words of Go's encoding/json. */
export class JsonSyntaxError extends Error {
  /** Characters before the offending one. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const literals: Record<string, string> = { t: 'true', f: 'false', n: 'null' }
const space = /[ \t\r\n]*/y
const special = /[\\\x00-\x1f]/
const plainString = /[^"\\\p{Cc}]*/uy
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** How deep JSON and protobuf may be nested. */
export const depthLimit = 1000

/**
 * Walks JSON text character by character: the slow way, for text known to be wrong or to repeat a key.
 * Returns the repeated fields as `duplicate field "spec.replicas"`; throws JsonSyntaxError for malformed text.
 */
export function scanJson(text: string): string[] {
  const scanner = new Scanner(text)
  scanner.document()
  return scanner.duplicates
}

class Scanner {
  readonly duplicates: string[] = []
  readonly #text: string
  readonly #path: string[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    this.#value(0)
    this.#skip(space)
    if (this.#at < this.#text.length) this.#fail('after top-level value')
  }

  #value(depth: number): void {
    if (depth > depthLimit) throw new JsonSyntaxError('exceeded max depth', this.#at)
    this.#skip(space)
    const char = this.#text[this.#at] ?? ''
    if (char === '{') this.#object(depth)
    else if (char === '[') this.#array(depth)
    else if (char === '"') this.#string()
    else if (char === '-' || (char >= '0' && char <= '9')) this.#number()
    else if (literals[char] !== undefined) this.#literal(literals[char])
    else this.#fail('looking for beginning of value')
  }

  #object(depth: number): void {
    const seen = new Set<string>()
    this.#at++
    this.#skip(space)
    if (this.#text[this.#at] === '}') {
      this.#at++
      return
    }
    for (;;) {
      this.#skip(space)
      if (this.#text[this.#at] !== '"') this.#fail('looking for beginning of object key string')
      const key = this.#string()
      const dot = this.#path.length > 0 ? '.' : ''
      this.#path.push(`${dot}${key}`)
      if (seen.has(key)) {
        const problem = `duplicate field "${this.#path.join('')}"`
        if (this.duplicates.length < 100 && !this.duplicates.includes(problem)) this.duplicates.push(problem)
      }
      seen.add(key)
      this.#skip(space)
      if (this.#text[this.#at] !== ':') this.#fail('after object key')
      this.#at++
      this.#value(depth + 1)
      this.#path.pop()
      this.#skip(space)
      const next = this.#text[this.#at]
      if (next !== ',' && next !== '}') this.#fail('after object key:value pair')
      this.#at++
      if (next === '}') return
    }
  }

  #array(depth: number): void {
    this.#at++
    this.#skip(space)
    if (this.#text[this.#at] === ']') {
      this.#at++
      return
    }
    for (let index = 0; ; index++) {
      this.#path.push(`[${index}]`)
      this.#value(depth + 1)
      this.#path.pop()
      this.#skip(space)
      const next = this.#text[this.#at]
      if (next !== ',' && next !== ']') this.#fail('after array element')
      this.#at++
      if (next === ']') return
    }
  }

  #string(): string {
    const start = this.#at++
    const end = this.#text.indexOf('"', this.#at)
    const content = this.#text.slice(this.#at, end)
    if (end > 0 && !special.test(content)) {
      this.#at = end + 1
      return content
    }
    for (;;) {
      this.#skip(plainString)
      const char = this.#text[this.#at]
      if (char === '"') {
        this.#at++
        return JSON.parse(this.#text.slice(start, this.#at)) as string
      }
      if (char === '\\') this.#escape()
      // JSON lets DEL and the C1 controls stand as they are.
      else if (char !== undefined && char >= '\x7f') this.#at++
      else this.#fail('in string literal')
    }
  }

  #escape(): void {
    this.#at++
    const char = this.#text[this.#at] ?? ''
    if (char === '' || !'"\\/bfnrtu'.includes(char)) this.#fail('in string escape code')
    this.#at++
    for (let i = 0; char === 'u' && i < 4; i++, this.#at++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape')
    }
  }

  #number(): void {
    const start = this.#at
    this.#skip(number)
    const next = this.#text[this.#at] ?? ''
    if (this.#at === start) {
      this.#at++
      this.#fail('in numeric literal')
    }
    if (next === '.') {
      this.#at++
      this.#fail('after decimal point in numeric literal')
    }
    if (next.toLowerCase() === 'e') {
      this.#at += /[+-]/.test(this.#text[this.#at + 1] ?? '') ? 2 : 1
      this.#fail('in exponent of numeric literal')
    }
  }

  #literal(word: string): void {
    this.#at++
    for (const expected of word.slice(1)) {
      if (this.#text[this.#at] !== expected) this.#fail(`in literal ${word} (expecting '${expected}')`)
      this.#at++
    }
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    if (pattern.test(this.#text)) this.#at = pattern.lastIndex
  }

  #fail(context: string): never {
    const char = this.#text.codePointAt(this.#at)
    if (char === undefined) throw new JsonSyntaxError('unexpected end of JSON input', this.#at)
    throw new JsonSyntaxError(`invalid character ${quoteChar(String.fromCodePoint(char))} ${context}`, this.#at)
  }
}

function quoteChar(char: string): string {
  if (char === "'") return `'\\''`
  if (char === '"') return `'"'`
  return `'${JSON.stringify(char).slice(1, -1)}'`
}
