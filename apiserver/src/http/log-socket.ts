// Logs over WebSocket, for browsers, which cannot read an answer piece by piece. apiserver/pkg/util/wsstream/stream.go
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { badRequest, serviceUnavailable } from '@kubets/shared/machinery/errors.ts'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Target } from './kubelet.ts'

/** Best first; a client that names none gets bytes. NewDefaultReaderProtocols */
const protocols = ['binary.k8s.io', 'base64.binary.k8s.io']

const answerMilliseconds = 30_000

const sockets = new WebSocketServer({
  noServer: true,
  // the client has nothing to say
  maxPayload: 4096,
  handleProtocols: (offered) => protocols.find((name) => offered.has(name)) ?? false,
})

/**
 * Asks the kubelet for a log and sends what comes as messages, until it ends or the client goes. Throws what the
 * kubelet says instead, before the upgrade.
 */
export async function serveLogSocket(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const log = await ask(target, signal)
  const socket = await new Promise<WebSocket>((resolve) => sockets.handleUpgrade(request, client, head, resolve))
  socket.on('error', () => log.destroy())
  socket.on('close', () => log.destroy())
  try {
    for await (const chunk of log as AsyncIterable<Buffer>) await send(socket, chunk)
    socket.close(1000)
  } catch {
    // either the client is gone, or the kubelet: then there is no more to send
    socket.close(1011)
  }
}

// one message on its way at a time: a client that reads slowly holds back the log
function send(socket: WebSocket, chunk: Buffer): Promise<void> {
  const message = socket.protocol.startsWith('base64.') ? chunk.toString('base64') : chunk
  return new Promise((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve())))
}

async function ask(target: Target, signal: AbortSignal): Promise<IncomingMessage> {
  const { protocol, host, port, path, tls } = target
  const client = protocol === 'https:' ? https : http
  const asked = client.get({ host, port, path, signal, agent: false, timeout: answerMilliseconds, ...tls })
  asked.on('timeout', () => asked.destroy(new Error(`dial tcp ${host}:${port}: i/o timeout`)))
  let answer: IncomingMessage
  try {
    ;[answer] = (await once(asked, 'response')) as [IncomingMessage]
  } catch (error) {
    throw serviceUnavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`)
  }
  // a log that is followed may be silent for long
  asked.setTimeout(0)
  asked.on('error', () => answer.destroy())
  if (answer.statusCode !== 200) throw badRequest(await text(answer))
  return answer
}
