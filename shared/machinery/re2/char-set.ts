/** A set of code points: ranges, and properties of Unicode. */
export class CharSet {
  /** Pairs of first and last. */
  readonly #ranges: readonly number[]
  readonly #properties: readonly Property[]
  readonly #negated: boolean
  readonly #fold: boolean
  #ascii: boolean[] | undefined

  constructor(ranges: readonly number[], properties: readonly Property[] = [], negated = false, fold = false) {
    this.#ranges = ranges
    this.#properties = properties
    this.#negated = negated
    this.#fold = fold
  }

  has(code: number): boolean {
    if (code >= 128) return this.#look(code)
    this.#ascii ??= Array.from({ length: 128 }, (_, i) => this.#look(i))
    return this.#ascii[code] ?? false
  }

  #look(code: number): boolean {
    const found = this.#includes(code) || (this.#fold && foldsOf(code).some((other) => this.#includes(other)))
    return found !== this.#negated
  }

  #includes(code: number): boolean {
    for (let i = 0; i < this.#ranges.length; i += 2) {
      if (code >= (this.#ranges[i] ?? 0) && code <= (this.#ranges[i + 1] ?? -1)) return true
    }
    return this.#properties.some((property) => property.has(code))
  }
}

/** A named class: `\pL`, `\d` inside brackets, `[:alpha:]` … */
export class Property {
  readonly #set: CharSet | RegExp
  readonly #negated: boolean

  constructor(set: CharSet | RegExp, negated: boolean) {
    this.#set = set
    this.#negated = negated
  }

  has(code: number): boolean {
    const found = this.#set instanceof CharSet ? this.#set.has(code) : this.#set.test(String.fromCodePoint(code))
    return found !== this.#negated
  }
}

/** The other code points that are the same letter in another case. */
function foldsOf(code: number): number[] {
  // the two letters whose upper case is an ASCII letter's
  if (code === 0x73 || code === 0x53) return [0x53, 0x73, 0x17f]
  if (code === 0x6b || code === 0x4b) return [0x4b, 0x6b, 0x212a]
  const character = String.fromCodePoint(code)
  const other = [character.toLowerCase(), character.toUpperCase(), character.toUpperCase().toLowerCase()]
  return other.filter((text) => Array.from(text).length === 1).map((text) => text.codePointAt(0) ?? code)
}

/** Perl's classes. */
export const perlClasses: Readonly<Record<string, readonly number[]>> = {
  d: [0x30, 0x39],
  s: [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20],
  w: [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a],
}

/** POSIX's classes, ASCII alone. */
export const posixClasses: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ['alnum', [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ['alpha', [0x41, 0x5a, 0x61, 0x7a]],
  ['ascii', [0, 0x7f]],
  ['blank', [0x09, 0x09, 0x20, 0x20]],
  ['cntrl', [0, 0x1f, 0x7f, 0x7f]],
  ['digit', [0x30, 0x39]],
  ['graph', [0x21, 0x7e]],
  ['lower', [0x61, 0x7a]],
  ['print', [0x20, 0x7e]],
  ['punct', [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ['space', [0x09, 0x0d, 0x20, 0x20]],
  ['upper', [0x41, 0x5a]],
  ['word', [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]],
  ['xdigit', [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
])

/** Unicode's class of that name (a general category or a script); undefined when there is none. */
export function unicodeClass(name: string): RegExp | undefined {
  if (name === 'Any') return /^[^]$/u
  if (!/^[A-Za-z_]+$/.test(name)) return undefined
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    // Go knows categories by their short names alone
    if (property.startsWith('G') && name.length > 2) continue
    try {
      return new RegExp(`^\\p{${property}}$`, 'u')
    } catch {
      // no such property
    }
  }
  return undefined
}
