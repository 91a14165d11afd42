import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { pipeline } from 'node:stream/promises'
import { serviceUnavailable } from '@kubets/shared/machinery/errors.ts'
import type { RequestContext } from './context.ts'
import type { Target } from './kubelet.ts'

const connectMilliseconds = 30_000

/** Headers that belong to one connection, or to this server alone. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'authorization',
  'http2-settings',
])
// staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest and impersonation headers
const ownPrefixes = ['impersonate-', 'x-remote-']

/** The headers that go on to the other side: no credentials, nothing of this connection. */
export function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || ownHeaders.has(name)) continue
    if (ownPrefixes.some((prefix) => name.startsWith(prefix))) continue
    result[name] = value
  }
  return result
}

/** Sends the request on and streams the answer back, as it comes. Throws 503 when the other side does not answer. */
export async function proxyRequest(context: RequestContext, target: Target): Promise<undefined> {
  const { request, response, signal } = context
  const client = target.protocol === 'https:' ? https : http
  const outgoing = client.request({
    method: context.method,
    host: target.host,
    port: target.port,
    path: target.path,
    headers: { ...forwardedHeaders(context.headers), host: `${target.host}:${target.port}`, ...target.headers },
    timeout: connectMilliseconds,
    signal,
    agent: false,
    ...target.tls,
  })
  // the limit is for connecting: what is connected may be silent for long
  outgoing.on('socket', (socket) =>
    socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', () => outgoing.setTimeout(0)),
  )
  outgoing.on('timeout', () => outgoing.destroy(new Error(`dial tcp ${target.host}:${target.port}: i/o timeout`)))
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  // an error while the body is sent is seen by whoever waits for the answer
  pipeline(request, outgoing).catch(() => undefined)
  let answer: IncomingMessage
  try {
    ;[answer] = await answered
  } catch (error) {
    throw serviceUnavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`)
  }
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, upgrade: ____, ...headers } = answer.headers
  response.writeHead(answer.statusCode ?? 502, headers)
  response.flushHeaders()
  // either side going away ends the other; there is nobody left to tell
  await pipeline(answer, response).catch(() => undefined)
  return undefined
}
