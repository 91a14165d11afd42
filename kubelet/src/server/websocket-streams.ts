import { PassThrough, Writable, type Readable } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { parseSizes, type RemoteStreams, type StreamRequest, type TerminalSize } from './remote-streams.ts'

/** Remote command protocols over WebSocket, best first. v5 adds the closing of a single channel. */
export const webSocketProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/** Channel numbers, the first byte of each message. apimachinery/pkg/util/remotecommand/constants.go */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** The client's end over an open WebSocket, each message a channel's number and its bytes. */
export function webSocketRemoteStreams(socket: WebSocket, want: StreamRequest): RemoteStreams {
  const gone = new AbortController()
  const stdin = want.stdin ? new PassThrough({ highWaterMark: 256 * 1024 }) : undefined
  let resized: (size: TerminalSize) => void = () => {}
  let lastSizes: TerminalSize[] = []
  socket.on('error', () => gone.abort())
  socket.on('close', () => {
    gone.abort()
    stdin?.end()
  })
  socket.on('message', (data: RawData) => {
    const message = data as Buffer
    const bytes = message.subarray(1)
    switch (message[0]) {
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
  return {
    stdin: stdin as Readable | undefined,
    stdout: want.stdout ? sender(socket, channel.stdout) : undefined,
    stderr: want.stderr ? sender(socket, channel.stderr) : undefined,
    onResize: (handle) => {
      resized = handle
      lastSizes.forEach(handle) // the first size may come before anybody listens
    },
    finish: (status) =>
      new Promise((done) => {
        if (socket.readyState !== socket.OPEN) return done()
        socket.once('close', () => done())
        socket.send(framed(channel.error, Buffer.from(status)), () => socket.close(1000))
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

function sender(socket: WebSocket, number: number): Writable {
  return new Writable({
    highWaterMark: 64 * 1024,
    write: (chunk: Buffer, _encoding, done) => {
      if (socket.readyState !== socket.OPEN) return done()
      socket.send(framed(number, chunk), (error) => done(error))
    },
  })
}

function framed(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number]), bytes])
}
