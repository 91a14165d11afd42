import { BudgetError, type EvalError } from './errors.ts'
import type { CallContext } from './functions.ts'
import type { Value } from './values.ts'

// apiserver/pkg/apis/cel/config.go PerCallLimit
export const perCallLimit = 1_000_000
/**
 * Steps of one evaluation. Costs follow cel-go, which counts some long walks as one unit: this bound holds for those, and is
 * far above what the costliest allowed expression does.
 */
const workLimit = 2_000_000

/** Variables by name. */
export type Activation = (name: string) => Value | undefined

/** One run of a program: its variables, and what it has cost. */
export class Evaluation implements CallContext {
  readonly activation: Activation
  /** Variables of comprehensions, each in its own place; an accumulator may hold an error. */
  readonly locals: (Value | EvalError)[] = []
  readonly #limit: number
  readonly #signal: AbortSignal | undefined
  #cost = 0
  #work = 0

  constructor(activation: Activation, limit: number, signal?: AbortSignal) {
    this.activation = activation
    this.#limit = limit
    this.#signal = signal
  }

  get cost(): number {
    return this.#cost
  }

  /** Throws BudgetError when it is too much. */
  charge(cost: number): void {
    this.#cost += cost
    if (this.#cost > this.#limit) throw new BudgetError()
  }

  work(steps: number): void {
    this.#work += steps
    if (this.#work > workLimit || this.#signal?.aborted) throw new BudgetError('operation interrupted')
  }
}
