import { compileProgram, type Instruction } from './program.ts'
import { type Assertion, parseRegexp } from './syntax.ts'

/** What is told how much was done, and may throw to end it. */
type Work = (steps: number) => void

const ignore: Work = () => undefined
/** Positions in kept states, all together. */
const maxCached = 200_000

/** Some positions of the machine, and where each character leads from there: made as they are met. */
interface State {
  readonly positions: readonly number[]
  readonly matches: boolean
  readonly ascii: (State | undefined)[]
  readonly others: Map<number, State>
}

/**
 * A regular expression of RE2's syntax, as Go's regexp package reads it. Matching takes time linear in the text, whatever
 * the pattern: all ways through it are followed at once. Captures are not kept.
 */
export class Regexp {
  readonly #code: readonly Instruction[]
  readonly #start: number
  /** Whether it looks at lines or words around a place: then states cannot be kept. */
  readonly #looksAround: boolean
  #states = new Map<string, State>()
  #cached = 0

  /** Throws RegexpError. */
  constructor(pattern: string) {
    const { code, start } = compileProgram(pattern, parseRegexp(pattern))
    this.#code = code
    this.#start = start
    this.#looksAround = code.some(({ op, ...rest }) => {
      return op === 'assert' && 'what' in rest && !['textStart', 'textEnd'].includes(rest.what)
    })
  }

  /** Whether it matches anywhere in the text. */
  test(text: string, work: Work = ignore): boolean {
    if (this.#looksAround) return this.#search(Array.from(text), 0, work) !== undefined
    let state = this.#state([], true, work)
    let left = 0
    for (let i = 0; i < text.length; i++) {
      if (state.matches) return true
      const code = text.codePointAt(i) ?? 0
      if (code > 0xffff) i++
      state = (code < 128 ? state.ascii[code] : state.others.get(code)) ?? this.#next(state, code, work)
      if (++left === 64) {
        work(8)
        left = 0
      }
    }
    return state.matches || this.#endsIn(state, text.length === 0, work)
  }

  /** The leftmost match; undefined when there is none. */
  find(text: string, work: Work = ignore): string | undefined {
    const [first] = this.findAll(text, 1, work)
    return first
  }

  /** All matches that do not overlap, at most `limit` of them. */
  findAll(text: string, limit: number, work: Work = ignore): string[] {
    const chars = Array.from(text)
    const found: string[] = []
    let previousEnd = -1
    for (let from = 0; from <= chars.length && found.length < limit;) {
      const match = this.#search(chars, from, work)
      if (match === undefined) break
      const [start, end] = match
      // Go: an empty match right behind the one before does not count
      if (end > start || start !== previousEnd) found.push(chars.slice(start, end).join(''))
      previousEnd = end
      from = end > start ? end : end + 1
    }
    return found
  }

  /** The state with these positions to go on from; a match may begin anywhere. */
  #state(seeds: readonly number[], atStart: boolean, work: Work): State {
    const positions = this.#follow([...seeds, this.#start], (what) => what === 'textStart' && atStart, work)
    const key = positions.join()
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const matches = positions.some((at) => this.#code[at]?.op === 'match')
    const state: State = { positions, matches, ascii: [], others: new Map() }
    this.#cached += positions.length + 1
    if (this.#cached > maxCached) {
      this.#states = new Map()
      this.#cached = positions.length + 1
    }
    this.#states.set(key, state)
    return state
  }

  #next(state: State, code: number, work: Work): State {
    work(state.positions.length)
    const seeds: number[] = []
    for (const at of state.positions) {
      const instruction = this.#code[at]
      if (instruction?.op === 'set' && instruction.set.has(code)) seeds.push(instruction.next)
    }
    const next = this.#state(seeds, false, work)
    if (code < 128) state.ascii[code] = next
    else if (state.others.size < 1000) state.others.set(code, next)
    return next
  }

  #endsIn(state: State, isEmpty: boolean, work: Work): boolean {
    const holds = (what: Assertion): boolean => what === 'textEnd' || (what === 'textStart' && isEmpty)
    return this.#follow(state.positions, holds, work).some((at) => this.#code[at]?.op === 'match')
  }

  /** The positions that wait for a character, match, or need an assertion that does not hold; in no order. */
  #follow(seeds: readonly number[], holds: (what: Assertion) => boolean, work: Work): number[] {
    const seen = new Set<number>()
    const stack = [...seeds]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const instruction = this.#code[at]
      if (instruction?.op === 'split') stack.push(instruction.other, instruction.next)
      else if (instruction?.op === 'assert' && holds(instruction.what)) stack.push(instruction.next)
    }
    work(seen.size)
    return [...seen].filter((at) => this.#code[at]?.op !== 'split').sort((a, b) => a - b)
  }

  /** The leftmost match from `from` on, and of those the one that the pattern prefers. */
  #search(chars: readonly string[], from: number, work: Work): [number, number] | undefined {
    let best: [number, number] | undefined
    let threads = new Map<number, number>()
    for (let i = from; i <= chars.length; i++) {
      const holds = (what: Assertion): boolean => holdsAt(chars, i, what)
      const now = new Map<number, number>()
      for (const [at, start] of threads) this.#enter(at, start, now, holds)
      if (best === undefined) this.#enter(this.#start, i, now, holds)
      work(now.size + 1)
      const code = chars[i]?.codePointAt(0)
      threads = new Map()
      for (const [at, start] of now) {
        const instruction = this.#code[at]
        if (instruction?.op === 'match') {
          best = [start, i]
          break
        }
        if (instruction?.op !== 'set' || code === undefined || !instruction.set.has(code)) continue
        if (!threads.has(instruction.next)) threads.set(instruction.next, start)
      }
      if (threads.size === 0 && best !== undefined) return best
    }
    return best
  }

  /** Adds a position and all it leads to without a character, in the order of preference. */
  #enter(seed: number, start: number, into: Map<number, number>, holds: (what: Assertion) => boolean): void {
    const stack = [seed]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (into.has(at)) continue
      into.set(at, start)
      const instruction = this.#code[at]
      if (instruction?.op === 'split') stack.push(instruction.other, instruction.next)
      else if (instruction?.op === 'assert' && holds(instruction.what)) stack.push(instruction.next)
    }
  }
}

const isWord = (char: string | undefined): boolean => char !== undefined && /^\w$/.test(char)

function holdsAt(chars: readonly string[], at: number, what: Assertion): boolean {
  switch (what) {
    case 'textStart':
      return at === 0
    case 'textEnd':
      return at === chars.length
    case 'lineStart':
      return at === 0 || chars[at - 1] === '\n'
    case 'lineEnd':
      return at === chars.length || chars[at] === '\n'
    case 'word':
      return isWord(chars[at - 1]) !== isWord(chars[at])
    case 'noWord':
      return isWord(chars[at - 1]) === isWord(chars[at])
  }
}
