import { errorText, invalid, type FieldError } from './fieldpath.ts'
import { lexLabelSelector, type Token, type TokenType } from './label-lexer.ts'
import type { LabelSelector } from './meta-v1.gen.ts'
import { isLabelValue, isQualifiedName } from './names.ts'
import { quote } from './quote.ts'

type Labels = Readonly<Record<string, string>>
type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

/** All requirements must hold. */
// apimachinery/pkg/labels/selector.go Selector
export interface Selector {
  matches(labels: Labels | undefined): boolean
  readonly requirements: readonly Requirement[]
  /** True when nothing is restricted: everything matches. */
  readonly empty: boolean
  toString(): string
}

/** Matches every object. */
export const everything: Selector = selectorOf([])

/** Matches no object: what a missing LabelSelector means. */
export const nothing: Selector = {
  matches: () => false,
  requirements: [],
  empty: false,
  toString: () => '',
}

function selectorOf(unsorted: readonly Requirement[]): Selector {
  const requirements = unsorted.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return {
    matches: (labels = {}) => requirements.every((r) => requirementMatches(r, labels)),
    requirements,
    empty: requirements.length === 0,
    toString: () => requirements.map(requirementText).join(','),
  }
}

function requirementMatches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'gt':
    case 'lt': {
      if (value === undefined || !isInteger(value)) return false
      const limit = BigInt(values[0] ?? '0')
      return operator === 'gt' ? BigInt(value) > limit : BigInt(value) < limit
    }
    default:
      return value !== undefined && values.includes(value)
  }
}

const isInteger = (text: string): boolean => /^-?\d+$/.test(text)

function requirementText({ key, operator, values }: Requirement): string {
  const list = values.toSorted().join(',')
  switch (operator) {
    case 'exists':
      return key
    case '!':
      return `!${key}`
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`
    case 'gt':
      return `${key}>${list}`
    case 'lt':
      return `${key}<${list}`
    default:
      return `${key}${operator}${list}`
  }
}

/** Checks a requirement; throws an Error with upstream's text. */
// apimachinery/pkg/labels/selector.go NewRequirement
function newRequirement(key: string, operator: Operator, values: readonly string[]): Requirement {
  const errors: FieldError[] = [...labelKeyErrors('key', key)]
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    errors.push(invalid('values', [], "for 'in', 'notin' operators, values set can't be empty"))
  }
  if ((operator === 'exists' || operator === '!') && values.length > 0) {
    errors.push(invalid('values', values, 'values set must be empty for exists and does not exist'))
  }
  values.forEach((value, i) => {
    if ((operator === 'gt' || operator === 'lt') && !isInteger(value)) {
      errors.push(invalid(`values[${i}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"))
    }
    const texts = isLabelValue(value)
    if (texts.length > 0) errors.push(invalid(`values[${i}][${key}]`, value, texts.join('; ')))
  })
  if (errors.length === 1) throw new Error(errors.map(errorText).join())
  if (errors.length > 1) throw new Error(`[${errors.map(errorText).join(', ')}]`)
  return { key, operator, values }
}

function labelKeyErrors(field: string, key: string): FieldError[] {
  const texts = isQualifiedName(key)
  return texts.length > 0 ? [invalid(field, key, texts.join('; '))] : []
}

/** Parses "app=web,tier in (a,b),!old". Throws an Error with upstream's text. */
export function parseLabelSelector(text: string): Selector {
  return selectorOf(new Parser(lexLabelSelector(text)).parse())
}

// apimachinery/pkg/labels/selector.go Parser
class Parser {
  readonly #tokens: Token[]
  #position = 0

  constructor(tokens: Token[]) {
    this.#tokens = tokens
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      const token = this.#peek()
      if (token.type === 'end') return requirements
      if (token.type !== 'identifier' && token.type !== '!') {
        throw new Error(`found '${token.text}', expected: !, identifier, or 'end of string'`)
      }
      requirements.push(this.#requirementOrThrow())
      const next = this.#take()
      if (next.type === 'end') return requirements
      if (next.type !== ',') throw new Error(`found '${next.text}', expected: ',' or 'end of string'`)
      const after = this.#peek()
      if (after.type !== 'identifier' && after.type !== '!') {
        throw new Error(`found '${after.text}', expected: identifier after ','`)
      }
    }
  }

  #requirementOrThrow(): Requirement {
    try {
      return this.#requirement()
    } catch (error) {
      throw new Error(`unable to parse requirement: ${(error as Error).message}`, { cause: error })
    }
  }

  #requirement(): Requirement {
    let token = this.#take()
    const negated = token.type === '!'
    if (negated) token = this.#take()
    if (token.type !== 'identifier') throw new Error(`found '${token.text}', expected: identifier`)
    const key = token.text
    for (const error of labelKeyErrors('<nil>', key)) throw new Error(errorText(error))
    const next = this.#peek().type
    if (negated) return newRequirement(key, '!', [])
    if (next === 'end' || next === ',') return newRequirement(key, 'exists', [])
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()]
    return newRequirement(key, operator, values)
  }

  #operator(): Operator {
    const token = this.#take(false)
    const operator = operators[token.type]
    if (operator === undefined) throw new Error(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`)
    return operator
  }

  #values(): string[] {
    const open = this.#take()
    if (open.type !== '(') throw new Error(`found '${open.text}' expected: '('`)
    const first = this.#peek()
    if (first.type === ')') {
      this.#take()
      return ['']
    }
    if (first.type !== 'identifier' && first.type !== ',') {
      throw new Error(`found '${first.text}', expected: ',', ')' or identifier`)
    }
    const values = this.#identifiers()
    this.#take()
    return [...values].sort()
  }

  /** Up to the closing parenthesis; an empty place between commas stands for the empty value. */
  #identifiers(): Set<string> {
    const values = new Set<string>()
    for (;;) {
      const token = this.#take()
      const next = this.#peek()
      if (token.type === 'identifier') {
        values.add(token.text)
        if (next.type === ')') return values
        if (next.type !== ',') throw new Error(`found '${next.text}', expected: ',' or ')'`)
      } else if (token.type === ',') {
        if (values.size === 0 || next.type === ')' || next.type === ',') values.add('')
        if (next.type === ')') return values
      } else {
        throw new Error(`found '${token.text}', expected: ',', or identifier`)
      }
    }
  }

  #exactValue(): string {
    const type = this.#peek().type
    if (type === 'end' || type === ',') return ''
    const token = this.#take()
    if (token.type !== 'identifier') throw new Error(`found '${token.text}', expected: identifier`)
    return token.text
  }

  /** Where a key or value may stand, the words "in" and "notin" are identifiers. */
  #peek(wordsAreValues = true): Token {
    const token = this.#tokens[this.#position] ?? { type: 'end', text: '' }
    const isWord = token.type === 'in' || token.type === 'notin'
    return isWord && wordsAreValues ? { type: 'identifier', text: token.text } : token
  }

  #take(wordsAreValues = true): Token {
    const token = this.#peek(wordsAreValues)
    this.#position++
    return token
  }
}

const operators: Partial<Record<TokenType, Operator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
}

const setOperators: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }

/**
 * The selector a LabelSelector object means: nothing when it is missing, everything when it is empty.
 * Throws an Error on what validation would have refused.
 */
// apimachinery/pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector
export function labelSelectorFromObject(selector: LabelSelector | undefined): Selector {
  if (selector === undefined) return nothing
  const fromLabels = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => newRequirement(k, '=', [v]))
  const fromExpressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    const known = setOperators[operator]
    if (known === undefined) throw new Error(`${quote(operator)} is not a valid label selector operator`)
    return newRequirement(key, known, values ?? [])
  })
  return selectorOf([...fromLabels, ...fromExpressions])
}

/** Exactly these labels, as a Service's or ReplicationController's selector map means them. Not validated. */
export function selectorFromLabels(labels: Labels): Selector {
  return selectorOf(Object.entries(labels).map(([key, value]) => ({ key, operator: '=' as const, values: [value] })))
}
