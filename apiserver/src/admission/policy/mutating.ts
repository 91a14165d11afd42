import {
  admissionEnvironment,
  type Composition,
  compileExpression,
  compose,
  type Expression,
  returns,
} from '@kubets/shared/api/kinds/admissionregistration/expressions.ts'
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from '@kubets/shared/api/resources.gen.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '@kubets/shared/api/types/admissionregistration-v1.ts'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { deepEqual } from '@kubets/shared/machinery/deep.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import type { KubeObject } from '@kubets/shared/machinery/object.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { Authorizer } from '../../auth/attributes.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import { CostBudget, type Inputs, policyBudget, Variables } from '../expression-run.ts'
import { type CompiledCondition, compileConditions, matchConditions } from '../match-conditions.ts'
import { type Plugin, refuse } from '../plugin.ts'
import { isExempt } from './exempt.ts'
import { Reinvocation } from '../webhook/reinvocation.ts'
import type { Selection } from '../webhook/select.ts'
import { matchedBy, Subject } from '../webhook/subject.ts'
import { redecode } from '../webhook/versions.ts'
import { type ConfigurationProblem, type Invocation, invocationsFor, namespaceFor } from './invocations.ts'
import { applyConfiguration, applyJsonPatch } from './patches.ts'

type Policy = MutatingAdmissionPolicy
type Binding = MutatingAdmissionPolicyBinding
type Problem = ConfigurationProblem<Policy, Binding> & { readonly reason?: string }

/** What policies remember of a request between the rounds: apart from what webhooks do. */
const contexts = new WeakMap<Reinvocation, Reinvocation>()

/** Changes what is to be stored as the MutatingAdmissionPolicies say that are bound, one after another. */
// apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go dispatchInvocations
export function mutatingPolicies(selection: Selection & { authorizer: Authorizer }): Plugin {
  const { lookup, authorizer } = selection
  return {
    connects: true,
    async mutate(request, reinvocation) {
      if (isExempt(request.kind.group, request.kind.plural)) return
      const policies = lookup.list(mutatingAdmissionPolicies)
      if (policies.length === 0) return
      const bindings = lookup.list(mutatingAdmissionPolicyBindings)
      const { invocations, problems } = await invocationsFor(request, policies, bindings, selection)
      const found: Problem[] = [...problems]
      if (invocations.length > 0) {
        const namespace = await namespaceFor(request, selection)
        found.push(...(await mutateAll(request, invocations, namespace, authorizer, reinvocation)))
      }
      const refusal = refusalOf(request, found)
      if (refusal !== undefined) throw refusal
    },
  }
}

async function mutateAll(
  request: AdmissionRequest,
  invocations: readonly Invocation<Policy, Binding>[],
  namespace: Namespace | undefined,
  authorizer: Authorizer,
  reinvocation: Reinvocation,
): Promise<Problem[]> {
  const own = contexts.get(reinvocation) ?? new Reinvocation()
  contexts.set(reinvocation, own)
  own.round = reinvocation.round
  own.begin(request.object)
  const subject = new Subject(request)
  const problems: Problem[] = []
  for (const invocation of invocations) {
    const { policy, binding, kind, params } = invocation
    const compiled = compiledOf(policy)
    await subject.become(kind)
    const inputs = (): Inputs => ({ matched: matchedBy(subject), namespace, params, authorizer })
    const { failurePolicy } = policy.spec
    const conditions = matchConditions(compiled.conditions, { ...inputs(), namespace: undefined }, failurePolicy)
    if ('problem' in conditions) problems.push({ policy, binding, problem: conditions.problem, reason: 'Invalid' })
    if ('problem' in conditions || !conditions.matches) continue
    const id = idOf(invocation)
    if (own.skips(id)) continue
    const before = subject.object
    for (const mutation of compiled.mutations) {
      if (subject.object === undefined) break
      const problem = mutateOne(subject, mutation, new Variables(inputs(), compiled.variables))
      if (problem !== undefined) problems.push({ policy, binding, problem, reason: 'Invalid' })
    }
    if (!deepEqual(before, subject.object)) {
      own.changed()
      reinvocation.needed = true
    }
    if (policy.spec.reinvocationPolicy === 'IfNeeded') own.called(id)
  }
  await subject.writeBack()
  own.end(request.object)
  return problems.filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore')
}

function idOf({ policy, binding, params }: Invocation<Policy, Binding>): string {
  const { namespace = '', name = '' } = params?.metadata ?? {}
  return [policy.metadata.name, binding.metadata.name, namespace, name].join('/')
}

/** Changes the object, or tells why it cannot. */
function mutateOne(subject: Subject, { source, expression, patch }: CompiledMutation, variables: Variables) {
  const { object, kind } = subject as Subject & { object: KubeObject }
  try {
    if ('problem' in expression) return expression.problem
    const result = variables.evaluate(source, expression, new CostBudget(policyBudget))
    if ('problem' in result) return result.problem
    const patched =
      patch === 'jsonPatch' ? applyJsonPatch(object, result.value) : applyConfiguration(object, result.value, kind)
    const next = redecode(patched, object, kind)
    if (!deepEqual(next, object)) subject.replace(next)
    return undefined
  } catch (error) {
    if (error instanceof StatusError) return error.message
    return error instanceof Error ? error.message : String(error)
  }
}

interface CompiledMutation {
  readonly source: string
  readonly expression: Expression
  readonly patch: 'jsonPatch' | 'applyConfiguration'
}

interface Compiled {
  readonly conditions: readonly CompiledCondition[]
  readonly variables: Composition['variables']
  readonly mutations: readonly CompiledMutation[]
}

/** Objects of the cache stay the same until they change, and so does what was made of them. */
const made = new WeakMap<Policy, Compiled>()

// apiserver/pkg/admission/plugin/policy/mutating/compilation.go compilePolicy
function compiledOf(policy: Policy): Compiled {
  const known = made.get(policy)
  if (known !== undefined) return known
  const { paramKind, matchConditions: conditions, variables = [], mutations = [] } = policy.spec
  const params = paramKind !== undefined
  const composition = compose(admissionEnvironment({ params, authorizer: true, patches: true }), variables)
  const compiled: Compiled = {
    conditions: compileConditions(conditions, params),
    variables: composition.variables,
    mutations: mutations.map((mutation) => {
      const patch = mutation.patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration'
      const source = (mutation[patch]?.expression ?? '').trim()
      return { source, patch, expression: compileExpression(source, composition.environment, returns[patch]) }
    }),
  }
  made.set(policy, compiled)
  return compiled
}

/** The refusal for what went wrong; the first problem is the message, and all are causes. */
function refusalOf(request: AdmissionRequest, problems: readonly Problem[]): StatusError | undefined {
  const [first] = problems
  if (first === undefined) return undefined
  const { status } = refuse(request, 'admission request denied by policy')
  const causes = problems.map((problem) => ({ message: textOf(problem) }))
  const reason = first.reason === undefined ? {} : { reason: first.reason }
  return new StatusError({ ...status, message: textOf(first), ...reason, details: { ...status.details, causes } })
}

// apiserver/pkg/admission/plugin/policy/generic/interfaces.go PolicyError.Error
function textOf({ policy, binding, problem }: Problem): string {
  const name = policy.metadata.name ?? ''
  if (binding === undefined) return `policy ${quote(name)} denied request: ${problem}`
  return `policy '${name}' with binding '${binding.metadata.name ?? ''}' denied request: ${problem}`
}
