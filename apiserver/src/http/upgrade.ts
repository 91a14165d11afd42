import type { IncomingMessage } from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { serviceUnavailable } from '@kubets/shared/machinery/errors.ts'
import type { Target } from './kubelet.ts'
import { forwardedHeaders } from './proxy.ts'

const connectMilliseconds = 30_000

/**
 * Passes an upgrade request (WebSocket, SPDY) on and then every byte in both directions, whatever the protocol.
 * The other side's answer, be it 101 or an error, goes to the client as it is. Throws 503 when it cannot be reached.
 */
export async function proxyUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  target: Target,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const server = await dial(target, clock, signal)
  server.write(requestHead(request, target))
  if (head.length > 0) server.write(head)
  const destroy = (): void => {
    client.destroy()
    server.destroy()
  }
  signal.addEventListener('abort', destroy, { once: true })
  // an error on either side leaves nothing to pass on; a mere end is passed on, so that the rest still arrives
  client.on('error', destroy)
  server.on('error', destroy)
  client.on('close', () => server.destroySoon())
  server.on('close', () => client.end())
  client.pipe(server)
  server.pipe(client)
  await new Promise<void>((resolve) => server.on('close', resolve))
  signal.removeEventListener('abort', destroy)
}

function dial(target: Target, clock: Clock, signal: AbortSignal): Promise<net.Socket> {
  const { host, port } = target
  // that one direction has ended must not end the other
  const where = { host, port, allowHalfOpen: true }
  const socket =
    target.protocol === 'https:'
      ? tls.connect({ ...where, ALPNProtocols: ['http/1.1'], ...serverName(host), ...target.tls })
      : net.connect(where)
  socket.setNoDelay(true)
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy()
      cancel()
      reject(serviceUnavailable(`error dialing backend: ${error.message}`))
    }
    const cancel = clock.timer(connectMilliseconds, () => fail(new Error(`dial tcp ${host}:${port}: i/o timeout`)))
    const abort = (): void => fail(new Error('the client is gone'))
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', fail)
    socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      cancel()
      signal.removeEventListener('abort', abort)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/** Node sends no server name for addresses, and must not be asked to. */
const serverName = (host: string): { servername?: string } => (net.isIP(host) === 0 ? { servername: host } : {})

/** The request as it goes on: the upgrade headers stay, credentials and the client's host do not. */
function requestHead(request: IncomingMessage, target: Target): string {
  const headers: Record<string, string | string[]> = {
    ...forwardedHeaders(request.headers),
    ...target.headers,
    host: `${target.host}:${target.port}`,
    connection: 'Upgrade',
    upgrade: request.headers.upgrade ?? '',
  }
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
  return `${request.method ?? 'GET'} ${target.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}
