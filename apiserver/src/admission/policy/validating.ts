import { validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from '@kubets/shared/api/resources.gen.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@kubets/shared/api/types/admissionregistration-v1.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import type { Authorizer } from '../../auth/attributes.ts'
import type { AdmissionRequest } from '../../registry/types.ts'
import type { MatchedRequest } from '../expression-run.ts'
import { type Plugin, refuse } from '../plugin.ts'
import { isExempt } from './exempt.ts'
import type { Selection } from '../webhook/select.ts'
import { convert } from '../webhook/versions.ts'
import { type AuditOutcome, type Denial, evaluatePolicy } from './evaluate-validating.ts'
import { type Invocation, invocationsFor, namespaceFor } from './invocations.ts'

type Policy = ValidatingAdmissionPolicy
type Binding = ValidatingAdmissionPolicyBinding

const maxAnnotation = 10 * 1024

/** Refuses what a ValidatingAdmissionPolicy that is bound forbids. */
// apiserver/pkg/admission/plugin/policy/validating/dispatcher.go Dispatch
export function validatingPolicies(selection: Selection & { authorizer: Authorizer }): Plugin {
  const { lookup, authorizer } = selection
  return {
    connects: true,
    async validate(request) {
      if (isExempt(request.kind.group, request.kind.plural)) return
      const policies = lookup.list(validatingAdmissionPolicies)
      if (policies.length === 0) return
      const bindings = lookup.list(validatingAdmissionPolicyBindings)
      const { invocations, problems } = await invocationsFor(request, policies, bindings, selection)
      const denials: Denial[] = problems.map(({ policy, binding, problem }) => ({
        policy: policy.metadata.name ?? '',
        ...(binding ? { binding: binding.metadata.name ?? '' } : {}),
        message: problem,
      }))
      if (invocations.length > 0) {
        const namespace = await namespaceFor(request, selection)
        const collected = new Annotations()
        for (const invocation of invocations) {
          const matched = await matchedOf(request, invocation)
          const inputs = { matched, namespace, params: invocation.params, authorizer }
          const result = evaluatePolicy(invocation.policy, inputs)
          act(request, invocation, result.decisions, denials)
          collected.take(invocation, result.audits, denials)
        }
        collected.publish(request)
      }
      const [first] = denials
      if (first !== undefined) throw denied(request, first)
    },
  }
}

async function matchedOf(request: AdmissionRequest, { kind }: Invocation<Policy, Binding>): Promise<MatchedRequest> {
  const { object, old, signal } = request
  return {
    request,
    kind,
    ...(object ? { object: await convert(object, request.kind, kind, signal) } : {}),
    ...(old ? { old: await convert(old, request.kind, kind, signal) } : {}),
  }
}

/** Does with what was decided as the binding says. */
function act(
  request: AdmissionRequest,
  { policy, binding }: Invocation<Policy, Binding>,
  decisions: readonly (Pick<Denial, 'message' | 'reason'> | undefined)[],
  denials: Denial[],
): void {
  const names = { policy: policy.metadata.name ?? '', binding: binding.metadata.name ?? '' }
  const actions = binding.spec.validationActions ?? []
  for (const [expressionIndex, decision] of decisions.entries()) {
    if (decision === undefined) continue
    const { message } = decision
    if (actions.includes('Deny')) denials.push({ ...names, ...decision })
    if (actions.includes('Warn')) {
      const { policy: name, binding: bound } = names
      request.warn(`Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${bound}': ${message}`)
    }
    if (actions.includes('Audit')) {
      const failure = { message, ...names, expressionIndex, validationActions: actions }
      request.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]))
    }
  }
}

/** What policies want the audit log to say: values of one key side by side, each once. */
class Annotations {
  readonly #values = new Map<string, Set<string>>()

  take({ policy, binding }: Invocation<Policy, Binding>, audits: readonly AuditOutcome[], denials: Denial[]): void {
    const name = policy.metadata.name ?? ''
    for (const audit of audits) {
      if ('problem' in audit) {
        denials.push({ policy: name, binding: binding.metadata.name ?? '', message: audit.problem })
        continue
      }
      const key = `${name}/${audit.key}`
      const known = this.#values.get(key) ?? new Set()
      this.#values.set(key, known.add(audit.value.slice(0, maxAnnotation)))
    }
  }

  publish(request: AdmissionRequest): void {
    for (const [key, values] of this.#values) request.annotate(key, [...values].join(', '))
  }
}

// apiserver/pkg/admission/plugin/policy/validating/policy_decision.go reasonToCode
const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 }

function denied(request: AdmissionRequest, { policy, binding, message, reason = 'Invalid' }: Denial): StatusError {
  const bound = binding === undefined ? '' : ` with binding '${binding}'`
  const text = `ValidatingAdmissionPolicy '${policy}'${bound} denied request: ${message}`
  const { status } = refuse(request, text)
  const causes = [...(status.details?.causes ?? []), { message: text }]
  return new StatusError({ ...status, reason, code: codes[reason] ?? 422, details: { ...status.details, causes } })
}
