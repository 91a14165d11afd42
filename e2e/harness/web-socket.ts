import { request } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Api } from './api.ts'

/** What a server said over a WebSocket until it closed it. */
export interface Heard {
  readonly protocol: string
  readonly messages: readonly Buffer[]
}

/** Opens a WebSocket to a path of the API server, says nothing, and hears until the end (or `enough` says so). */
export function hear(
  { server, options }: Api['connection'],
  path: string,
  protocols: readonly string[],
  enough: (messages: readonly Buffer[]) => boolean = () => false,
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server}${path}`, {
      ...options,
      agent: false,
      timeout: 60_000,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16, 7).toString('base64'),
        ...(protocols.length > 0 ? { 'sec-websocket-protocol': protocols.join(', ') } : {}),
      },
    })
    sent.on('timeout', () => sent.destroy(new Error(`no end of ${path} within 60 s`)))
    sent.on('error', reject)
    sent.on('response', ({ statusCode }) => reject(new Error(`GET ${path}: ${String(statusCode)} and no upgrade`)))
    sent.on('upgrade', (response, socket: Duplex, head: Buffer) => {
      const messages: Buffer[] = []
      let rest = head
      const end = (): void => {
        socket.destroy()
        resolve({ protocol: response.headers['sec-websocket-protocol'] ?? '', messages })
      }
      const take = (chunk: Buffer): void => {
        rest = Buffer.concat([rest, chunk])
        for (let frame = nextFrame(rest); frame; frame = nextFrame(rest)) {
          rest = rest.subarray(frame.end)
          if (frame.kind === closing) return end()
          if (frame.kind <= 2) messages.push(frame.bytes)
        }
        if (enough(messages)) end()
      }
      socket.on('data', take)
      socket.on('end', end)
      socket.on('error', reject)
      take(Buffer.alloc(0))
    })
    sent.end()
  })
}

const closing = 8

/** The first whole frame of what a server sent (RFC 6455, 5.2); a server's bytes are as they are. */
function nextFrame(data: Buffer): { kind: number; bytes: Buffer; end: number } | undefined {
  if (data.length < 2) return undefined
  const short = (data[1] ?? 0) & 0x7f
  const more = short === 126 ? 2 : short === 127 ? 8 : 0
  if (data.length < 2 + more) return undefined
  const length = more === 2 ? data.readUInt16BE(2) : more === 8 ? Number(data.readBigUInt64BE(2)) : short
  const end = 2 + more + length
  return data.length < end ? undefined : { kind: (data[0] ?? 0) & 0xf, bytes: data.subarray(2 + more, end), end }
}
