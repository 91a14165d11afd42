import type { Call, Comprehension, Expr, ListLiteral, MapLiteral, Select, StructLiteral } from './ast.ts'
import type { Overload } from './functions.ts'
import type { Issue } from './source.ts'
import {
  boolType,
  type CelType,
  dynType,
  errorType,
  formatType,
  insideOptional,
  intType,
  listType,
  mapType,
  objectType,
  optionalType,
  paramType,
  typeType,
} from './types.ts'
import { isDynOrError, mostGeneral, Substitutions, unwrapOptional } from './unify.ts'
import { typeOf } from './values.ts'

/** What an expression may speak of. */
export interface Declarations {
  /** The type of a variable. */
  variable(name: string): CelType | undefined
  /** The type that has this name. */
  type(name: string): CelType | undefined
  functions(name: string): readonly Overload[] | undefined
  /** The type of a struct's field; undefined when it has none of that name. */
  field(struct: string, name: string): CelType | undefined
}

/** What a name in an expression means. */
export type Reference =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'type'; readonly type: CelType }
  | { readonly kind: 'overloads'; readonly overloads: readonly Overload[]; readonly isStatic: boolean }

export interface Checked {
  readonly expr: Expr
  readonly types: ReadonlyMap<Expr, CelType>
  readonly references: ReadonlyMap<Expr, Reference>
  readonly issues: readonly Issue[]
}

/** Infers the type of every part of an expression. What does not go together is told in `issues`. */
export function check(expr: Expr, declarations: Declarations): Checked {
  return new Checker(declarations).run(expr)
}

type Scope = { readonly name: string; readonly type: CelType; readonly outer: Scope } | undefined

// cel-go checker/checker.go
class Checker {
  readonly #declarations: Declarations
  readonly #types = new Map<Expr, CelType>()
  readonly #references = new Map<Expr, Reference>()
  readonly #issues: Issue[] = []
  readonly #substitutions = new Substitutions()
  #scope: Scope = undefined
  #variables = 0

  constructor(declarations: Declarations) {
    this.#declarations = declarations
  }

  run(expr: Expr): Checked {
    this.#check(expr)
    const types = new Map<Expr, CelType>()
    for (const [node, type] of this.#types) types.set(node, this.#substitutions.apply(type, true))
    return { expr, types, references: this.#references, issues: this.#issues }
  }

  #report(offset: number, message: string): void {
    this.#issues.push({ offset, message })
  }

  #check(expr: Expr): CelType {
    // a macro uses its operand more than once
    const known = this.#types.get(expr)
    if (known !== undefined) return known
    const type = this.#infer(expr)
    this.#types.set(expr, type)
    return type
  }

  #infer(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal':
        return typeOf(expr.value)
      case 'ident':
        return this.#ident(expr, expr.name) ?? this.#undeclared(expr, expr.name)
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

  #undeclared({ offset }: Expr, name: string): CelType {
    this.#report(offset, `undeclared reference to '${name}' (in container '')`)
    return errorType
  }

  #ident(expr: Expr, written: string): CelType | undefined {
    const name = written.replace(/^\./, '')
    if (name === written) {
      for (let scope = this.#scope; scope !== undefined; scope = scope.outer) if (scope.name === name) return scope.type
    }
    const variable = this.#declarations.variable(name)
    if (variable !== undefined) {
      this.#references.set(expr, { kind: 'variable', name })
      return variable
    }
    const type = this.#declarations.type(name)
    if (type === undefined) return undefined
    this.#references.set(expr, { kind: 'type', type })
    return typeType(type)
  }

  #select(expr: Select): CelType {
    const qualified = expr.testOnly ? undefined : qualifiedName(expr)
    // a dotted name may be one name, unless its first part is a variable of a macro
    if (qualified !== undefined && !this.#isLocal(qualified)) {
      const type = this.#ident(expr, qualified)
      if (type !== undefined) return type
    }
    const result = this.#field(expr, this.#check(expr.operand), expr.field, false)
    return expr.testOnly ? boolType : result
  }

  #isLocal(qualified: string): boolean {
    const first = qualified.split('.', 1)[0]
    for (let scope = this.#scope; scope !== undefined; scope = scope.outer) if (scope.name === first) return true
    return false
  }

  #field(expr: Expr, operand: CelType, field: string, asOptional: boolean): CelType {
    const { type, wrap } = unwrapOptional(this.#substitutions.apply(operand, false))
    const result = this.#fieldOf(expr, type, field)
    return asOptional ? optionalType(result) : wrap(result)
  }

  #fieldOf(expr: Expr, type: CelType, field: string): CelType {
    switch (type.kind) {
      case 'map':
        return type.value
      case 'object': {
        const found = this.#declarations.field(type.name, field)
        if (found !== undefined) return found
        this.#report(expr.offset, `undefined field '${field}'`)
        return errorType
      }
      case 'param':
        this.#assignable(dynType, type)
        return dynType
      default:
        if (!isDynOrError(type)) {
          this.#report(expr.offset, `type '${formatType(type)}' does not support field selection`)
        }
        return dynType
    }
  }

  #call(expr: Call): CelType {
    const { name, target, args } = expr
    if (name === '_?._' && args[1]?.kind === 'literal') {
      return this.#field(expr, this.#check(args[0] as Expr), String(args[1].value), true)
    }
    for (const arg of args) this.#check(arg)
    if (target === undefined) {
      const overloads = this.#declarations.functions(name.replace(/^\./, ''))
      if (overloads === undefined) return this.#undeclared(expr, name)
      return this.#resolve(expr, overloads, args, false)
    }
    const qualified = qualifiedName(target)
    if (qualified !== undefined && !this.#isLocal(qualified)) {
      const overloads = this.#declarations.functions(`${qualified.replace(/^\./, '')}.${name}`)
      if (overloads !== undefined) return this.#resolve(expr, overloads, args, false)
    }
    this.#check(target)
    const overloads = this.#declarations.functions(name)
    if (overloads === undefined) return this.#undeclared(expr, name)
    return this.#resolve(expr, overloads, [target, ...args], true)
  }

  #resolve(expr: Call, candidates: readonly Overload[], args: readonly Expr[], member: boolean): CelType {
    const types = args.map((arg) => this.#check(arg))
    const matching: Overload[] = []
    let result: CelType | undefined
    for (const candidate of candidates) {
      if (candidate.member !== member) continue
      const fresh = this.#fresh(candidate)
      if (!this.#substitutions.assign(types, fresh.params)) continue
      matching.push(candidate)
      const own = this.#substitutions.apply(fresh.result, false)
      if (result === undefined) result = own
      else if (!isDynOrError(result) && formatType(own) !== formatType(result)) result = dynType
    }
    if (result === undefined) {
      const shown = types.map((type) => formatType(this.#substitutions.apply(type, true)))
      const signature = member ? `${shown[0] ?? ''}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`
      this.#report(expr.offset, `found no matching overload for '${candidates[0]?.name}' applied to '${signature}'`)
      return errorType
    }
    this.#references.set(expr, {
      kind: 'overloads',
      overloads: matching,
      isStatic: expr.target !== undefined && !member,
    })
    return result
  }

  /** The types of an overload with variables of this use alone. */
  #fresh({ params, result }: Overload): { params: readonly CelType[]; result: CelType } {
    const bound = new Map<string, CelType>()
    const collect = (type: CelType): void => {
      if (type.kind === 'param' && !bound.has(type.name)) bound.set(type.name, this.#newVariable())
      if (type.kind === 'list') collect(type.element)
      if (type.kind === 'map') [type.key, type.value].forEach(collect)
      if (type.kind === 'opaque') type.params.forEach(collect)
      if (type.kind === 'type' && type.of) collect(type.of)
    }
    params.forEach(collect)
    collect(result)
    if (bound.size === 0) return { params, result }
    const substitutions = new Substitutions(bound)
    return {
      params: params.map((type) => substitutions.apply(type, false)),
      result: substitutions.apply(result, false),
    }
  }

  #newVariable(): CelType {
    return paramType(`_var${this.#variables++}`)
  }

  #assignable(from: CelType, to: CelType): boolean {
    return this.#substitutions.assign([from], [to])
  }

  #list({ elements, optional }: ListLiteral): CelType {
    let joined: CelType | undefined
    for (const [i, element] of elements.entries()) {
      joined = this.#join(joined, this.#maybeOptional(element, optional.has(i)))
    }
    return listType(joined ?? this.#newVariable())
  }

  #maybeOptional(expr: Expr, isOptional: boolean): CelType {
    const type = this.#check(expr)
    if (!isOptional) return type
    const inner = insideOptional(this.#substitutions.apply(type, false))
    if (inner === undefined && !isDynOrError(type)) this.#mismatch(expr, optionalType(type), type)
    return inner ?? type
  }

  #mismatch({ offset }: Expr, wanted: CelType, found: CelType): void {
    this.#report(offset, `expected type '${formatType(wanted)}' but found '${formatType(found)}'`)
  }

  /** What a list of both holds; that they must be alike is looked at later, and not everywhere. */
  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current
    return this.#assignable(previous, current) ? mostGeneral(previous, current) : dynType
  }

  #map({ entries }: MapLiteral): CelType {
    let keys: CelType | undefined
    let values: CelType | undefined
    for (const { key, value, optional } of entries) {
      keys = this.#join(keys, this.#check(key))
      values = this.#join(values, this.#maybeOptional(value, optional))
    }
    return mapType(keys ?? this.#newVariable(), values ?? this.#newVariable())
  }

  #struct(expr: StructLiteral): CelType {
    const type = this.#declarations.type(expr.name.replace(/^\./, ''))
    if (type === undefined) this.#undeclared(expr, expr.name)
    else if (type.kind !== 'object') this.#report(expr.offset, `'${expr.name}' is not a message type`)
    for (const { name, value, optional, offset } of expr.fields) {
      const found = this.#maybeOptional(value, optional)
      if (type?.kind !== 'object') continue
      const wanted = this.#declarations.field(type.name, name)
      if (wanted === undefined) this.#report(offset, `undefined field '${name}'`)
      else if (!this.#assignable(wanted, found)) {
        const provided = formatType(this.#substitutions.apply(found, true))
        const text = `expected type of field '${name}' is '${formatType(wanted)}' but provided type is '${provided}'`
        this.#report(offset, text)
      }
    }
    return type?.kind === 'object' ? objectType(type.name) : errorType
  }

  #comprehension(expr: Comprehension): CelType {
    const range = this.#check(expr.range)
    const accumulator = this.#check(expr.init)
    const [first, second] = this.#rangeOf(expr, this.#substitutions.apply(range, false))
    const outer = this.#scope
    const inside: Scope = { name: expr.accumulator, type: accumulator, outer }
    this.#scope = { name: expr.variable, type: expr.variable2 === undefined ? first : second[0], outer: inside }
    if (expr.variable2 !== undefined) this.#scope = { name: expr.variable2, type: second[1], outer: this.#scope }
    this.#assert(expr.condition, boolType)
    this.#assert(expr.step, accumulator)
    this.#scope = inside
    const result = this.#check(expr.result)
    this.#scope = outer
    return result
  }

  #assert(expr: Expr, wanted: CelType): void {
    const found = this.#check(expr)
    if (this.#assignable(wanted, found)) return
    this.#mismatch(expr, this.#substitutions.apply(wanted, true), this.#substitutions.apply(found, true))
  }

  /** The type of one variable over a range, and of two. */
  #rangeOf({ range }: Comprehension, type: CelType): [CelType, readonly [CelType, CelType]] {
    switch (type.kind) {
      case 'list':
        return [type.element, [intType, type.element]]
      case 'map':
        return [type.key, [type.key, type.value]]
      case 'param':
        this.#assignable(dynType, type)
        return [dynType, [dynType, dynType]]
      default:
        if (!isDynOrError(type)) {
          const text = `expression of type '${formatType(type)}' cannot be range of a comprehension`
          this.#report(range.offset, `${text} (must be list, map, or dynamic)`)
        }
        return [dynType, [dynType, dynType]]
    }
  }
}

/** The dotted name an expression could be; undefined when it is something else. */
function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.testOnly) return undefined
  const prefix = qualifiedName(expr.operand)
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`
}
