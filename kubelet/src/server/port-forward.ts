import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createWebSocketStream, type WebSocket } from 'ws'
import { acceptSpdy, negotiate } from './spdy-streams.ts'
import { SpdyConnection, type SpdyStream } from './spdy/connection.ts'

export const portForwardProtocol = 'portforward.k8s.io'
/** SPDY inside a WebSocket's binary messages. apimachinery/pkg/util/httpstream constants WebsocketsSPDYTunnelingPrefix. */
export const tunnelProtocol = `SPDY/3.1+${portForwardProtocol}`

/** Opens a connection to a port inside the Pod. */
export type Dial = (port: number, signal: AbortSignal) => Promise<Duplex>

/** Upgrades a request to SPDY and forwards until the client closes it. */
export async function spdyPortForward(request: IncomingMessage, socket: Duplex, dial: Dial): Promise<void> {
  const protocol = negotiate(request, [portForwardProtocol])
  if (protocol === undefined) {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    return
  }
  acceptSpdy(socket, protocol)
  await forward(socket, dial)
}

/** The same, tunnelled in an open WebSocket. */
export async function tunnelledPortForward(socket: WebSocket, dial: Dial): Promise<void> {
  await forward(createWebSocketStream(socket), dial)
}

/** Each forwarded connection is a pair of streams, `error` and `data`, with the same request id. portforward httpstream.go */
async function forward(transport: Duplex, dial: Dial): Promise<void> {
  const waiting = new Map<string, SpdyStream>()
  const gone = new AbortController()
  const connection = new SpdyConnection(transport, (stream) => {
    const id = stream.headers.get('requestid') ?? String(stream.id)
    const other = waiting.get(id)
    if (other === undefined) {
      waiting.set(id, stream)
      stream.once('close', () => waiting.delete(id))
      return
    }
    waiting.delete(id)
    const [data, error] = stream.headers.get('streamtype') === 'data' ? [stream, other] : [other, stream]
    void forwardOne(data, error, dial, gone.signal)
  })
  await connection.closed
  gone.abort()
}

async function forwardOne(data: SpdyStream, error: SpdyStream, dial: Dial, signal: AbortSignal): Promise<void> {
  const port = Number(data.headers.get('port'))
  error.resume() // clients write nothing there, but its end must be seen
  try {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw new Error(`unable to parse ${JSON.stringify(data.headers.get('port') ?? '')} as a port`)
    }
    const target = await dial(port, signal)
    await join(data, target)
    error.end()
  } catch (reason) {
    if (error.writable) error.end(reason instanceof Error ? reason.message : String(reason))
    data.end()
  }
}

/**
 * Joins both directions. Each ends by itself: a client that has sent its request may still read the answer. The whole is over
 * when the program in the Pod has said all it will; that it then closes while the client could still send is no error.
 */
async function join(data: SpdyStream, target: Duplex): Promise<void> {
  data.pipe(target)
  target.pipe(data)
  data.once('close', () => target.destroy())
  try {
    await finished(target, { writable: false })
    await finished(data, { readable: false })
  } catch (reason) {
    // A client that went away is nobody to report to.
    if (!data.destroyed) throw reason
  } finally {
    target.destroy()
  }
}
