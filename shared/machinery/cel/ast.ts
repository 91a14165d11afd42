import type { Value } from './values.ts'

/** Where an expression stands in the source, in code points. */
interface Placed {
  readonly offset: number
}

export interface Literal extends Placed {
  readonly kind: 'literal'
  readonly value: Value
}

export interface Ident extends Placed {
  readonly kind: 'ident'
  readonly name: string
}

export interface Select extends Placed {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** Asks whether the field is there: `has(a.b)`. */
  readonly testOnly: boolean
}

export interface Call extends Placed {
  readonly kind: 'call'
  readonly name: string
  readonly target?: Expr
  readonly args: readonly Expr[]
}

export interface ListLiteral extends Placed {
  readonly kind: 'list'
  readonly elements: readonly Expr[]
  /** Indices of the elements written `?x`: left out when x is none. */
  readonly optional: ReadonlySet<number>
}

export interface MapEntry extends Placed {
  readonly key: Expr
  readonly value: Expr
  readonly optional: boolean
}

export interface MapLiteral extends Placed {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}

export interface StructField extends Placed {
  readonly name: string
  readonly value: Expr
  readonly optional: boolean
}

export interface StructLiteral extends Placed {
  readonly kind: 'struct'
  readonly name: string
  readonly fields: readonly StructField[]
}

/** What every macro over a list or map becomes: a fold. */
export interface Comprehension extends Placed {
  readonly kind: 'comprehension'
  readonly range: Expr
  readonly variable: string
  /** Set when there are two: then `variable` is the index or key and this one the value. */
  readonly variable2?: string
  readonly accumulator: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

/** A parsed expression. A node may be met twice in a tree: a macro uses its operand more than once. */
export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Comprehension

/** The name under which macros accumulate; nobody can write it. */
export const accumulatorName = '@result'

/** The expressions right inside one. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return []
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args]
    case 'list':
      return expr.elements
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value])
    case 'struct':
      return expr.fields.map(({ value }) => value)
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result]
  }
}
