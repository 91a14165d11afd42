import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '@kubets/shared/machinery/clock.ts'
import { parseSizes, type RemoteStreams, type StreamRequest } from './remote-streams.ts'
import { SpdyConnection, type SpdyStream } from './spdy/connection.ts'

/** Remote command protocols over SPDY, best first. apimachinery/pkg/util/remotecommand/constants.go */
const protocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io']
/** How long a client may take to open its streams. cri/streaming DefaultStreamCreationTimeout. */
const creationTimeoutMs = 30_000

/** The protocol both sides speak: the first the client names (header X-Stream-Protocol-Version) that is among ours. */
export function negotiate(request: IncomingMessage, ours: readonly string[]): string | undefined {
  const header = request.headersDistinct['x-stream-protocol-version'] ?? []
  const theirs = header.flatMap((line) => line.split(',')).map((name) => name.trim())
  return theirs.find((name) => ours.includes(name))
}

/** Answers the upgrade to SPDY/3.1. */
export function acceptSpdy(socket: Duplex, protocol: string): void {
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  )
}

/** Upgrades a request to SPDY and collects the streams it announced; undefined when no protocol fits (403, as upstream). */
export async function spdyRemoteStreams(
  request: IncomingMessage,
  socket: Duplex,
  want: StreamRequest,
  clock: Clock,
): Promise<RemoteStreams | undefined> {
  const protocol = negotiate(request, protocols)
  if (protocol === undefined) {
    socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    return undefined
  }
  acceptSpdy(socket, protocol)
  const expected = ['error', want.stdin && 'stdin', want.stdout && 'stdout', want.stderr && 'stderr'].filter(
    (name) => name !== false,
  )
  if (want.tty && protocol !== 'v2.channel.k8s.io') expected.push('resize')
  const { connection, streams } = await collect(socket, expected, clock)
  const gone = new AbortController()
  void connection.closed.then(() => gone.abort())
  const error = streams.get('error')
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    onResize: (handle) => {
      streams.get('resize')?.on('data', (chunk: Buffer) => parseSizes(chunk.toString()).forEach(handle))
    },
    finish: async (status) => {
      for (const name of ['stdout', 'stderr']) streams.get(name)?.end()
      if (error && !gone.signal.aborted) {
        error.end(protocol === 'v4.channel.k8s.io' ? status : plainError(status))
        await finished(error, { readable: false, signal: gone.signal }).catch(() => {})
      }
      connection.close()
    },
    gone: gone.signal,
  }
}

/** Before v4 the error stream carried plain text, and nothing on success. */
function plainError(status: string): string {
  const { status: result, message } = JSON.parse(status) as { status: string; message?: string }
  return result === 'Success' ? '' : (message ?? '')
}

async function collect(socket: Duplex, expected: readonly string[], clock: Clock) {
  const streams = new Map<string, SpdyStream>()
  let complete = (): void => {}
  const all = new Promise<void>((resolve) => (complete = resolve))
  const connection = new SpdyConnection(socket, (stream) => {
    streams.set(stream.headers.get('streamtype') ?? '', stream)
    if (expected.every((name) => streams.has(name))) complete()
  })
  const cancel = clock.timer(creationTimeoutMs, () => socket.destroy())
  try {
    await Promise.race([all, connection.closed])
  } finally {
    cancel()
  }
  return { connection, streams }
}
