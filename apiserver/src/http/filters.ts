import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { takeWebSocketToken } from '../auth/authenticate.ts'
import { forbiddenRequest, type Attributes } from '../auth/attributes.ts'
import { impersonated } from '../auth/impersonate.ts'
import type { UserInfo } from '../registry/types.ts'
import type { Deps } from './context.ts'
import type { RequestInfo } from './request-info.ts'

/** Who sends the request, or is impersonated by the sender. Throws 401, and 403 when they may not do this. */
// staging/src/k8s.io/apiserver/pkg/server/config.go DefaultBuildHandlerChain
export async function admitted(
  request: IncomingMessage,
  path: string,
  info: RequestInfo,
  deps: Deps,
): Promise<UserInfo> {
  const protocols = takeWebSocketToken(request.headers['sec-websocket-protocol'])
  if (protocols.token !== undefined) request.headers['sec-websocket-protocol'] = protocols.rest
  const sender = await deps.authenticate({
    socket: request.socket as TLSSocket,
    rawHeaders: request.rawHeaders,
    authorization: request.headers.authorization,
    webSocketToken: protocols.token,
    path,
  })
  const user = impersonated(request.rawHeaders, sender, deps.authorizer)
  const attributes = attributesOf(info, user)
  const { verdict, reason } = deps.authorizer.authorize(attributes)
  if (verdict !== 'allow') throw forbiddenRequest(attributes, reason)
  return user
}

const attributesOf = (info: RequestInfo, user: UserInfo): Attributes => ({
  user,
  verb: info.verb,
  isResourceRequest: info.isResourceRequest,
  apiGroup: info.apiGroup,
  resource: info.resource,
  subresource: info.subresource,
  namespace: info.namespace,
  name: info.name,
  path: info.path,
  fieldSelector: info.fieldSelector,
})
