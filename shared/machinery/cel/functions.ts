import { parseSignature } from './signature.ts'
import type { CelType } from './types.ts'
import type { Value } from './values.ts'

/** What an implementation may need besides its arguments. */
export interface CallContext {
  /** Tells that `steps` small things were done; throws BudgetError when they are too many. */
  work(steps: number): void
}

/** One form of a function: with these types of arguments it gives that type, and does this. */
export interface Overload {
  readonly name: string
  /** cel-go's overload id: costs go by it. */
  readonly id: string
  readonly member: boolean
  readonly params: readonly CelType[]
  readonly result: CelType
  /** The arguments, the target first, are of the declared types. Throws EvalError. */
  readonly call: (args: Args, context: CallContext) => Value
}

/**
 * The arguments of a call. They have the types that the overload declares: the evaluator looks before it calls, so that
 * implementations may read them as what they are.
 */
export class Args {
  readonly values: readonly Value[]
  constructor(values: readonly Value[]) {
    this.values = values
  }
  get<T extends Value = Value>(index: number): T {
    return this.values[index] as T
  }
}

export type Functions = ReadonlyMap<string, readonly Overload[]>

/** An overload from its signature, e.g. `string.(string) bool`. */
export function overload(name: string, id: string, signature: string, call: Overload['call']): Overload {
  return { name, id, ...parseSignature(signature), call }
}

/** All libraries as one table. */
export function functionTable(...libraries: readonly (readonly Overload[])[]): Functions {
  const table = new Map<string, Overload[]>()
  for (const one of libraries.flat()) {
    const known = table.get(one.name)
    if (known === undefined) table.set(one.name, [one])
    else known.push(one)
  }
  return table
}
