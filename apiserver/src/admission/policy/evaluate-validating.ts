import {
  admissionEnvironment,
  type Composition,
  compileExpression,
  compose,
  type Expression,
  returns,
} from '@kubets/shared/api/kinds/admissionregistration/expressions.ts'
import type { ValidatingAdmissionPolicy, Validation } from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { CostBudget, type Inputs, OutOfBudget, policyBudget, Variables } from '../expression-run.ts'
import { type CompiledCondition, compileConditions, matchConditions } from '../match-conditions.ts'

/** Why a request is refused, and by which policy. */
export interface Denial {
  readonly policy: string
  readonly binding?: string
  readonly message: string
  readonly reason?: string
}

type Decision = Pick<Denial, 'message' | 'reason'> | undefined

export type AuditOutcome = { readonly key: string; readonly value: string } | { readonly problem: string }

export interface Evaluated {
  /** For each validation; undefined: it holds. */
  readonly decisions: readonly Decision[]
  readonly audits: readonly AuditOutcome[]
}

interface Compiled {
  readonly conditions: readonly CompiledCondition[]
  readonly variables: Composition['variables']
  readonly messageVariables: Composition['variables']
  readonly validations: readonly { validation: Validation; expression: Expression; message: Expression | undefined }[]
  readonly audits: readonly { key: string; source: string; expression: Expression }[]
}

/** Objects of the cache stay the same until they change, and so does what was made of them. */
const made = new WeakMap<ValidatingAdmissionPolicy, Compiled>()

// apiserver/pkg/admission/plugin/policy/validating/plugin.go compilePolicy
function compiledOf(policy: ValidatingAdmissionPolicy): Compiled {
  const known = made.get(policy)
  if (known !== undefined) return known
  const {
    paramKind,
    matchConditions: conditions,
    variables = [],
    validations = [],
    auditAnnotations = [],
  } = policy.spec
  const params = paramKind !== undefined
  const main = compose(admissionEnvironment({ params, authorizer: true }), variables)
  const forMessages = compose(admissionEnvironment({ params, authorizer: false }), variables)
  const compiled: Compiled = {
    conditions: compileConditions(conditions, params),
    variables: main.variables,
    messageVariables: forMessages.variables,
    validations: validations.map((validation) => ({
      validation,
      expression: compileExpression(validation.expression, main.environment, returns.condition),
      message: validation.messageExpression
        ? compileExpression(validation.messageExpression, forMessages.environment, returns.message)
        : undefined,
    })),
    audits: auditAnnotations.map(({ key, valueExpression }) => {
      const source = valueExpression.trim()
      return { key, source, expression: compileExpression(source, main.environment, returns.auditValue) }
    }),
  }
  made.set(policy, compiled)
  return compiled
}

// apiserver/pkg/admission/plugin/policy/validating/validator.go Validate
/** What a policy says of a request, with one set of parameters. */
export function evaluatePolicy(policy: ValidatingAdmissionPolicy, inputs: Inputs): Evaluated {
  const compiled = compiledOf(policy)
  const { failurePolicy = 'Fail' } = policy.spec
  const failed = (message: string): Decision => (failurePolicy === 'Ignore' ? undefined : { message })
  // a condition sees no namespace
  const matched = matchConditions(compiled.conditions, { ...inputs, namespace: undefined }, failurePolicy)
  if ('problem' in matched) return { decisions: [failed(matched.problem)], audits: [] }
  if (!matched.matches) return { decisions: [], audits: [] }
  const budget = new CostBudget(policyBudget)
  try {
    const decisions = decide(compiled, new Variables(inputs, compiled.variables), inputs, budget, failed)
    return { decisions, audits: audit(compiled, inputs, failurePolicy) }
  } catch (error) {
    if (error instanceof OutOfBudget) return { decisions: [failed(error.message)], audits: [] }
    throw error
  }
}

function decide(
  { validations, messageVariables }: Compiled,
  variables: Variables,
  inputs: Inputs,
  budget: CostBudget,
  failed: (message: string) => Decision,
): Decision[] {
  const results = validations.map(({ validation, expression }) =>
    variables.evaluate(validation.expression, expression, budget),
  )
  const forMessages = new Variables(inputs, messageVariables)
  return validations.map(({ validation, message }, i) => {
    const result = results[i]
    if (result === undefined || 'problem' in result) return failed(result?.problem ?? '')
    if (result.value === true) return undefined
    try {
      const text = message && messageOf(forMessages.evaluate(validation.messageExpression ?? '', message, budget))
      return { message: text || textOf(validation), reason: validation.reason ?? 'Invalid' }
    } catch (error) {
      if (error instanceof OutOfBudget) return failed(`failed messageExpression: ${error.message}`)
      throw error
    }
  })
}

const maxMessage = 5 * 1024

/** What a message expression gave, '' where it is of no use. */
function messageOf(result: ReturnType<Variables['evaluate']>): string {
  if ('problem' in result || typeof result.value !== 'string') return ''
  const text = result.value.trim()
  return Buffer.byteLength(text) > maxMessage || text.includes('\n') ? '' : text
}

const textOf = ({ message = '', expression }: Validation): string =>
  message.trim() || `failed expression: ${expression.trim()}`

function audit({ audits, variables: composed }: Compiled, inputs: Inputs, failurePolicy: string): AuditOutcome[] {
  const variables = new Variables(inputs, composed)
  const budget = new CostBudget(policyBudget)
  return audits.flatMap(({ key, source, expression }): AuditOutcome[] => {
    const result = variables.evaluate(source, expression, budget)
    if ('problem' in result) return failurePolicy === 'Ignore' ? [] : [{ problem: result.problem }]
    const value = typeof result.value === 'string' ? result.value.trim() : ''
    return value === '' ? [] : [{ key, value }]
  })
}
