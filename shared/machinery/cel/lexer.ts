import { SyntaxProblem } from './source.ts'
import { readString } from './string-literal.ts'

export type TokenKind = 'ident' | 'reserved' | 'int' | 'uint' | 'float' | 'string' | 'bytes' | 'symbol' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written. */
  readonly text: string
  /** What a string or bytes literal holds. */
  readonly value?: string | Uint8Array
  /** In code points. */
  readonly offset: number
}

// cel-spec doc/langdef.md RESERVED
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
)
const blanks = /[\t \r\n\f]+|\/\/[^\n]*/y
const word = /[_a-zA-Z][_a-zA-Z0-9]*/y
const number =
  /(?<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|(?:0x[0-9a-fA-F]+|[0-9]+)(?<unsigned>[uU])?/y
const symbol = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,?:\-+*/%!]/y
const stringStart = /(?:[rR][bB]?|[bB][rR]?)?(?:"""|'''|"|')/y

/** All tokens of an expression, `end` last. Throws SyntaxProblem. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  // offsets are counted in code points: `extra` is what code units have run ahead
  let extra = 0
  const move = (to: number): void => {
    for (; at < to; at++) if ((source.charCodeAt(at) & 0xfc00) === 0xdc00) extra++
  }
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  while (at < source.length) {
    const offset = at - extra
    const blank = match(blanks)
    if (blank) {
      move(at + blank[0].length)
      continue
    }
    const start = match(stringStart)
    if (start) {
      const { value, end } = readString(source, at, start[0], offset)
      const text = source.slice(at, end)
      tokens.push({ kind: typeof value === 'string' ? 'string' : 'bytes', text, value, offset })
      move(end)
      continue
    }
    const token = simpleToken(match, offset)
    if (token === undefined) throw new SyntaxProblem(offset, unknownCharacter(source, at))
    tokens.push(token)
    move(at + token.text.length)
  }
  tokens.push({ kind: 'end', text: '<EOF>', offset: at - extra })
  return tokens
}

function simpleToken(match: (pattern: RegExp) => RegExpExecArray | null, offset: number): Token | undefined {
  const name = match(word)?.[0]
  if (name !== undefined) return { kind: reserved.has(name) ? 'reserved' : 'ident', text: name, offset }
  const digits = match(number)
  if (digits) {
    const kind = digits.groups?.float !== undefined ? 'float' : digits.groups?.unsigned === undefined ? 'int' : 'uint'
    return { kind, text: digits[0], offset }
  }
  const sign = match(symbol)?.[0]
  return sign === undefined ? undefined : { kind: 'symbol', text: sign, offset }
}

const unknownCharacter = (source: string, at: number): string =>
  `Syntax error: token recognition error at: '${String.fromCodePoint(source.codePointAt(at) ?? 0xfffd)}'`
