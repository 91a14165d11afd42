import type { Call, Comprehension, Expr, ListLiteral, MapLiteral, Select, StructLiteral } from './ast.ts'
import type { Checked } from './checker.ts'
import { callCost, identCost, listCost, mapCost, structCost } from './cost.ts'
import { BudgetError, EvalError } from './errors.ts'
import type { Evaluation } from './evaluation.ts'
import { Args, type Overload } from './functions.ts'
import { has, index, select, selectOptional } from './access.ts'
import { accepts } from './dispatch.ts'
import { typeName } from './types.ts'
import {
  ArrayList,
  HashMap,
  ListValue,
  mapKey,
  MapValue,
  Optional,
  StructValue,
  TypeValue,
  typeOf,
  type Value,
} from './values.ts'

/** One part of an expression, ready to run. Throws EvalError. */
type Step = (run: Evaluation) => Value

/** Turns a checked expression into a function. */
export function plan(checked: Checked): Step {
  return new Planner(checked).step(checked.expr)
}

class Planner {
  readonly #checked: Checked
  readonly #steps = new Map<Expr, Step>()
  /** Where each variable of a macro is kept, innermost last. */
  readonly #slots: string[] = []

  constructor(checked: Checked) {
    this.#checked = checked
  }

  step(expr: Expr): Step {
    // a macro uses its operand more than once
    const known = this.#steps.get(expr)
    if (known !== undefined) return known
    const made = this.#make(expr)
    this.#steps.set(expr, made)
    return made
  }

  #make(expr: Expr): Step {
    switch (expr.kind) {
      case 'literal': {
        const { value } = expr
        return () => value
      }
      case 'ident':
        return this.#name(expr, expr.name)
      case 'select':
        return this.#select(expr)
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return this.#struct(expr)
      case 'comprehension':
        return this.#comprehension(expr)
    }
  }

  #name(expr: Expr, name: string): Step {
    const reference = this.#checked.references.get(expr)
    if (reference?.kind === 'type') {
      const value = new TypeValue(reference.type)
      return (run) => {
        run.charge(identCost)
        return value
      }
    }
    if (reference?.kind === 'variable') {
      return (run) => {
        run.charge(identCost)
        const value = run.activation(reference.name)
        if (value === undefined) throw new EvalError(`no such attribute(s): ${reference.name}`)
        return value
      }
    }
    const slot = this.#slots.lastIndexOf(name)
    return (run) => {
      run.charge(identCost)
      const value = run.locals[slot] ?? null
      if (value instanceof EvalError) throw value
      return value
    }
  }

  #select(expr: Select): Step {
    if (this.#checked.references.has(expr)) return this.#name(expr, '')
    const operand = this.step(expr.operand)
    const { field } = expr
    if (expr.testOnly) return (run) => has(operand(run), field)
    const extra = this.#relativeCost(expr.operand)
    return (run) => {
      const value = operand(run)
      run.charge(1 + extra)
      return select(value, field)
    }
  }

  // cel-go interpreter/attributes.go relativeAttribute: what is computed becomes an attribute of its own
  #relativeCost(operand: Expr): number {
    if (operand.kind === 'ident' || operand.kind === 'select') return 0
    return operand.kind === 'call' && ['_[_]', '_?._', '_[?_]', '_?_:_'].includes(operand.name) ? 0 : 1
  }

  #call(expr: Call): Step {
    const [first, second, third] = expr.args.map((arg) => this.step(arg))
    switch (expr.name) {
      case '_&&_':
        return logical(first as Step, second as Step, false)
      case '_||_':
        return logical(first as Step, second as Step, true)
      case '_?_:_':
        return conditional(first as Step, second as Step, third as Step)
      case '@not_strictly_false':
        return notStrictlyFalse(first as Step)
      case '_[_]':
        return this.#index(expr.args[0] as Expr, first as Step, second as Step, index)
      case '_[?_]':
        return this.#index(expr.args[0] as Expr, first as Step, second as Step, selectOptional)
      case '_?._':
        return this.#index(expr.args[0] as Expr, first as Step, second as Step, selectOptional)
      case 'or':
      case 'orValue':
        if (expr.target !== undefined) return this.#or(expr, this.step(expr.target), first as Step)
    }
    const reference = this.#checked.references.get(expr)
    if (reference?.kind !== 'overloads') throw new Error(`${expr.name} was not checked`)
    const { overloads, isStatic } = reference
    const args = expr.args.map((arg) => this.step(arg))
    if (expr.target !== undefined && !isStatic) args.unshift(this.step(expr.target))
    const name = expr.name
    const isFree = this.#isFolded(expr)
    return (run) => {
      const values = args.map((arg) => arg(run))
      const chosen =
        overloads.length === 1 && accepts(overloads[0] as Overload, values) ? overloads[0] : pick(overloads, values)
      if (chosen === undefined) throw noOverload(name, values)
      const result = chosen.call(new Args(values), run)
      if (!isFree) run.charge(callCost(chosen, values, result))
      return result
    }
  }

  // cel-go interpreter/decorators.go decOptimize: what is constant costs nothing
  #isFolded({ name, args, target }: Call): boolean {
    if (name === '@in') return isConstantList(args[1])
    return target === undefined &&
      ['duration', 'timestamp', 'int', 'uint', 'double', 'string', 'bytes', 'bool'].includes(name)
      ? args[0]?.kind === 'literal'
      : false
  }

  #index(operand: Expr, value: Step, key: Step, get: (value: Value, key: Value) => Value): Step {
    const extra = this.#relativeCost(operand)
    return (run) => {
      const from = value(run)
      const at = key(run)
      run.charge(1 + extra)
      return get(from, at)
    }
  }

  // cel-go cel/library.go decorateOptionalOr
  #or(expr: Call, left: Step, right: Step): Step {
    return (run) => {
      const value = left(run)
      if (!(value instanceof Optional)) throw noOverload(expr.name, [value])
      if (value.value === undefined) return right(run)
      return expr.name === 'or' ? value : value.value
    }
  }

  #list(expr: ListLiteral): Step {
    const cost = isConstantList(expr) ? 0 : listCost
    const elements = expr.elements.map((element) => this.step(element))
    return (run) => {
      const items: Value[] = []
      for (const [i, element] of elements.entries()) {
        const value = element(run)
        if (!expr.optional.has(i)) items.push(value)
        else if (inside(value) !== undefined) items.push(inside(value) as Value)
      }
      run.charge(cost)
      return new ArrayList(items)
    }
  }

  #map({ entries }: MapLiteral): Step {
    const steps = entries.map(({ key, value, optional }) => [this.step(key), this.step(value), optional] as const)
    return (run) => {
      const seen = new Set<string>()
      const made: [Value, Value][] = []
      for (const [keyStep, valueStep, isOptional] of steps) {
        const key = keyStep(run)
        const value = isOptional ? inside(valueStep(run)) : valueStep(run)
        if (value === undefined) continue
        if (seen.has(mapKey(key))) throw new EvalError(`Failed with repeated key`)
        seen.add(mapKey(key))
        made.push([key, value])
      }
      run.charge(mapCost)
      return new HashMap(made)
    }
  }

  #struct({ name, fields }: StructLiteral): Step {
    const steps = fields.map((field) => [field.name, this.step(field.value), field.optional] as const)
    return (run) => {
      const made = new Map<string, Value>()
      for (const [field, step, isOptional] of steps) {
        const value = isOptional ? inside(step(run)) : step(run)
        if (value !== undefined) made.set(field, value)
      }
      run.charge(structCost)
      return new StructValue(name.replace(/^\./, ''), made)
    }
  }

  #comprehension(expr: Comprehension): Step {
    const range = this.step(expr.range)
    const init = this.step(expr.init)
    const slot = this.#slots.length
    this.#slots.push(expr.accumulator)
    const first = this.#slots.push(expr.variable) - 1
    const second = expr.variable2 === undefined ? -1 : this.#slots.push(expr.variable2) - 1
    const condition = this.step(expr.condition)
    const body = this.step(expr.step)
    // a quantifier goes on after an error: a later element may decide
    const isQuantifier = expr.condition.kind === 'call'
    const step = isQuantifier ? (run: Evaluation) => attempt(body, run) : body
    this.#slots.length = slot + 1
    const result = this.step(expr.result)
    this.#slots.length = slot
    return (run) => {
      const over = range(run)
      const { locals } = run
      locals[slot] = init(run)
      const turn = (key: Value, value: Value): boolean => {
        locals[first] = second < 0 && over instanceof ListValue ? value : key
        if (second >= 0) locals[second] = value
        run.work(1)
        if (condition(run) === false) return false
        locals[slot] = step(run)
        return true
      }
      if (over instanceof ListValue) {
        for (let i = 0; i < over.size; i++) if (!turn(second < 0 ? null : BigInt(i), over.at(i))) break
      } else if (over instanceof MapValue) {
        for (const key of over.keys()) if (!turn(key, second < 0 ? null : (over.get(key) ?? null))) break
      } else throw new EvalError(`got '${typeName(typeOf(over))}', expected iterable type`)
      return result(run)
    }
  }
}

const isConstantList = (expr: Expr | undefined): boolean =>
  expr?.kind === 'list' && expr.optional.size === 0 && expr.elements.every((element) => element.kind === 'literal')

/** What is in an optional, undefined for none; anything else is an error. */
function inside(value: Value): Value | undefined {
  if (value instanceof Optional) return value.value
  throw new EvalError(`cannot initialize optional entry from non-optional value`)
}

function pick(overloads: readonly Overload[], values: readonly Value[]): Overload | undefined {
  return overloads.find((one) => accepts(one, values))
}

function noOverload(name: string, values: readonly Value[]): EvalError {
  return new EvalError(`no such overload: ${name}(${values.map((value) => typeName(typeOf(value))).join(', ')})`)
}

/** A value, or the error instead of it; one that is about the budget ends all. */
function attempt(step: Step, run: Evaluation): Value | EvalError {
  try {
    return step(run)
  } catch (error) {
    if (error instanceof EvalError && !(error instanceof BudgetError)) return error
    throw error
  }
}

// cel-go interpreter/interpretable.go evalAnd, evalOr
/** `&&` (decided by false) and `||` (by true): the side that decides wins over an error on the other. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  const name = decisive ? '_||_' : '_&&_'
  return (run) => {
    const a = attempt(left, run)
    if (a === decisive) return decisive
    const b = attempt(right, run)
    if (b === decisive) return decisive
    if (a === !decisive && b === !decisive) return !decisive
    if (a instanceof EvalError) throw a
    if (b instanceof EvalError) throw b
    throw noOverload(name, [a, b])
  }
}

function conditional(condition: Step, yes: Step, no: Step): Step {
  return (run) => {
    const chosen = condition(run)
    if (typeof chosen !== 'boolean') throw new EvalError('no such overload')
    return chosen ? yes(run) : no(run)
  }
}

function notStrictlyFalse(step: Step): Step {
  return (run) => {
    const value = attempt(step, run)
    run.charge(1)
    return value !== false
  }
}
