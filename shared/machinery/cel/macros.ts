import { accumulatorName, type Expr } from './ast.ts'
import { SyntaxProblem } from './source.ts'

/** Makes the nodes of an expansion; all stand where the macro was called. */
class Builder {
  readonly offset: number
  constructor(offset: number) {
    this.offset = offset
  }
  literal(value: boolean | bigint): Expr {
    return { kind: 'literal', value, offset: this.offset }
  }
  ident(name: string): Expr {
    return { kind: 'ident', name, offset: this.offset }
  }
  call(name: string, ...args: Expr[]): Expr {
    return { kind: 'call', name, args, offset: this.offset }
  }
  method(name: string, target: Expr, ...args: Expr[]): Expr {
    return { kind: 'call', name, target, args, offset: this.offset }
  }
  list(...elements: Expr[]): Expr {
    return { kind: 'list', elements, optional: new Set(), offset: this.offset }
  }
  map(key?: Expr, value?: Expr): Expr {
    const entries = key && value ? [{ key, value, optional: false, offset: this.offset }] : []
    return { kind: 'map', entries, offset: this.offset }
  }
  /** The accumulator; `when` keeps it as it is where the condition does not hold. */
  get accumulator(): Expr {
    return this.ident(accumulatorName)
  }
  stepWhen(condition: Expr | undefined, step: Expr): Expr {
    return condition === undefined ? step : this.call('_?_:_', condition, step, this.accumulator)
  }
  fold(range: Expr, variables: Variables, init: Expr, condition: Expr, step: Expr, result = this.accumulator): Expr {
    return {
      kind: 'comprehension',
      range,
      variable: variables.first,
      ...(variables.second === undefined ? {} : { variable2: variables.second }),
      accumulator: accumulatorName,
      init,
      condition,
      step,
      result,
      offset: this.offset,
    }
  }
}

interface Variables {
  readonly first: string
  readonly second?: string
}

type Expander = (build: Builder, target: Expr, args: readonly Expr[]) => Expr

/** `range.f(x, …)`, with the body after the variable. */
const one =
  (expand: (build: Builder, range: Expr, variables: Variables, body: readonly Expr[]) => Expr): Expander =>
  (build, target, [variable, ...body]) =>
    expand(build, target, { first: simpleName(variable) }, body)

/** `range.f(i, x, …)`. */
const two =
  (expand: (build: Builder, range: Expr, variables: Variables, body: readonly Expr[]) => Expr): Expander =>
  (build, target, [first, second, ...body]) => {
    const names = { first: simpleName(first), second: simpleName(second) }
    if (names.first === names.second)
      throw new SyntaxProblem(second?.offset ?? 0, `duplicate variable name: ${names.first}`)
    return expand(build, target, names, body)
  }

function simpleName(expr: Expr | undefined): string {
  if (expr?.kind !== 'ident' || expr.name.startsWith('.')) {
    throw new SyntaxProblem(expr?.offset ?? 0, 'argument must be a simple name')
  }
  return expr.name
}

type Body = Parameters<Parameters<typeof one>[0]>
const nothing: Expr = { kind: 'literal', value: null, offset: 0 }

const all = (...[build, range, variables, [predicate = nothing]]: Body): Expr =>
  build.fold(
    range,
    variables,
    build.literal(true),
    build.call('@not_strictly_false', build.accumulator),
    build.call('_&&_', build.accumulator, predicate),
  )

const exists = (...[build, range, variables, [predicate = nothing]]: Body): Expr =>
  build.fold(
    range,
    variables,
    build.literal(false),
    build.call('@not_strictly_false', build.call('!_', build.accumulator)),
    build.call('_||_', build.accumulator, predicate),
  )

const existsOne = (...[build, range, variables, [predicate = nothing]]: Body): Expr =>
  build.fold(
    range,
    variables,
    build.literal(0n),
    build.literal(true),
    build.stepWhen(predicate, build.call('_+_', build.accumulator, build.literal(1n))),
    build.call('_==_', build.accumulator, build.literal(1n)),
  )

const mapping = (...[build, range, variables, body]: Body): Expr => {
  const condition = body.length === 2 ? body[0] : undefined
  const step = build.call('_+_', build.accumulator, build.list(body.at(-1) ?? nothing))
  return build.fold(range, variables, build.list(), build.literal(true), build.stepWhen(condition, step))
}

const filter = (...[build, range, variables, [predicate = nothing]]: Body): Expr => {
  const step = build.call('_+_', build.accumulator, build.list(build.ident(variables.first)))
  return build.fold(range, variables, build.list(), build.literal(true), build.stepWhen(predicate, step))
}

const transformMap = (...[build, range, variables, body]: Body): Expr => {
  const condition = body.length === 2 ? body[0] : undefined
  const step = build.call('cel.@mapInsert', build.accumulator, build.ident(variables.first), body.at(-1) ?? nothing)
  return build.fold(range, variables, build.map(), build.literal(true), build.stepWhen(condition, step))
}

const transformMapEntry = (...[build, range, variables, body]: Body): Expr => {
  const condition = body.length === 2 ? body[0] : undefined
  const step = build.call('cel.@mapInsert', build.accumulator, body.at(-1) ?? nothing)
  return build.fold(range, variables, build.map(), build.literal(true), build.stepWhen(condition, step))
}

/** A name for a value in an expression: a fold over nothing. */
function bind(build: Builder, variable: string, value: Expr, result: Expr): Expr {
  return {
    kind: 'comprehension',
    range: build.list(),
    variable: '#unused',
    accumulator: variable,
    init: value,
    condition: build.literal(false),
    step: build.ident(variable),
    result,
    offset: build.offset,
  }
}

// cel-go cel/library.go optMap, optFlatMap
const optional =
  (wrap: (build: Builder, value: Expr) => Expr): Expander =>
  (build, target, [variable, body = nothing]) =>
    build.call(
      '_?_:_',
      build.method('hasValue', target),
      wrap(build, bind(build, simpleName(variable), build.method('value', target), body)),
      build.call('optional.none'),
    )

// cel-go parser/macro.go, cel/library.go, ext/comprehensions.go
/** By name and number of arguments. */
const macros: ReadonlyMap<string, Expander> = new Map<string, Expander>([
  ['all 2', one(all)],
  ['exists 2', one(exists)],
  ['exists_one 2', one(existsOne)],
  ['existsOne 2', one(existsOne)],
  ['map 2', one(mapping)],
  ['map 3', one(mapping)],
  ['filter 2', one(filter)],
  ['all 3', two(all)],
  ['exists 3', two(exists)],
  ['exists_one 3', two(existsOne)],
  ['existsOne 3', two(existsOne)],
  ['transformList 3', two(mapping)],
  ['transformList 4', two(mapping)],
  ['transformMap 3', two(transformMap)],
  ['transformMap 4', two(transformMap)],
  ['transformMapEntry 3', two(transformMapEntry)],
  ['transformMapEntry 4', two(transformMapEntry)],
  ['optMap 2', optional((build, value) => build.call('optional.of', value))],
  ['optFlatMap 2', optional((_, value) => value)],
])

// cel-go ext/bindings.go celBind
/** `cel.bind(x, value, result)`. */
function expandBinding(name: string, target: Expr, args: readonly Expr[], offset: number): Expr | undefined {
  if (name !== 'bind' || target.kind !== 'ident' || target.name !== 'cel' || args.length !== 3) return undefined
  const [variable, value = nothing, result = nothing] = args
  if (variable?.kind !== 'ident' || variable.name.startsWith('.'))
    throw new SyntaxProblem(variable?.offset ?? offset, 'cel.bind() variable names must be simple identifiers')
  return bind(new Builder(offset), variable.name, value, result)
}

/**
 * What a macro call stands for; undefined when the call is none. Throws SyntaxProblem.
 * @param bindings whether cel.bind is one
 */
export function expandMacro(
  name: string,
  target: Expr | undefined,
  args: readonly Expr[],
  offset: number,
  bindings: boolean,
): Expr | undefined {
  if (target === undefined) {
    if (name !== 'has' || args.length !== 1) return undefined
    const [field] = args
    if (field?.kind !== 'select') throw new SyntaxProblem(field?.offset ?? offset, 'invalid argument to has() macro')
    return { ...field, testOnly: true, offset }
  }
  const binding = bindings ? expandBinding(name, target, args, offset) : undefined
  return binding ?? macros.get(`${name} ${args.length}`)?.(new Builder(offset), target, args)
}
