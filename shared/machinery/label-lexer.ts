export type TokenType =
  'error' | 'end' | 'identifier' | 'in' | 'notin' | ')' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' | '('

export interface Token {
  type: TokenType
  text: string
}

const symbols: ReadonlySet<string> = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])

/** Splits a label selector into tokens; the last one is always 'end'. */
// apimachinery/pkg/labels/selector.go Lexer
export function lexLabelSelector(input: string): Token[] {
  const tokens: Token[] = []
  let rest = input
  for (;;) {
    rest = rest.replace(/^[ \t\r\n]+/, '')
    if (rest === '') break
    const run = /^[=!(),<>]+/.exec(rest)?.[0]
    const token = run === undefined ? word(rest) : symbol(run)
    tokens.push(token.token)
    rest = rest.slice(token.length)
  }
  tokens.push({ type: 'end', text: '' })
  return tokens
}

function word(rest: string): { token: Token; length: number } {
  const text = /^[^=!(),<> \t\r\n]+/.exec(rest)?.[0] ?? rest
  const type = text === 'in' || text === 'notin' ? text : 'identifier'
  return { token: { type, text }, length: text.length }
}

/** The longest operator the run of special characters begins with. */
function symbol(run: string): { token: Token; length: number } {
  for (const length of [2, 1]) {
    const text = run.slice(0, length)
    if (text.length === length && symbols.has(text)) return { token: { type: text as TokenType, text }, length }
  }
  return { token: { type: 'error', text: `error expected: keyword found '${run}'` }, length: run.length }
}
