import { accumulatorName, type Call, type Comprehension, type Expr, type ListLiteral, type MapLiteral } from './ast.ts'
import type { Checked } from './checker.ts'
import { identCost, listCost, mapCost, regexPerLength, structCost, traversal } from './cost.ts'
import { estimateLibraryCall } from './library/estimates.ts'
import { add, capped, fixed, multiply, type Range, scale, unknown, union } from './range.ts'
import { type CelType, insideOptional } from './types.ts'
import { codePoints } from './values.ts'

/** The most that is at a path of fields, `@items`, `@values` and `@keys`, a variable first; undefined: nobody knows. */
export type Sizes = (path: readonly string[]) => Range | undefined

/** An expression as costs see it. */
export interface Node {
  readonly expr?: Expr
  readonly type: CelType
  readonly path: readonly string[] | undefined
  readonly size: Range | undefined
}

export interface CallEstimate {
  readonly cost: Range
  readonly size?: Range | undefined
}

/** What a checked expression costs at least and at most, before it runs. */
export function estimateCost(checked: Checked, sizes: Sizes): Range {
  return new Estimator(checked, sizes).cost(checked.expr)
}

/** Sizes of what is in a container. */
interface Entries {
  readonly kind: 'list' | 'map'
  readonly key: Range
  readonly value: Range
}

interface Local {
  readonly path: readonly string[]
  readonly size: Range | undefined
  readonly entries?: Entries | undefined
}

// cel-go checker/cost.go
class Estimator {
  readonly #checked: Checked
  readonly #lookup: Sizes
  readonly #paths = new Map<Expr, readonly string[]>()
  readonly #sizes = new Map<Expr, Range>()
  readonly #entries = new Map<Expr, Entries>()
  readonly #costs = new Map<Expr, Range>()
  readonly #locals = new Map<string, Local[]>()

  constructor(checked: Checked, sizes: Sizes) {
    this.#checked = checked
    this.#lookup = sizes
  }

  cost(expr: Expr): Range {
    // a macro uses its operand more than once
    const known = this.#costs.get(expr)
    if (known !== undefined) return known
    const cost = this.#cost(expr)
    this.#costs.set(expr, cost)
    return cost
  }

  #cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'literal':
        return fixed(0)
      case 'ident':
        this.#paths.set(expr, this.#local(expr.name)?.path ?? [expr.name])
        return fixed(identCost)
      case 'select': {
        const operand = this.cost(expr.operand)
        // asking whether a field is there is free: checker.PresenceTestHasCost(false)
        if (expr.testOnly) return operand
        this.#paths.set(expr, [...this.#path(expr.operand), expr.field])
        const { kind } = this.#type(expr.operand)
        return ['map', 'object', 'param'].includes(kind) ? add(operand, fixed(identCost)) : operand
      }
      case 'call':
        return this.#call(expr)
      case 'list':
        return this.#list(expr)
      case 'map':
        return this.#map(expr)
      case 'struct':
        return expr.fields.reduce((sum, { value }) => add(sum, this.cost(value)), fixed(structCost))
      case 'comprehension':
        return expr.variable === '#unused' ? this.#bind(expr) : this.#comprehension(expr)
    }
  }

  #type(expr: Expr): CelType {
    return this.#checked.types.get(expr) ?? { kind: 'dyn' }
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #path(expr: Expr): readonly string[] {
    return (expr.kind === 'ident' ? this.#local(expr.name)?.path : undefined) ?? this.#paths.get(expr) ?? []
  }

  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr) ?? literalSize(expr)
    if (known !== undefined) return known
    const path = this.#path(expr)
    const found = path.length === 0 ? undefined : this.#lookup(path)
    if (found !== undefined) {
      this.#sizes.set(expr, found)
      return found
    }
    if (isScalar(this.#type(expr))) return fixed(1)
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined
  }

  #entriesOf(expr: Expr): Entries | undefined {
    return this.#entries.get(expr) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entries : undefined)
  }

  #node(expr: Expr): Node {
    const path = this.#path(expr)
    const isPath = path.length > 0 && path[0] !== accumulatorName
    return { expr, type: this.#type(expr), path: isPath ? path : undefined, size: this.#size(expr) }
  }

  #call(expr: Call): Range {
    if (expr.name === 'dyn' && expr.target === undefined) {
      const [arg] = expr.args as [Expr]
      const cost = add(fixed(1), this.cost(arg))
      this.#note(expr, this.#size(arg), this.#entriesOf(arg))
      return cost
    }
    const argCosts = expr.args.map((arg) => this.cost(arg))
    const args = expr.args.map((arg) => this.#node(arg))
    const reference = this.#checked.references.get(expr)
    if (reference?.kind !== 'overloads') return fixed(0)
    const isMember = expr.target !== undefined && !reference.isStatic
    let sum = fixed(0)
    let target: Node | undefined
    if (isMember) {
      sum = this.cost(expr.target as Expr)
      target = this.#node(expr.target as Expr)
    }
    let cost: Range = { min: capped(Infinity), max: 0 }
    let size: Range | undefined
    for (const { id, name } of reference.overloads) {
      const estimate = this.#function(expr, name, id, target, args, argCosts)
      cost = union(cost, estimate.cost)
      if (estimate.size) size = size ? union(size, estimate.size) : estimate.size
      if (id === 'index_list' || id === 'index_map') {
        const [from] = expr.args as [Expr]
        size = this.#entriesOf(from)?.value
        this.#paths.set(expr, [...this.#path(from), id === 'index_list' ? '@items' : '@values'])
      }
      size ??= this.#size(expr)
    }
    this.#note(expr, size)
    return add(sum, cost)
  }

  #note(expr: Expr, size: Range | undefined, entries?: Entries): void {
    if (size) this.#sizes.set(expr, size)
    if (entries) this.#entries.set(expr, entries)
  }

  #function(
    expr: Call,
    name: string,
    id: string,
    target: Node | undefined,
    args: readonly Node[],
    argCosts: readonly Range[],
  ): CallEstimate {
    const all = argCosts.reduce(add, fixed(0))
    const library = estimateLibraryCall(name, id, target, args, this.#lookup)
    if (library !== undefined) return { ...library, cost: add(library.cost, all) }
    const sizes = args.map(({ size }) => size ?? unknown)
    const [first = unknown, second = unknown] = sizes
    const own = target?.size ?? unknown
    switch (id) {
      case 'string_to_bytes':
        return { cost: add(scale(first, traversal), all), size: { min: first.min, max: capped(first.max * 4) } }
      case 'bytes_to_string':
        return { cost: add(scale(first, traversal), all), size: { min: Math.floor(first.min / 4), max: first.max } }
      case 'strings_quote':
        return {
          cost: add(scale(first, traversal), all),
          size: { min: first.min + 2, max: capped(first.max * 2 + 2) },
        }
      case 'starts_with_string':
      case 'ends_with_string':
        return { cost: add(scale(first, traversal), all) }
      case 'in_list':
        return { cost: add(second, all) }
      case 'matches_string': {
        const text = scale(add(own, fixed(1)), traversal)
        return { cost: add(multiply(text, scale(first, regexPerLength)), all) }
      }
      case 'contains_string':
        return { cost: add(multiply(scale(own, traversal), scale(first, traversal)), all) }
      case 'logical': {
        const [left = fixed(0), right = fixed(0)] = argCosts
        return { cost: { min: left.min, max: add(left, right).max } }
      }
      case 'conditional':
        return this.#conditional(expr, sizes, argCosts)
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        const size = add(first, second)
        const [left, right] = expr.args.map((arg) => this.#entriesOf(arg))
        this.#note(expr, undefined, unionEntries(left, right))
        return { cost: add(id === 'add_list' ? fixed(1) : scale(size, traversal), all), size }
      }
    }
    if (/^(equals|not_equals|(less|greater)(_equals)?_(string|bytes))$/.test(id)) {
      const max = Math.min(first.max, second.max)
      return { cost: add(scale({ min: max > 0 ? 1 : 0, max }, traversal), all) }
    }
    return { cost: add(fixed(1), all) }
  }

  #conditional(expr: Call, sizes: readonly Range[], costs: readonly Range[]): CallEstimate {
    const [, yes = unknown, no = unknown] = sizes
    const [condition = fixed(0), yesCost = fixed(0), noCost = fixed(0)] = costs
    const [, yesEntries, noEntries] = expr.args.map((arg) => this.#entriesOf(arg))
    this.#note(expr, undefined, unionEntries(yesEntries, noEntries))
    return { cost: add(condition, union(yesCost, noCost)), size: union(yes, no) }
  }

  #list(expr: ListLiteral): Range {
    let value: Range = { min: expr.elements.length === 0 ? 0 : capped(Infinity), max: 0 }
    let sum = fixed(listCost)
    for (const element of expr.elements) {
      sum = add(sum, this.cost(element))
      value = union(value, this.#size(element) ?? unknown)
    }
    this.#entries.set(expr, { kind: 'list', key: fixed(1), value })
    return sum
  }

  #map(expr: MapLiteral): Range {
    const none = expr.entries.length === 0 ? 0 : capped(Infinity)
    let key: Range = { min: none, max: 0 }
    let value: Range = { min: none, max: 0 }
    let sum = fixed(mapCost)
    for (const entry of expr.entries) {
      sum = add(sum, add(this.cost(entry.key), this.cost(entry.value)))
      key = union(key, this.#size(entry.key) ?? unknown)
      value = union(value, this.#size(entry.value) ?? unknown)
    }
    this.#entries.set(expr, { kind: 'map', key, value })
    return sum
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name)
    if (stack) stack.push(local)
    else this.#locals.set(name, [local])
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop()
  }

  #bind(expr: Comprehension): Range {
    const { range, init, accumulator, result } = expr
    const sum = add(this.cost(range), this.cost(init))
    this.#push(accumulator, { path: this.#path(init), size: this.#size(init), entries: this.#entriesOf(init) })
    const total = add(sum, this.cost(result))
    this.#pop(accumulator)
    this.#note(expr, this.#size(result), this.#entriesOf(result))
    return total
  }

  #comprehension(expr: Comprehension): Range {
    const { range, init, accumulator, variable, variable2 } = expr
    let sum = add(this.cost(range), this.cost(init))
    this.#push(accumulator, { path: this.#path(init), size: this.#size(init), entries: this.#entriesOf(init) })
    const path = this.#path(range)
    const entries = this.#entriesOf(range)
    const isList = (entries?.kind ?? this.#type(range).kind) === 'list'
    const keys: Local = { path: [...path, isList ? '@indices' : '@keys'], size: entries?.key }
    const values: Local = { path: [...path, isList ? '@items' : '@values'], size: entries?.value }
    this.#push(variable, variable2 === undefined && isList ? values : keys)
    if (variable2 !== undefined) this.#push(variable2, values)
    const turn = add(this.cost(expr.condition), this.cost(expr.step))
    this.#pop(variable)
    if (variable2 !== undefined) this.#pop(variable2)
    sum = add(sum, this.cost(expr.result))
    this.#pop(accumulator)
    const count = this.#size(range) ?? unknown
    if (init.kind === 'literal') this.#note(expr, this.#size(init))
    else if (init.kind === 'list' || init.kind === 'map') this.#note(expr, count, this.#entriesOf(expr.step))
    return add(sum, multiply(count, turn))
  }
}

function unionEntries(a: Entries | undefined, b: Entries | undefined): Entries | undefined {
  if (a === undefined || b === undefined) return undefined
  return { kind: a.kind, key: union(a.key, b.key), value: union(a.value, b.value) }
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === 'list') return fixed(expr.elements.length)
  if (expr.kind === 'map') return fixed(expr.entries.length)
  if (expr.kind !== 'literal') return undefined
  if (typeof expr.value === 'string') return fixed(codePoints(expr.value))
  return fixed(expr.value instanceof Uint8Array ? expr.value.length : 1)
}

function isScalar(type: CelType): boolean {
  const inner = insideOptional(type)
  if (inner !== undefined) return isScalar(inner)
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind)
}
