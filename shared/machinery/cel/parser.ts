import type { Expr, MapEntry, StructField } from './ast.ts'
import { type Token, tokenize } from './lexer.ts'
import { expandMacro } from './macros.ts'
import { type Issue, SyntaxProblem } from './source.ts'
import { codePoints, Uint } from './values.ts'

// cel-go parser/options.go: the defaults
const maxDepth = 250
const maxCodePoints = 100_000
const maxInt = (1n << 63n) - 1n
const maxUint = (1n << 64n) - 1n
const operands =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

/**
 * The tree of an expression with its macros expanded, or what is wrong with it.
 * @param bindings whether cel.bind is a macro
 */
export function parse(source: string, bindings = false): { expr: Expr } | { issues: Issue[] } {
  const size = codePoints(source)
  if (size > maxCodePoints) {
    const message = `expression code point size exceeds limit: size: ${size}, limit ${maxCodePoints}`
    return { issues: [{ offset: -1, message }] }
  }
  try {
    return { expr: new Parser(tokenize(source), bindings).parse() }
  } catch (error) {
    if (error instanceof SyntaxProblem) return { issues: [{ offset: error.offset, message: error.message }] }
    throw error
  }
}

const relations = new Set(['<', '<=', '>', '>=', '==', '!=', 'in'])

class Parser {
  readonly #tokens: readonly Token[]
  readonly #bindings: boolean
  #at = 0
  #depth = 0
  /** How deep the tree under an expression is: recursion over it must end. */
  readonly #heights = new WeakMap<Expr, number>()

  constructor(tokens: readonly Token[], bindings: boolean) {
    this.#tokens = tokens
    this.#bindings = bindings
  }

  parse(): Expr {
    const expr = this.#expr()
    this.#expect('<EOF>')
    return expr
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token
  }

  #ahead(count: number): Token {
    return (this.#tokens[this.#at + count] ?? this.#tokens.at(-1)) as Token
  }

  #is(text: string, token = this.#token): boolean {
    return token.text === text && (token.kind === 'symbol' || token.kind === 'end' || token.text === 'in')
  }

  #accept(text: string): Token | undefined {
    if (!this.#is(text)) return undefined
    const token = this.#token
    this.#at++
    return token
  }

  // the words that ANTLR's error strategy uses
  #expect(text: string): Token {
    const token = this.#accept(text)
    if (token) return token
    const { offset, text: found } = this.#token
    const wanted = text === '<EOF>' ? text : `'${text}'`
    if (this.#token.kind === 'end') throw new SyntaxProblem(offset, `Syntax error: missing ${wanted} at '<EOF>'`)
    const kind = this.#is(text, this.#ahead(1)) ? 'extraneous' : 'mismatched'
    throw new SyntaxProblem(offset, `Syntax error: ${kind} input '${found}' expecting ${wanted}`)
  }

  /** Notes how high the tree is; throws where it is too high. */
  #made<T extends Expr>(expr: T, ...parts: readonly Expr[]): T {
    let height = 0
    for (const part of parts) height = Math.max(height, this.#heights.get(part) ?? 0)
    if (height >= maxDepth) throw new SyntaxProblem(-1, `expression recursion limit exceeded: ${maxDepth}`)
    this.#heights.set(expr, height + 1)
    return expr
  }

  #call(name: string, offset: number, ...args: readonly Expr[]): Expr {
    return this.#made({ kind: 'call', name, args, offset }, ...args)
  }

  #expr(): Expr {
    if (++this.#depth > maxDepth) throw new SyntaxProblem(-1, `expression recursion limit exceeded: ${maxDepth}`)
    let expr = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
    const op = this.#accept('?')
    if (op) {
      const yes = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
      this.#expect(':')
      const no = this.#expr()
      expr = this.#call('_?_:_', op.offset, expr, yes, no)
    }
    this.#depth--
    return expr
  }

  /** A chain of one operator becomes a balanced tree, so that a long one is not a deep one. */
  #logical(symbol: string, name: string, next: () => Expr): Expr {
    const terms = [next()]
    const offsets: number[] = []
    for (let op = this.#accept(symbol); op; op = this.#accept(symbol)) {
      offsets.push(op.offset)
      terms.push(next())
    }
    const join = (low: number, high: number): Expr => {
      if (low === high) return terms[low] as Expr
      const middle = Math.floor((low + high) / 2)
      return this.#call(name, offsets[middle] ?? 0, join(low, middle), join(middle + 1, high))
    }
    return join(0, terms.length - 1)
  }

  #relation(): Expr {
    let left = this.#sum()
    while (relations.has(this.#token.text) && this.#is(this.#token.text)) {
      const { text, offset } = this.#token
      this.#at++
      left = this.#call(text === 'in' ? '@in' : `_${text}_`, offset, left, this.#sum())
    }
    return left
  }

  #sum(): Expr {
    let left = this.#product()
    for (let op = this.#accept('+') ?? this.#accept('-'); op; op = this.#accept('+') ?? this.#accept('-')) {
      left = this.#call(`_${op.text}_`, op.offset, left, this.#product())
    }
    return left
  }

  #product(): Expr {
    let left = this.#unary()
    while (this.#is('*') || this.#is('/') || this.#is('%')) {
      const { text, offset } = this.#token
      this.#at++
      left = this.#call(`_${text}_`, offset, left, this.#unary())
    }
    return left
  }

  #unary(): Expr {
    const { text, offset } = this.#token
    if (!this.#is('!') && !this.#is('-')) return this.#member()
    let count = 0
    // a sign just before digits is the number's own
    while (this.#is(text) && !(text === '-' && ['int', 'float'].includes(this.#ahead(1).kind))) {
      this.#at++
      count++
    }
    const operand = this.#member()
    return count % 2 === 0 ? operand : this.#call(text === '!' ? '!_' : '-_', offset, operand)
  }

  #member(): Expr {
    let expr = this.#primary()
    for (;;) {
      const op = this.#accept('.') ?? this.#accept('[')
      if (!op) return expr
      const isOptional = this.#accept('?') !== undefined
      if (op.text === '[') {
        const index = this.#expr()
        this.#expect(']')
        expr = this.#call(isOptional ? '_[?_]' : '_[_]', op.offset, expr, index)
        continue
      }
      const field = this.#name()
      const open = isOptional ? undefined : this.#accept('(')
      if (open) {
        const args = this.#list(')')
        expr = this.#finishCall(field.text, open.offset, args, expr)
      } else if (isOptional) {
        const name = this.#made<Expr>({ kind: 'literal', value: field.text, offset: field.offset })
        expr = this.#call('_?._', op.offset, expr, name)
      } else {
        expr = this.#made(
          { kind: 'select', operand: expr, field: field.text, testOnly: false, offset: op.offset },
          expr,
        )
      }
    }
  }

  #finishCall(name: string, offset: number, args: readonly Expr[], target?: Expr): Expr {
    const parts = target === undefined ? args : [target, ...args]
    const expanded = expandMacro(name, target, args, offset, this.#bindings)
    if (expanded !== undefined) return this.#made(expanded, ...parts)
    return this.#made({ kind: 'call', name, args, offset, ...(target === undefined ? {} : { target }) }, ...parts)
  }

  #name(): Token {
    const token = this.#token
    // after a dot a reserved word is a name like any other
    if (token.kind !== 'ident' && token.kind !== 'reserved') throw this.#unexpected('IDENTIFIER')
    this.#at++
    return token
  }

  #unexpected(expecting: string): SyntaxProblem {
    const { text, offset } = this.#token
    return new SyntaxProblem(offset, `Syntax error: mismatched input '${text}' expecting ${expecting}`)
  }

  #primary(): Expr {
    const token = this.#token
    const { offset } = token
    if (token.kind === 'string' || token.kind === 'bytes') {
      this.#at++
      return this.#made({ kind: 'literal', value: token.value ?? '', offset })
    }
    if (this.#accept('(')) {
      const inner = this.#expr()
      this.#expect(')')
      return inner
    }
    if (this.#accept('[')) return this.#listLiteral(offset)
    if (this.#accept('{')) return this.#mapLiteral(offset)
    if (token.kind === 'int' || token.kind === 'uint' || token.kind === 'float' || this.#is('-')) return this.#number()
    const isName = token.kind === 'ident' || token.kind === 'reserved'
    if ((isName && token.text !== 'in') || (this.#is('.') && this.#ahead(1).kind === 'ident')) return this.#identifier()
    throw this.#unexpected(operands)
  }

  #number(): Expr {
    const sign = this.#accept('-')
    const token = this.#token
    const offset = sign?.offset ?? token.offset
    if (!['int', 'uint', 'float'].includes(token.kind)) throw this.#unexpected(operands)
    this.#at++
    if (token.kind === 'float') {
      const value = Number(token.text)
      if (!Number.isFinite(value)) throw new SyntaxProblem(offset, 'invalid double literal')
      return this.#made({ kind: 'literal', value: sign ? -value : value, offset })
    }
    const size = BigInt(token.text.replace(/[uU]$/, ''))
    if (token.kind === 'uint') {
      if (size > maxUint) throw new SyntaxProblem(offset, 'invalid uint literal')
      return this.#made({ kind: 'literal', value: new Uint(size), offset })
    }
    const value = sign ? -size : size
    if (value > maxInt || value < -maxInt - 1n) throw new SyntaxProblem(offset, 'invalid int literal')
    return this.#made({ kind: 'literal', value, offset })
  }

  #identifier(): Expr {
    const dot = this.#accept('.')
    const token = this.#token
    this.#at++
    const { text, offset } = token
    if (!dot && (text === 'true' || text === 'false' || text === 'null')) {
      return this.#made({ kind: 'literal', value: text === 'null' ? null : text === 'true', offset })
    }
    const name = `${dot ? '.' : ''}${text}`
    const struct = this.#structName(name)
    if (struct !== undefined) return this.#structLiteral(struct)
    if (token.kind === 'reserved') throw new SyntaxProblem(offset, `reserved identifier: ${text}`)
    const open = this.#accept('(')
    if (open) return this.#finishCall(name, open.offset, this.#list(')'))
    return this.#made({ kind: 'ident', name, offset: dot?.offset ?? offset })
  }

  /** The whole name when what follows is `.b.c{`: a struct. */
  #structName(first: string): string | undefined {
    let ahead = 0
    let name = first
    while (this.#is('.', this.#ahead(ahead)) && this.#ahead(ahead + 1).kind === 'ident') {
      name += `.${this.#ahead(ahead + 1).text}`
      ahead += 2
    }
    if (!this.#is('{', this.#ahead(ahead))) return undefined
    this.#at += ahead
    return name
  }

  #list(close: string): Expr[] {
    const items: Expr[] = []
    if (this.#accept(close)) return items
    do items.push(this.#expr())
    while (this.#accept(','))
    this.#expect(close)
    return items
  }

  #listLiteral(offset: number): Expr {
    const elements: Expr[] = []
    const optional = new Set<number>()
    while (!this.#is(']') && this.#token.kind !== 'end') {
      if (this.#accept('?')) optional.add(elements.length)
      elements.push(this.#expr())
      if (!this.#accept(',')) break
    }
    this.#expect(']')
    return this.#made({ kind: 'list', elements, optional, offset }, ...elements)
  }

  #mapLiteral(offset: number): Expr {
    const entries: MapEntry[] = []
    while (!this.#is('}') && this.#token.kind !== 'end') {
      const optional = this.#accept('?') !== undefined
      const key = this.#expr()
      const colon = this.#expect(':')
      entries.push({ key, value: this.#expr(), optional, offset: colon.offset })
      if (!this.#accept(',')) break
    }
    this.#expect('}')
    return this.#made({ kind: 'map', entries, offset }, ...entries.flatMap(({ key, value }) => [key, value]))
  }

  #structLiteral(name: string): Expr {
    const { offset } = this.#expect('{')
    const fields: StructField[] = []
    while (!this.#is('}') && this.#token.kind !== 'end') {
      const optional = this.#accept('?') !== undefined
      const field = this.#name()
      const colon = this.#expect(':')
      fields.push({ name: field.text, value: this.#expr(), optional, offset: colon.offset })
      if (!this.#accept(',')) break
    }
    this.#expect('}')
    return this.#made({ kind: 'struct', name, fields, offset }, ...fields.map(({ value }) => value))
  }
}
