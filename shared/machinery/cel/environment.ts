import { check, type Declarations } from './checker.ts'
import { type Decl, declAt, structsOf } from './decl.ts'
import { EvalError } from './errors.ts'
import { estimateCost } from './estimate.ts'
import { type Activation, Evaluation, perCallLimit } from './evaluation.ts'
import { type Functions, functionTable } from './functions.ts'
import { authorizerLibrary } from './library/authorizer.ts'
import { insertLibrary, optionalLibrary, setLibrary } from './library/collections.ts'
import { conversions } from './library/conversions.ts'
import { formatLibrary } from './library/format.ts'
import { listLibrary } from './library/lists.ts'
import { networkLibrary } from './library/network.ts'
import { quantityLibrary } from './library/quantity.ts'
import { regexLibrary } from './library/regex.ts'
import { semverLibrary } from './library/semver.ts'
import { standardLibrary } from './library/standard.ts'
import { stringLibrary } from './library/strings.ts'
import { timeLibrary } from './library/time.ts'
import { urlLibrary } from './library/url.ts'
import { literalIssues } from './literals.ts'
import { parse } from './parser.ts'
import { plan } from './planner.ts'
import type { Range } from './range.ts'
import { formatIssues } from './source.ts'
import { type CelType, namedTypes, objectType } from './types.ts'
import type { Value } from './values.ts'

/** The type of a struct's field. */
export type FieldTypes = (field: string) => CelType | undefined
/** The fields of the struct of that name; undefined when there is none. */
export type Structs = (name: string) => FieldTypes | undefined

/** What expressions of one place may speak of. Immutable: `extend` makes another. */
export interface Environment {
  readonly variables: ReadonlyMap<string, CelType>
  readonly structs: Structs
  readonly functions: Functions
  /** What is known of variables by their schemas: for estimates. */
  readonly decls: ReadonlyMap<string, Decl>
  /** Whether `cel.bind` gives names to values. */
  readonly bindings: boolean
}

// apiserver/pkg/cel/environment/base.go
/** What every expression in Kubernetes v1.36 knows: no variables yet. */
export const baseEnvironment: Environment = {
  variables: new Map(),
  structs: () => undefined,
  decls: new Map(),
  bindings: false,
  functions: functionTable(
    standardLibrary,
    conversions,
    timeLibrary,
    optionalLibrary,
    insertLibrary,
    setLibrary,
    listLibrary,
    stringLibrary,
    regexLibrary,
    urlLibrary,
    quantityLibrary,
    networkLibrary,
    formatLibrary,
    semverLibrary,
    authorizerLibrary,
  ),
}

/** Another environment that knows more: variables by type or by schema, and structs. */
export function extend(
  environment: Environment,
  more: {
    readonly variables?: Readonly<Record<string, CelType | Decl>>
    readonly structs?: Structs
    readonly functions?: Functions
    readonly bindings?: boolean
  },
): Environment {
  const variables = new Map(environment.variables)
  const decls = new Map(environment.decls)
  const declared = new Map<string, ReadonlyMap<string, CelType>>()
  for (const [name, given] of Object.entries(more.variables ?? {})) {
    variables.set(name, 'type' in given ? given.type : given)
    if (!('type' in given)) continue
    decls.set(name, given)
    for (const [struct, fields] of structsOf(given)) declared.set(struct, fields)
  }
  const functions = new Map([...environment.functions, ...(more.functions ?? [])])
  const structs: Structs = (name) => {
    const fields = declared.get(name)
    return fields ? (field) => fields.get(field) : (more.structs?.(name) ?? environment.structs(name))
  }
  return { variables, structs, functions, decls, bindings: more.bindings ?? environment.bindings }
}

export interface Budget {
  /** What may be spent; the limit of one call holds besides. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

/** How an evaluation ended, and what it cost. */
export type Outcome =
  { readonly value: Value; readonly cost: number } | { readonly error: EvalError; readonly cost: number }

export interface Program {
  readonly source: string
  readonly type: CelType
  /** What it costs at least and at most; worked out when asked for. */
  estimate(): Range
  /** Never throws but what the activation throws that is not an EvalError; takes some 100 ms at most. */
  evaluate(activation: Activation | Readonly<Record<string, Value>>, budget?: Budget): Outcome
}

/** A program, or cel-go's text of all that is wrong with the expression. */
export type Compiled = { readonly program: Program } | { readonly issues: string }

/** Parses, checks and plans an expression. */
export function compile(source: string, environment: Environment): Compiled {
  const parsed = parse(source, environment.bindings)
  if ('issues' in parsed) return { issues: formatIssues(source, parsed.issues) }
  const checked = check(parsed.expr, declarationsOf(environment))
  const issues = checked.issues.length > 0 ? checked.issues : literalIssues(checked)
  if (issues.length > 0) return { issues: formatIssues(source, issues) }
  const run = plan(checked)
  const type = checked.types.get(checked.expr) ?? { kind: 'dyn' }
  const program: Program = {
    source,
    type,
    estimate: () => estimateCost(checked, (path) => sizeAt(environment, path)),
    evaluate(activation, { limit = perCallLimit, signal } = {}) {
      const lookUp: Activation =
        typeof activation === 'function'
          ? (activation as Activation)
          : (name) => (Object.hasOwn(activation, name) ? activation[name] : undefined)
      const evaluation = new Evaluation(lookUp, Math.min(limit, perCallLimit), signal)
      try {
        const value = run(evaluation)
        return { value, cost: evaluation.cost }
      } catch (error) {
        if (error instanceof EvalError) return { error, cost: evaluation.cost }
        throw error
      }
    },
  }
  return { program }
}

function sizeAt({ decls }: Environment, [variable = '', ...path]: readonly string[]): Range | undefined {
  const root = decls.get(variable)
  const decl = root && declAt(root, path)
  return decl && { min: 0, max: decl.maxElements }
}

function declarationsOf({ variables, structs, functions }: Environment): Declarations {
  return {
    variable: (name) => variables.get(name),
    type: (name) => namedTypes.get(name) ?? (structs(name) ? objectType(name) : undefined),
    functions: (name) => functions.get(name),
    field: (struct, name) => structs(struct)?.(name),
  }
}
