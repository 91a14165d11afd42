import {
  admissionEnvironment,
  compileExpression,
  type Expression,
  returns,
} from '@kubets/shared/api/kinds/admissionregistration/expressions.ts'
import type { MatchCondition } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { conditionsBudget, CostBudget, type Inputs, OutOfBudget, Variables } from './expression-run.ts'

/** A condition, compiled once. */
export interface CompiledCondition {
  readonly name: string
  readonly source: string
  readonly expression: Expression
}

const withParams = admissionEnvironment({ params: true, authorizer: true })
const withoutParams = admissionEnvironment({ params: false, authorizer: true })

/** Conditions of a webhook, or of a policy, which may have parameters. */
export function compileConditions(conditions: readonly MatchCondition[] = [], params = false): CompiledCondition[] {
  const environment = params ? withParams : withoutParams
  return conditions.map(({ name, expression }) => {
    const source = expression.trim()
    return { name, source, expression: compileExpression(source, environment, returns.condition) }
  })
}

/** Whether all conditions hold, or why that cannot be said. */
export type ConditionsResult = { readonly matches: boolean } | { readonly problem: string }

// apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go Match
/** One that is false decides, whatever is wrong with the others; what cannot be said is as the failure policy has it. */
export function matchConditions(
  conditions: readonly CompiledCondition[],
  inputs: Inputs,
  failurePolicy: string | undefined,
): ConditionsResult {
  if (conditions.length === 0) return { matches: true }
  const problem = findProblem(conditions, inputs)
  if (problem === undefined || problem === false) return { matches: problem === undefined }
  return failurePolicy === 'Ignore' ? { matches: false } : { problem }
}

/** undefined: all hold; false: one does not. */
function findProblem(conditions: readonly CompiledCondition[], inputs: Inputs): string | false | undefined {
  const variables = new Variables(inputs)
  const budget = new CostBudget(conditionsBudget)
  const problems: string[] = []
  try {
    for (const { source, expression } of conditions) {
      const result = variables.evaluate(source, expression, budget)
      if ('problem' in result) problems.push(result.problem)
      else if (result.value === false) return false
    }
  } catch (error) {
    if (error instanceof OutOfBudget) return error.message
    throw error
  }
  const distinct = [...new Set(problems)]
  return distinct.length > 1 ? `[${distinct.join(', ')}]` : distinct[0]
}
