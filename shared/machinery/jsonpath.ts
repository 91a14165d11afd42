import { isObject, ownValue } from './patch/json-object.ts'

type Step =
  | { type: 'field'; name: string }
  | { type: 'wildcard' }
  | { type: 'recursive' }
  | { type: 'indices'; indices: readonly number[] }
  | { type: 'slice'; start: number | undefined; end: number | undefined; step: number }
  | { type: 'fields'; names: readonly string[] }
  | { type: 'filter'; left: Operand; operator: string; right: Operand | undefined }

type Operand = { path: readonly Step[] } | { value: unknown }

/** A parsed path: what it finds in a value, missing fields skipped. */
export type JsonPath = (value: unknown) => unknown[]

/** Results of one path: more would be for looking at too much at once. */
const maxResults = 10_000
const maxDepth = 100

// client-go/util/jsonpath/parser.go, jsonpath.go FindResults
/** Reads a path like `.spec.items[?(@.name=="a")].value`. Throws an Error for what is none. */
export function parseJsonPath(text: string): JsonPath {
  const parser = new Parser(text)
  const steps = parser.path(true)
  return (value) => evaluate(steps, value)
}

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  #fail(problem: string): never {
    throw new Error(`${problem} in ${JSON.stringify(this.#text)}`)
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return undefined
    this.#at += found[0].length
    return found
  }

  /** `whole`: up to the end of the text, else up to what cannot be a part of a path. */
  path(whole: boolean): Step[] {
    const steps: Step[] = []
    this.#take(/[$@]/y)
    for (;;) {
      if (this.#take(/\.\.(?=[^.])/y)) {
        steps.push({ type: 'recursive' })
        const name = this.#take(/\*|[^\s.[\](){}=!<>,"'|&?$@]+/y)?.[0]
        if (name !== undefined) steps.push(name === '*' ? { type: 'wildcard' } : { type: 'field', name })
      } else if (this.#take(/\.\*/y)) steps.push({ type: 'wildcard' })
      else {
        const field = this.#take(/\.((?:\\.|[^\s.[\](){}=!<>,"'|&?$@\\])+)/y)
        if (field) steps.push({ type: 'field', name: (field[1] ?? '').replace(/\\(.)/g, '$1') })
        else if (this.#take(/\[/y)) steps.push(this.#bracket())
        else if (this.#take(/\.(?=\[|$)/y)) continue
        else break
      }
    }
    if (whole && this.#at < this.#text.length) this.#fail(`unrecognized character at ${String(this.#at)}`)
    return steps
  }

  #bracket(): Step {
    if (this.#take(/\*\]/y)) return { type: 'wildcard' }
    const filter = this.#take(/\?\(\s*/y)
    if (filter) return this.#filter()
    const slice = this.#take(/(-?\d+)?:(-?\d+)?(?::(-?\d+))?\]/y)
    if (slice) {
      const [start, end, step] = slice.slice(1).map((part) => (part === undefined ? undefined : Number(part)))
      if (step !== undefined && step <= 0) this.#fail('step must be > 0')
      return { type: 'slice', start, end, step: step ?? 1 }
    }
    const indices = this.#take(/(-?\d+(?:\s*,\s*-?\d+)*)\]/y)
    if (indices) return { type: 'indices', indices: (indices[1] ?? '').split(',').map(Number) }
    const names: string[] = []
    for (;;) {
      const name = this.#take(/\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*/y)
      if (!name) this.#fail('invalid array index')
      names.push((name[1] ?? name[2] ?? '').replace(/\\(.)/g, '$1'))
      if (this.#take(/\]/y)) return { type: 'fields', names }
      if (!this.#take(/,/y)) this.#fail('unterminated array')
    }
  }

  #filter(): Step {
    const left = this.#operand()
    const operator = this.#take(/\s*(==|!=|<=|>=|<|>)\s*/y)?.[1]
    const right = operator === undefined ? undefined : this.#operand()
    if (!this.#take(/\s*\)\]/y)) this.#fail('unterminated filter')
    return { type: 'filter', left, operator: operator ?? 'exists', right }
  }

  #operand(): Operand {
    const text = this.#take(/'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"/y)
    if (text) return { value: (text[1] ?? text[2] ?? '').replace(/\\(.)/g, '$1') }
    const literal = this.#take(/-?\d+(?:\.\d+)?|true\b|false\b/y)
    if (literal) return { value: JSON.parse(literal[0]) as unknown }
    if (/[@$.]/.test(this.#text[this.#at] ?? '')) return { path: this.path(false) }
    return this.#fail('invalid filter')
  }
}

function evaluate(steps: readonly Step[], value: unknown): unknown[] {
  let current: unknown[] = [value]
  for (const step of steps) {
    current = current.flatMap((one) => apply(step, one))
    if (current.length > maxResults) current.length = maxResults
  }
  return current
}

function apply(step: Step, value: unknown): unknown[] {
  switch (step.type) {
    case 'field':
      return present(isObject(value) ? ownValue(value, step.name) : undefined)
    case 'fields':
      return step.names.flatMap((name) => present(isObject(value) ? ownValue(value, name) : undefined))
    case 'wildcard':
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
    case 'recursive':
      return descend(value, [], 0)
    case 'indices':
      return Array.isArray(value) ? step.indices.flatMap((index) => present(value.at(index) as unknown)) : []
    case 'slice':
      if (!Array.isArray(value)) return []
      return value.slice(step.start, step.end).filter((_, i) => i % step.step === 0)
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => passes(step, item)) : []
  }
}

const present = (value: unknown): unknown[] => (value === undefined ? [] : [value])

function descend(value: unknown, found: unknown[], depth: number): unknown[] {
  if (found.length >= maxResults || depth > maxDepth) return found
  found.push(value)
  const children = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
  for (const child of children) if (typeof child === 'object' && child !== null) descend(child, found, depth + 1)
  return found
}

function passes({ left, operator, right }: Extract<Step, { type: 'filter' }>, item: unknown): boolean {
  const a = valueOf(left, item)
  if (operator === 'exists' || !right) return a !== undefined
  const b = valueOf(right, item)
  if (a === undefined || b === undefined) return false
  if (operator === '==') return a === b
  if (operator === '!=') return a !== b
  if ((typeof a !== 'number' || typeof b !== 'number') && (typeof a !== 'string' || typeof b !== 'string')) return false
  if (operator === '<') return a < b
  if (operator === '<=') return a <= b
  return operator === '>' ? a > b : a >= b
}

const valueOf = (operand: Operand, item: unknown): unknown =>
  'value' in operand ? operand.value : evaluate(operand.path, item)[0]
