import { forbidden } from '@kubets/shared/machinery/errors.ts'
import type { Authorizer } from '../../auth/attributes.ts'
import type { MatchedRequest } from '../expression-run.ts'
import { matchConditions } from '../match-conditions.ts'
import type { Hook } from './hooks.ts'

/** Whether a webhook's conditions hold. Throws a 403 when that cannot be said and the webhook's failure is one. */
// apiserver/pkg/admission/plugin/webhook/generic/webhook.go Webhook.ShouldCallHook
export function meetsConditions(
  { webhook, conditions }: Hook,
  matched: MatchedRequest,
  authorizer: Authorizer,
): boolean {
  const result = matchConditions(conditions, { matched, authorizer }, webhook.failurePolicy)
  if ('matches' in result) return result.matches
  throw forbidden(matched.request.kind, matched.request.name, result.problem)
}
