export type TokenType =
  'error' | 'end' | 'identifier' | 'in' | 'notin' | ')' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' | '('

export interface Token {
  type: TokenType
  text: string
}

const symbols: ReadonlySet<string> = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])

const space = /[ \t\r\n]*/y
const word = /[^=!(),<> \t\r\n]+/y
const run = /[=!(),<>]+/y

/** Splits a label selector into tokens; the last one is always 'end'. Each character is looked at once. */
// apimachinery/pkg/labels/selector.go Lexer
export function lexLabelSelector(input: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += match(space, input, at).length
    if (at >= input.length) break
    const text = match(word, input, at)
    if (text !== '') {
      tokens.push({ type: text === 'in' || text === 'notin' ? text : 'identifier', text })
      at += text.length
    } else {
      const operator = symbol(input, at)
      tokens.push(operator ?? { type: 'error', text: `error expected: keyword found '${match(run, input, at)}'` })
      at += operator?.text.length ?? match(run, input, at).length
    }
  }
  tokens.push({ type: 'end', text: '' })
  return tokens
}

function match(pattern: RegExp, input: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(input)?.[0] ?? ''
}

/** The longest operator that begins here. */
function symbol(input: string, at: number): Token | undefined {
  for (const length of [2, 1]) {
    const text = input.slice(at, at + length)
    if (symbols.has(text)) return { type: text as TokenType, text }
  }
  return undefined
}
