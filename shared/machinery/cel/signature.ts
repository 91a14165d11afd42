import {
  type CelType,
  listType,
  mapType,
  namedTypes,
  opaqueType,
  optionalType,
  paramType,
  durationType,
  timestampType,
  typeType,
} from './types.ts'

export interface Signature {
  /** Whether it is called on its first parameter: `x.f(y)`. */
  readonly member: boolean
  readonly params: readonly CelType[]
  readonly result: CelType
}

/**
 * Reads a declaration as the libraries write them: `(string, int) bool`, or `list(T).(T) int` for a function that is
 * called on its first parameter. A capital letter is a type variable, `optional(T)` an optional; names with a dot are opaque.
 */
export function parseSignature(text: string): Signature {
  const reader = new Reader(text)
  const member = !reader.peek('(')
  const params: CelType[] = []
  if (member) {
    params.push(reader.type())
    reader.take('.')
  }
  params.push(...reader.list())
  return { member, params, result: reader.type() }
}

class Reader {
  readonly #tokens: string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/[A-Za-z_]+(?:\.[A-Za-z_]+)*|[().,]/g) ?? []
  }

  peek(token: string): boolean {
    return this.#tokens[this.#at] === token
  }

  take(token: string): void {
    if (!this.peek(token)) throw new Error(`signature: ${this.#tokens.join(' ')} has no ${token} at ${this.#at}`)
    this.#at++
  }

  list(): CelType[] {
    const types: CelType[] = []
    this.take('(')
    while (!this.peek(')')) {
      types.push(this.type())
      if (this.peek(',')) this.#at++
    }
    this.take(')')
    return types
  }

  type(): CelType {
    const name = this.#tokens[this.#at++] ?? ''
    const inner = this.peek('(') && ['list', 'map', 'optional', 'type'].includes(name) ? this.list() : []
    const [first, second] = inner
    if (/^[A-Z]$/.test(name)) return paramType(name)
    if (name === 'list' && first) return listType(first)
    if (name === 'map' && first && second) return mapType(first, second)
    if (name === 'optional' && first) return optionalType(first)
    if (name === 'type') return typeType(first)
    if (name === 'duration') return durationType
    if (name === 'timestamp') return timestampType
    return namedTypes.get(name) ?? opaqueType(name)
  }
}
