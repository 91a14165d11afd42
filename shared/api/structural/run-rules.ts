import { BudgetError } from '../../machinery/cel/errors.ts'
import { perCallLimit } from '../../machinery/cel/evaluation.ts'
import { toValue } from '../../machinery/cel/native.ts'
import { Optional, type Value } from '../../machinery/cel/values.ts'
import { deepEqual } from '../../machinery/deep.ts'
import {
  duplicate,
  forbidden,
  invalid,
  invalidWithoutValue,
  required,
  type FieldError,
  type FieldPath,
} from '../../machinery/fieldpath.ts'
import { isObject, ownValue, type Json } from '../../machinery/patch/json-object.ts'
import { quote } from '../../machinery/quote.ts'
import type { ValidationRule } from '../types/apiextensions-v1.ts'
import type { CompiledRule, RuleNode } from './rules.ts'

// apiserver/pkg/apis/cel/config.go RuntimeCELCostBudget, MaxEvaluatedMessageExpressionSizeBytes
const budgetPerObject = 10_000_000
const maxMessageBytes = 5 * 1024
const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run'

/** A part of the object, the one around it where this is not found in the old object, with what they were. */
interface Correlation {
  readonly value: unknown
  readonly old: unknown
}

interface Ratchet {
  readonly current?: Correlation | undefined
  readonly around?: Correlation | undefined
}

/** What the rules say against an object. `old` is undefined on create. */
// apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go Validator.Validate
export function runRules(tree: RuleNode, path: FieldPath, value: unknown, old: unknown): FieldError[] {
  const run = new Run()
  run.validate(tree, path, value, old, old === undefined ? {} : { current: { value, old } })
  return run.errors
}

class Run {
  readonly errors: FieldError[] = []
  #left = budgetPerObject
  #stopped = false

  validate(node: RuleNode, path: FieldPath, value: unknown, old: unknown, ratchet: Ratchet): void {
    if (value === null || value === undefined || this.#stopped) return
    this.#rules(node, path, value, old ?? undefined, ratchet)
    if (Array.isArray(value)) this.#list(node, path, value, old, ratchet)
    else if (isObject(value)) this.#map(node, path, value, old, ratchet)
  }

  #list(node: RuleNode, path: FieldPath, list: readonly unknown[], old: unknown, ratchet: Ratchet): void {
    if (!node.items) return
    const before = oldElements(node, old)
    for (const [i, item] of list.entries()) {
      const was = before(item)
      this.validate(
        node.items,
        path.index(i),
        item,
        was,
        inside(ratchet, was === undefined ? undefined : { value: item, old: was }),
      )
    }
  }

  #map(node: RuleNode, path: FieldPath, map: Json, old: unknown, ratchet: Ratchet): void {
    for (const [key, value] of Object.entries(map)) {
      const child = node.properties.get(key) ?? node.additional
      if (!child) continue
      const was = isObject(old) ? ownValue(old, key) : undefined
      const place = node.properties.has(key) ? path.child(key) : path.key(key)
      const isType = ratchet.around === undefined && (key === 'apiVersion' || key === 'kind')
      this.validate(
        child,
        place,
        value,
        was,
        isType ? {} : inside(ratchet, was === undefined ? undefined : { value, old: was }),
      )
    }
  }

  // validateExpressions
  #rules(node: RuleNode, path: FieldPath, value: unknown, old: unknown, ratchet: Ratchet): void {
    const { schema, decl } = node
    const type = schema.type ?? ''
    const self = node.rules.length > 0 ? toValue(value, decl) : null
    const oldSelf = old === undefined ? undefined : toValue(old, decl)
    for (const compiled of node.rules) {
      if (this.#stopped) return
      const { rule, program, usesOldSelf } = compiled
      if (compiled.error !== undefined) this.errors.push(invalid(path, type, `rule compile error: ${compiled.error}`))
      if (!program || (usesOldSelf && oldSelf === undefined && !rule.optionalOldSelf)) continue
      const variables = variablesOf(rule, self, oldSelf)
      const outcome = program.evaluate(variables, { limit: perCallLimit })
      this.#left -= outcome.cost
      if (this.#left < 0) return this.#stop(invalid(path, type, outOfBudget))
      if ('error' in outcome) {
        const { message } = outcome.error
        if (outcome.error instanceof BudgetError) {
          const text = `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`
          return this.#stop(invalid(path, type, text))
        }
        const text = message.startsWith('no such overload')
          ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`
          : `${message} evaluating rule: ${nameOf(rule)}`
        this.errors.push(invalid(path, type, text))
        continue
      }
      if (outcome.value === true) continue
      const detail = this.#detail(compiled, variables, path, type)
      // what was wrong before is let pass where nothing has changed
      if (detail === undefined || (!usesOldSelf && isUnchanged(ratchet))) continue
      const place = rule.fieldPath ? path.child(rule.fieldPath.replace(/^\./, '')) : path
      const shown = type === 'object' || type === 'array' ? undefined : value
      this.errors.push(failure(place, shown, detail, rule.reason))
    }
  }

  #stop(error: FieldError): void {
    this.errors.push(error)
    this.#stopped = true
  }

  /** What is told of a failed rule; undefined when that has used up the budget. */
  // evalMessageExpression, ruleMessageOrDefault
  #detail(
    { rule, message }: CompiledRule,
    variables: Record<string, Value>,
    path: FieldPath,
    type: string,
  ): string | undefined {
    const fallback = rule.message ? rule.message.trim() : `failed rule: ${nameOf(rule)}`
    if (!message) return fallback
    const outcome = message.evaluate(variables, { limit: perCallLimit })
    this.#left -= outcome.cost
    const overspent = 'error' in outcome && outcome.error instanceof BudgetError
    if (this.#left < 0 || overspent) {
      const text = overspent
        ? `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${quote(rule.messageExpression ?? '')}`
        : 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run'
      this.#stop(invalid(path, type, text))
      return undefined
    }
    const text = 'value' in outcome && typeof outcome.value === 'string' ? outcome.value.trim() : ''
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > maxMessageBytes ? fallback : text
  }
}

function variablesOf(rule: ValidationRule, self: Value, oldSelf: Value | undefined): Record<string, Value> {
  if (rule.optionalOldSelf) return { self, oldSelf: oldSelf === undefined ? Optional.none : new Optional(oldSelf) }
  return oldSelf === undefined ? { self } : { self, oldSelf }
}

const nameOf = ({ rule, message }: ValidationRule): string => (message || rule).trim()

const inside = (ratchet: Ratchet, found: Correlation | undefined): Ratchet =>
  ratchet.current === undefined ? ratchet : { current: found, around: ratchet.current }

function isUnchanged({ current, around }: Ratchet): boolean {
  const seen = current ?? around
  return seen !== undefined && deepEqual(seen.value, seen.old)
}

/** Elements of the old list by those of the new one: only lists of type map can tell. */
function oldElements({ schema }: RuleNode, old: unknown): (element: unknown) => unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old)) return () => undefined
  const names = schema['x-kubernetes-list-map-keys'] ?? []
  const keyOf = (element: unknown): string =>
    JSON.stringify(names.map((name) => (isObject(element) ? (ownValue(element, name) ?? null) : null)))
  const known = new Map(old.map((element: unknown) => [keyOf(element), element]))
  return (element) => known.get(keyOf(element))
}

// fieldErrorForReason
function failure(path: FieldPath, value: unknown, detail: string, reason: string | undefined): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(path, detail)
    case 'FieldValueRequired':
      return required(path, detail)
    case 'FieldValueDuplicate':
      return duplicate(path, value)
    default:
      return value === undefined ? invalidWithoutValue(path, detail) : invalid(path, value, detail)
  }
}
