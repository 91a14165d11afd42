import type { APIService } from '@kubets/shared/api/types/apiregistration-v1.ts'
import { StatusError } from '@kubets/shared/machinery/errors.ts'
import { isAvailable } from '../aggregator/availability.ts'
import type { UserInfo } from '../registry/types.ts'
import { textAnswer, type Answer } from './answer.ts'
import type { Deps, Handler } from './context.ts'
import type { Target } from './kubelet.ts'
import { proxyRequest } from './proxy.ts'

const unavailable = (text: string): Answer => {
  const answer = textAnswer(503, `${text}\n`)
  return { ...answer, headers: { 'x-content-type-options': 'nosniff' } }
}

/** The handler for paths that an aggregated API server serves. */
// kube-aggregator/pkg/apiserver/handler_proxy.go proxyHandler.ServeHTTP
export function aggregated(apiService: APIService): Handler {
  return async (context, deps) => {
    const target = aggregatedTarget(apiService, context.request.url ?? context.path, context.user, deps)
    if (target === undefined) return unavailable('service unavailable')
    try {
      return await proxyRequest(context, target)
    } catch (error) {
      if (error instanceof StatusError && error.code === 503) return unavailable(error.message)
      throw error
    }
  }
}

/** Where a request goes on to, with the user it is made for; undefined: nowhere that answers. */
export function aggregatedTarget(
  apiService: APIService,
  url: string,
  user: UserInfo,
  { aggregator, log }: Pick<Deps, 'aggregator' | 'log'>,
): Target | undefined {
  if (!isAvailable(apiService)) return undefined
  const { service: { name = '', namespace = '' } = {}, caBundle, insecureSkipTLSVerify = false } = apiService.spec
  try {
    return {
      protocol: 'https:',
      ...aggregator.remotes.place(apiService),
      path: url,
      headers: remoteHeaders(user),
      tls: {
        ...aggregator.client,
        // the certificate is for the service, whatever the address that it was reached at
        servername: `${name}.${namespace}.svc`,
        rejectUnauthorized: !insecureSkipTLSVerify,
        ...(caBundle ? { ca: Buffer.from(caBundle, 'base64') } : {}),
      },
    }
  } catch (error) {
    log.warn({ err: error, apiService: apiService.metadata.name }, 'cannot find the server of an APIService')
    return undefined
  }
}

// client-go/transport/round_trippers.go SetAuthProxyHeaders
export function remoteHeaders({ name, uid, groups, extra = {} }: UserInfo): Record<string, string | string[]> {
  return {
    'X-Remote-User': name,
    ...(uid ? { 'X-Remote-Uid': uid } : {}),
    'X-Remote-Group': [...groups],
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`X-Remote-Extra-${escapeKey(key)}`, [...values]]),
    ),
  }
}

/** What may stand in a header's name stays; the rest is percent-encoded. */
// client-go/transport/round_trippers.go headerKeyEscape
const escapeKey = (key: string): string =>
  Array.from(Buffer.from(key), (byte) => {
    const char = String.fromCharCode(byte)
    return /[!#$&'*+.^_`|~0-9A-Za-z-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
