import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import type { RuntimeService, StreamSession } from '../runtime/types.ts'
import { dialPod } from './dial.ts'
import { findPod, newestSandbox, runningContainer, ServerError, type PodLookup } from './pods.ts'
import { portForwardProtocol, spdyPortForward, tunnelledPortForward, tunnelProtocol } from './port-forward.ts'
import { serveSession } from './remote-command.ts'
import { streamRequest, type RemoteStreams, type StreamRequest } from './remote-streams.ts'
import { spdyRemoteStreams } from './spdy-streams.ts'
import { webSocketProtocols, webSocketRemoteStreams } from './websocket-streams.ts'

/** What the streaming handlers work on. */
export interface StreamingContext {
  readonly runtime: RuntimeService
  readonly pods: PodLookup
  readonly clock: Clock
  /** Ends every session when the kubelet stops. */
  readonly signal: AbortSignal
}

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 8 * 1024 * 1024,
  handleProtocols: (offered) =>
    [...webSocketProtocols, tunnelProtocol, portForwardProtocol].find((name) => offered.has(name)) ?? false,
})

/** Serves an upgrade request to /exec, /attach or /portForward. @throws ServerError before anything was answered. */
export async function serveUpgrade(
  context: StreamingContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  if (head.length > 0 && !isWebSocket(request)) socket.unshift(head) // ws takes it as it is
  const url = new URL(request.url ?? '/', 'https://kubelet')
  const [verb, namespace = '', podName = '', ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
  const pod = findPod(context.pods, namespace, podName)
  if (verb === 'portForward') {
    const sandbox = await newestSandbox(context.runtime, pod, context.signal)
    const dial = async (port: number, signal: AbortSignal): Promise<Duplex> =>
      dialPod(await context.runtime.podSandboxStatus(sandbox.id, signal), port, context.clock, signal)
    if (!isWebSocket(request)) return spdyPortForward(request, socket, dial)
    return tunnelledPortForward(await upgradeWebSocket(request, socket, head), dial)
  }
  if (verb !== 'exec' && verb !== 'attach') throw new ServerError(404, '404 page not found')
  const want = streamRequest(url.searchParams)
  if (!want.stdin && !want.stdout && !want.stderr) {
    throw new ServerError(400, 'you must specify at least 1 of stdin, stdout, stderr')
  }
  // The path may carry the Pod's UID before the container's name.
  const container = await runningContainer(context.runtime, pod, rest.at(-1) ?? '', context.signal)
  const command = url.searchParams.getAll('command')
  const remote = await remoteStreams(context, request, socket, head, want)
  if (remote === undefined) return
  await serveSession(remote, (signal): Promise<StreamSession> => {
    const either = AbortSignal.any([signal, context.signal])
    if (verb === 'attach') return context.runtime.attach(container.id, want, either)
    return context.runtime.exec(container.id, { command, ...want }, either)
  })
}

async function remoteStreams(
  context: StreamingContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  want: StreamRequest,
): Promise<RemoteStreams | undefined> {
  if (!isWebSocket(request)) return spdyRemoteStreams(request, socket, want, context.clock)
  return webSocketRemoteStreams(await upgradeWebSocket(request, socket, head), want)
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

function upgradeWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket> {
  return new Promise((resolve) => sockets.handleUpgrade(request, socket, head, resolve))
}
