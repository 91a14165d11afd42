import type { ServerResponse } from 'node:http'
import type { Rejected, Seat } from '../flowcontrol/flow-control.ts'
import type { Schema } from '../flowcontrol/levels.ts'
import type { Subject } from '../flowcontrol/estimate.ts'
import type { UserInfo } from '../registry/types.ts'
import { textAnswer, type Answer } from './answer.ts'
import type { Deps } from './context.ts'
import { isTrue, type RequestInfo } from './request-info.ts'

/**
 * Waits until it is the request's turn; undefined for what lasts and is no watch: such requests take no seat. Throws
 * Rejected when there is no room.
 */
// staging/src/k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go WithPriorityAndFairness
export async function takeSeat(
  info: RequestInfo,
  query: URLSearchParams,
  user: UserInfo,
  lasting: boolean,
  response: ServerResponse,
  signal: AbortSignal,
  deps: Deps,
): Promise<Seat | undefined> {
  if (lasting && info.verb !== 'watch') return undefined
  const turn = deps.flowControl.acquire({ ...info, user }, () => subjectOf(info, query, deps), signal)
  const seat = turn instanceof Promise ? await turn : turn
  tellSchema(response, seat.schema)
  return seat
}

function subjectOf(info: RequestInfo, query: URLSearchParams, { kinds, registry }: Deps): Subject {
  const { verb, name } = info
  const kind = info.subresource === '' ? kinds.find(info.apiGroup, info.apiVersion, info.resource) : undefined
  const cached = kind === undefined || kind.virtual ? undefined : registry.cached(kind)
  const version = query.get('resourceVersion') ?? ''
  const initialEvents = version === '' || version === '0' || isTrue(query.get('sendInitialEvents'))
  return { verb, name, initialEvents, objects: cached?.size ?? 0, watchers: cached?.watchers ?? 0 }
}

/** The answer to a request that was not let in. */
export function rejectedAnswer({ schema, retryAfter }: Rejected, response: ServerResponse): Answer {
  tellSchema(response, schema)
  const answer = textAnswer(429, 'Too many requests, please try again later.\n')
  return { ...answer, headers: { 'retry-after': String(retryAfter), 'x-content-type-options': 'nosniff' } }
}

// k8s.io/api/flowcontrol/v1/types.go ResponseHeaderMatchedFlowSchemaUID
function tellSchema(response: ServerResponse, { uid, level }: Schema): void {
  if (response.headersSent) return
  response.setHeader('x-kubernetes-pf-flowschema-uid', uid)
  response.setHeader('x-kubernetes-pf-prioritylevel-uid', level.uid)
}
