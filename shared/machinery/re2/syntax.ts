import { CharSet, perlClasses, posixClasses, Property, unicodeClass } from './char-set.ts'

/** A regular expression as a tree. */
export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'concat'; readonly parts: readonly Node[] }
  | { readonly kind: 'alternate'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly lazy: boolean }

export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'word' | 'noWord'

/** What is wrong with a pattern, in the words of Go's regexp/syntax. */
export class RegexpError extends Error {
  constructor(problem: string, text: string) {
    super(`error parsing regexp: ${problem}: \`${text}\``)
    this.name = 'RegexpError'
  }
}

interface Flags {
  readonly fold: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly lazy: boolean
}

const maxRepeat = 1000
const maxDepth = 200
const anyButNewline = new CharSet([0x0a, 0x0a], [], true)
const any = new CharSet([0, 0x10ffff])

// Go regexp/syntax parse.go, with the flags of regexp.Compile (Perl)
/** Reads a pattern of RE2's syntax. Throws RegexpError. */
export function parseRegexp(pattern: string): Node {
  return new Parser(pattern).parse()
}

class Parser {
  readonly #pattern: string
  readonly #chars: readonly string[]
  #at = 0
  #depth = 0
  #flags: Flags = { fold: false, multiline: false, dotAll: false, lazy: false }

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#chars = Array.from(pattern)
  }

  parse(): Node {
    const node = this.#alternate()
    if (this.#at < this.#chars.length) throw new RegexpError('unexpected )', this.#pattern)
    return node
  }

  #peek(ahead = 0): string | undefined {
    return this.#chars[this.#at + ahead]
  }

  #rest(from = this.#at): string {
    return this.#chars.slice(from).join('')
  }

  #take(text: string): boolean {
    const chars = Array.from(text)
    if (!chars.every((c, i) => this.#peek(i) === c)) return false
    this.#at += chars.length
    return true
  }

  #alternate(): Node {
    if (++this.#depth > maxDepth) throw new RegexpError('expression nests too deeply', this.#pattern)
    const parts = [this.#concat()]
    while (this.#take('|')) parts.push(this.#concat())
    this.#depth--
    return parts.length === 1 ? (parts[0] as Node) : { kind: 'alternate', parts }
  }

  #concat(): Node {
    const parts: Node[] = []
    for (;;) {
      const char = this.#peek()
      if (char === undefined || char === '|' || char === ')') return { kind: 'concat', parts }
      const start = this.#at
      if (this.#take('\\Q')) {
        const stop = this.#pattern.indexOf('\\E', this.#offset(this.#at))
        const literal = stop < 0 ? this.#rest() : this.#pattern.slice(this.#offset(this.#at), stop)
        for (const c of literal) parts.push(this.#literal(c))
        this.#at += Array.from(literal).length + (stop < 0 ? 0 : 2)
        continue
      }
      const atom = this.#atom()
      if (atom === undefined) continue
      parts.push(this.#repeats(atom, start))
    }
  }

  #offset(at: number): number {
    return this.#chars.slice(0, at).join('').length
  }

  #literal(char: string): Node {
    const code = char.codePointAt(0) ?? 0
    return { kind: 'set', set: new CharSet([code, code], [], false, this.#flags.fold) }
  }

  #atom(): Node | undefined {
    const char = this.#peek() ?? ''
    switch (char) {
      case '(':
        return this.#group()
      case '[':
        return this.#class()
      case '.':
        this.#at++
        return { kind: 'set', set: this.#flags.dotAll ? any : anyButNewline }
      case '^':
        this.#at++
        return { kind: 'assert', what: this.#flags.multiline ? 'lineStart' : 'textStart' }
      case '$':
        this.#at++
        return { kind: 'assert', what: this.#flags.multiline ? 'lineEnd' : 'textEnd' }
      case '*':
      case '+':
      case '?':
        throw new RegexpError('missing argument to repetition operator', char)
      case '\\':
        return this.#escape()
      default:
        this.#at++
        return this.#literal(char)
    }
  }

  /** A group, or undefined for flags alone. */
  #group(): Node | undefined {
    const start = this.#at
    this.#at++
    const outer = this.#flags
    if (this.#take('?')) {
      const name = /^(?:P?<([^>]*)>)/u.exec(this.#rest())
      if (name) {
        if (!/^\w+$/.test(name[1] ?? '')) throw new RegexpError('invalid named capture', `(?${name[0]}`)
        this.#at += Array.from(name[0]).length
      } else {
        const flags = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#rest())
        if (flags === null)
          throw new RegexpError('invalid or unsupported Perl syntax', this.#chars.slice(start, start + 3).join(''))
        this.#at += flags[0].length
        this.#flags = withFlags(this.#flags, flags[1] ?? '', flags[2] ?? '')
        if (flags[3] === ')') return undefined
      }
    }
    const node = this.#alternate()
    if (!this.#take(')')) throw new RegexpError('missing closing )', this.#pattern)
    this.#flags = outer
    return node
  }

  #repeats(atom: Node, start: number): Node {
    let node = atom
    for (let last: number | undefined; ;) {
      const from = this.#at
      const count = this.#count()
      if (count === undefined) return node
      const lazy = this.#take('?') !== this.#flags.lazy
      if (last !== undefined) {
        throw new RegexpError('invalid nested repetition operator', this.#chars.slice(last, this.#at).join(''))
      }
      const [min, max] = count
      if (min > maxRepeat || (max !== Infinity && max > maxRepeat) || min > max) {
        throw new RegexpError('invalid repeat count', this.#chars.slice(from, this.#at).join(''))
      }
      last = from
      node = { kind: 'repeat', node, min, max, lazy }
      if (start < 0) return node
    }
  }

  #count(): [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity]
    if (this.#take('+')) return [1, Infinity]
    if (this.#take('?')) return [0, 1]
    if (this.#peek() !== '{') return undefined
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.#chars.slice(this.#at, this.#at + 24).join(''))
    // a brace that counts nothing is a character
    if (match === null) return undefined
    this.#at += match[0].length
    const min = Number(match[1])
    return [min, match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3])]
  }

  #escape(): Node {
    const next = this.#peek(1)
    const assertions: Readonly<Record<string, Assertion>> = { A: 'textStart', z: 'textEnd', b: 'word', B: 'noWord' }
    const what = next === undefined ? undefined : assertions[next]
    if (what !== undefined) {
      this.#at += 2
      return { kind: 'assert', what }
    }
    const named = this.#namedClass()
    if (named !== undefined) return { kind: 'set', set: new CharSet([], [named], false, this.#flags.fold) }
    return this.#literal(String.fromCodePoint(this.#escaped()))
  }

  /** `\d`, `\pL`, `\p{Greek}` and their negations. */
  #namedClass(): Property | undefined {
    const letter = this.#peek(1) ?? ''
    const perl = perlClasses[letter.toLowerCase()]
    if (perl !== undefined && letter.length === 1) {
      this.#at += 2
      return new Property(new CharSet(perl), letter < 'a')
    }
    if (letter !== 'p' && letter !== 'P') return undefined
    const match = /^\\[pP](?:\{(\^?)([^}]*)\}|([A-Za-z]))/u.exec(this.#rest())
    const found = match === null ? undefined : unicodeClass(match[2] ?? match[3] ?? '')
    if (match === null || found === undefined) {
      throw new RegexpError('invalid character class range', match?.[0] ?? this.#rest())
    }
    this.#at += Array.from(match[0]).length
    return new Property(found, (letter === 'P') !== (match[1] === '^'))
  }

  /** The code point an escape stands for. */
  #escaped(): number {
    const rest = this.#chars.slice(this.#at, this.#at + 16).join('')
    const simple: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
    const match =
      /^\\(?:x\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2})|([aftnrv])|([^0-9A-Za-z]))/u.exec(rest)
    if (match === null) {
      if (rest === '\\') throw new RegexpError('trailing backslash at end of expression', '')
      throw new RegexpError('invalid escape sequence', Array.from(rest).slice(0, 2).join(''))
    }
    this.#at += Array.from(match[0]).length
    const [all, long, short, octal, letter, plain] = match
    if (plain !== undefined) return plain.codePointAt(0) ?? 0
    if (letter !== undefined) return simple[letter] ?? 0
    const code = octal === undefined ? parseInt(long ?? short ?? '', 16) : parseInt(octal, 8)
    if (code > 0x10ffff) throw new RegexpError('invalid escape sequence', all)
    return code
  }

  #class(): Node {
    const start = this.#at
    this.#at++
    const negated = this.#take('^')
    const ranges: number[] = []
    const properties: Property[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#peek() === undefined) throw new RegexpError('missing closing ]', this.#rest(start))
      const property = this.#posix() ?? (this.#peek() === '\\' ? this.#namedClass() : undefined)
      if (property !== undefined) {
        properties.push(property)
        continue
      }
      const from = this.#at
      const low = this.#classChar()
      const isRange = this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== undefined
      if (isRange) this.#at++
      const high = isRange ? this.#classChar() : low
      if (high < low) throw new RegexpError('invalid character class range', this.#chars.slice(from, this.#at).join(''))
      ranges.push(low, high)
    }
    this.#at++
    return { kind: 'set', set: new CharSet(ranges, properties, negated, this.#flags.fold) }
  }

  #classChar(): number {
    if (this.#peek() === '\\') return this.#escaped()
    return this.#chars[this.#at++]?.codePointAt(0) ?? 0
  }

  #posix(): Property | undefined {
    if (this.#peek() !== '[' || this.#peek(1) !== ':') return undefined
    const match = /^\[:(\^?)(\w+):\]/.exec(this.#chars.slice(this.#at, this.#at + 16).join(''))
    if (match === null) return undefined
    const ranges = posixClasses.get(match[2] ?? '')
    if (ranges === undefined) throw new RegexpError('invalid character class range', match[0])
    this.#at += match[0].length
    return new Property(new CharSet(ranges), match[1] === '^')
  }
}

function withFlags(flags: Flags, on: string, off: string): Flags {
  const set = (letter: string, was: boolean): boolean => (on.includes(letter) || was) && !off.includes(letter)
  return {
    fold: set('i', flags.fold),
    multiline: set('m', flags.multiline),
    dotAll: set('s', flags.dotAll),
    lazy: set('U', flags.lazy),
  }
}
