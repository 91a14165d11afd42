/** What goes wrong while an expression is evaluated; the text is cel-go's. */
export class EvalError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EvalError'
  }
}

/** An evaluation that was ended because it cost too much: `&&` and `||` do not absorb it. */
export class BudgetError extends EvalError {
  // cel-go interpreter/runtimecost.go CostObserver, interpreter/interpretable.go
  constructor(message = 'operation cancelled: actual cost limit exceeded') {
    super(message)
    this.name = 'BudgetError'
  }
}
