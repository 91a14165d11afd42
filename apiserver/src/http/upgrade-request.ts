// One request for an upgrade (exec, attach, port-forward, proxied WebSockets): who asks for what, may they, and whom it goes on to.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { badRequest, notFound, serviceUnavailable } from '@kubets/shared/machinery/errors.ts'
import { aggregatedTarget } from './aggregated.ts'
import { statusAnswer, toStatusError, type Answer } from './answer.ts'
import { connectors } from './connect.ts'
import { admitConnect } from './connect-admission.ts'
import type { Deps } from './context.ts'
import { admitted } from './filters.ts'
import { serveLogSocket } from './log-socket.ts'
import { parseUrl } from './request.ts'
import { kindOf } from './resource.ts'
import { proxyUpgrade } from './upgrade.ts'

/** Asks the same questions as of any request first, then passes bytes in both directions. Never rejects. */
export async function upgrade(request: IncomingMessage, socket: Socket, head: Buffer, deps: Deps): Promise<void> {
  const method = request.method ?? 'GET'
  const gone = new AbortController()
  socket.on('error', () => gone.abort())
  socket.on('close', () => gone.abort())
  deps.stopping.addEventListener('abort', () => gone.abort(), { signal: gone.signal })
  try {
    const { path, query, info } = parseUrl(request, method)
    const user = await admitted(request, path, info, deps)
    const remote = deps.aggregator.remotes.forPath(path)
    const locate = connectors[`${info.resource}/${info.subresource}`]
    if (remote === undefined && (!info.isResourceRequest || info.apiGroup !== '' || locate === undefined)) {
      throw badRequest(`${method} ${path} cannot be upgraded`)
    }
    const context = {
      method,
      path,
      query,
      headers: request.headers,
      info,
      user,
      clock: deps.clock,
      signal: gone.signal,
      warnings: [],
      auditAnnotations: new Map<string, string>(),
      request,
      response: undefined as never,
      initialized: () => undefined,
      body: () => Promise.resolve(Buffer.alloc(0)),
    }
    let target
    if (remote === undefined) {
      const kind = kindOf(context, deps.kinds)
      if (kind === undefined) throw notFound({ group: '', plural: info.resource }, info.name)
      target = await locate?.(await admitConnect(context, deps, kind), deps)
    } else {
      target = aggregatedTarget(remote, request.url ?? path, user, deps)
      if (target === undefined) throw serviceUnavailable('service unavailable')
    }
    if (target === undefined) throw badRequest(`${info.resource} ${info.name} is nowhere yet`)
    deps.metrics.longRunning(info, 1)
    try {
      if (remote === undefined && info.subresource === 'log')
        await serveLogSocket(request, socket, head, target, gone.signal)
      else await proxyUpgrade(request, socket, head, target, deps.clock, gone.signal)
    } finally {
      deps.metrics.longRunning(info, -1)
      deps.metrics.finished(info, method, 101, 0, true)
    }
  } catch (error) {
    refuseUpgrade(socket, statusAnswer(toStatusError(error)))
  }
}

function refuseUpgrade(socket: Socket, { code, body, contentType }: Answer): void {
  if (!socket.writable) return
  const head = `HTTP/1.1 ${code} \r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
  socket.end(Buffer.concat([Buffer.from(head), body]))
}
