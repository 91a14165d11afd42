import { forbidden, type StatusError } from '@kubets/shared/machinery/errors.ts'
import type { FieldRequirement } from '@kubets/shared/machinery/field-selector.ts'
import { quote } from '@kubets/shared/machinery/quote.ts'
import type { UserInfo } from '../registry/types.ts'

/** What somebody wants to do: the question an authorizer answers. */
export interface Attributes {
  user: UserInfo
  /** An API verb, or the lower-case HTTP method for paths. */
  verb: string
  isResourceRequest: boolean
  apiGroup: string
  resource: string
  subresource: string
  namespace: string
  name: string
  path: string
  /** What a list, watch or deletion of many selects by fields; absent where nothing is selected, or cannot be read. */
  fieldSelector?: readonly FieldRequirement[]
}

export interface Decision {
  verdict: 'allow' | 'deny' | 'none'
  reason: string
}

/** Answers at once, from what it holds in memory. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision
}

export const noOpinion: Decision = { verdict: 'none', reason: '' }

// staging/src/k8s.io/apiserver/pkg/authorization/union/union.go unionAuthzHandler.Authorize
/** The first verdict counts; without one the answer is no, with all reasons, a line each. */
export function firstVerdict(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(attributes) {
      const reasons: string[] = []
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(attributes)
        if (decision.verdict !== 'none') return decision
        if (decision.reason !== '') reasons.push(decision.reason)
      }
      return { verdict: 'none', reason: reasons.join('\n') }
    },
  }
}

// staging/src/k8s.io/apiserver/pkg/server/options/authorization.go: the default of --authorization-always-allow-paths
/** Anybody may ask how the server is: also while the roles that say so cannot be read. */
export const healthPathsAuthorizer: Authorizer = {
  authorize: ({ isResourceRequest, path }) =>
    !isResourceRequest && ['/healthz', '/readyz', '/livez'].includes(path)
      ? { verdict: 'allow', reason: '' }
      : noOpinion,
}

// staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go ForbiddenStatusError
/** The 403 for a request that was not allowed. */
export function forbiddenRequest(attributes: Attributes, reason: string): StatusError {
  const text = forbiddenText(attributes)
  const groupResource = { group: attributes.apiGroup, plural: attributes.resource }
  return forbidden(groupResource, attributes.name, reason === '' ? text : `${text}: ${reason}`)
}

function forbiddenText({
  user,
  verb,
  isResourceRequest,
  path,
  resource,
  subresource,
  apiGroup,
  namespace,
}: Attributes) {
  const who = `User ${quote(user.name)} cannot ${verb}`
  if (!isResourceRequest) return `${who} path ${quote(path)}`
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`
  return `${who} resource ${quote(what)} in API group ${quote(apiGroup)} ${where}`
}
