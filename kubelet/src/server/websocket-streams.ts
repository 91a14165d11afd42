import { PassThrough, Writable, type Readable } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { parseSizes, type RemoteStreams, type StreamRequest, type TerminalSize } from './remote-streams.ts'

/**
 * Remote command protocols over WebSocket, best first. v5 adds the closing of a single channel; before v4 a command's
 * end in success is not told, and its failure in words. A client that names none speaks the oldest.
 */
// cri/streaming/remotecommand/websocket.go
export const webSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
]

/** Channel numbers, the first byte of each message. apimachinery/pkg/util/remotecommand/constants.go */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** The client's end over an open WebSocket, each message a channel's number and its bytes. */
export function webSocketRemoteStreams(socket: WebSocket, want: StreamRequest): RemoteStreams {
  const gone = new AbortController()
  const encoding: Encoding = socket.protocol.includes('base64.') ? base64 : binary
  const send = (number: number, bytes: Buffer, done?: (error?: Error) => void): void =>
    socket.send(encoding.frame(number, bytes), done)
  const stdin = want.stdin ? new PassThrough({ highWaterMark: 256 * 1024 }) : undefined
  let resized: (size: TerminalSize) => void = () => {}
  let lastSizes: TerminalSize[] = []
  socket.on('error', () => gone.abort())
  socket.on('close', () => {
    gone.abort()
    stdin?.end()
  })
  socket.on('message', (data: RawData) => {
    const [number, bytes] = encoding.parse(data as Buffer)
    switch (number) {
      case channel.stdin:
        receive(socket, stdin, bytes)
        return
      case channel.resize:
        lastSizes = parseSizes(bytes.toString())
        lastSizes.forEach(resized)
        return
      case channel.close:
        if (bytes[0] === channel.stdin) stdin?.end()
        return
      default:
        return // a channel the client has no business to write to
    }
  })
  // an empty message on the first channel that is written to says that the connection stands
  send(want.stdout ? channel.stdout : want.stderr ? channel.stderr : channel.error, Buffer.alloc(0))
  return {
    stdin: stdin as Readable | undefined,
    stdout: want.stdout ? sender(socket, send, channel.stdout) : undefined,
    stderr: want.stderr ? sender(socket, send, channel.stderr) : undefined,
    onResize: (handle) => {
      resized = handle
      lastSizes.forEach(handle) // the first size may come before anybody listens
    },
    finish: (status) =>
      new Promise((done) => {
        if (socket.readyState !== socket.OPEN) return done()
        socket.once('close', () => done())
        const text = /^v[45]\./.test(socket.protocol) ? status : oldStatus(status)
        if (text === '') socket.close(1000)
        else send(channel.error, Buffer.from(text), () => socket.close(1000))
      }),
    gone: gone.signal,
  }
}

/** Hands bytes to stdin; a full stdin holds the socket back. */
function receive(socket: WebSocket, stdin: PassThrough | undefined, bytes: Buffer): void {
  if (stdin === undefined || stdin.writableEnded || bytes.length === 0) return
  if (!stdin.write(bytes)) {
    socket.pause()
    stdin.once('drain', () => socket.resume())
  }
}

type Send = (number: number, bytes: Buffer, done: (error?: Error) => void) => void

function sender(socket: WebSocket, send: Send, number: number): Writable {
  return new Writable({
    highWaterMark: 64 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      if (socket.readyState !== socket.OPEN) return done()
      send(number, chunk, (error) => done(error))
    },
  })
}

/** How a channel's number and bytes are one message. */
interface Encoding {
  frame(number: number, bytes: Buffer): Buffer | string
  parse(message: Buffer): [number | undefined, Buffer]
}

// apimachinery/pkg/util/httpstream/wsstream/conn.go
const binary: Encoding = {
  frame: (number, bytes) => Buffer.concat([Buffer.from([number]), bytes]),
  parse: (message) => [message[0], message.subarray(1)],
}
// the number is a digit here, and only the bytes are base64
const base64: Encoding = {
  frame: (number, bytes) => `${number}${bytes.toString('base64')}`,
  parse: (message) => [(message[0] ?? 0) - 0x30, Buffer.from(message.toString('latin1', 1), 'base64')],
}

// websocket.go v1WriteStatusFunc
function oldStatus(status: string): string {
  const { status: kind, message = '' } = JSON.parse(status) as { status: string; message?: string }
  return kind === 'Success' ? '' : message
}
