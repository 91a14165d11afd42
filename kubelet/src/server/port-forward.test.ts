import { once } from 'node:events'
import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, it } from 'vitest'
import { spdyPortForward, type Dial } from './port-forward.ts'
import { clientHeaders, openFrame } from './spdy/client.testing.ts'
import { dataFrameHead, flagFin, FrameReader, type Frame } from './spdy/frames.ts'

const chunk = Buffer.alloc(1 << 16, 'x')
const count = 512
const portOf = (server: net.Server): number => (server.address() as AddressInfo).port

/** Upgrades to SPDY and opens the two streams of one forwarded connection; the connection and its frames. */
async function forwarded(port: number): Promise<{ socket: net.Socket; frames: AsyncIterable<Frame> }> {
  const socket = net.connect(port, '127.0.0.1')
  const headers = 'Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io'
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`)
  const chunks = socket.iterator({ destroyOnReturn: false })
  const reader = new FrameReader()
  async function* read(): AsyncGenerator<Frame> {
    let head = Buffer.alloc(0)
    let open = false
    for await (const part of chunks as AsyncIterable<Buffer>) {
      if (open) yield* reader.push(part)
      head = open ? head : Buffer.concat([head, part])
      const end = head.indexOf('\r\n\r\n')
      if (open || end < 0) continue
      open = true
      yield* reader.push(head.subarray(end + 4))
    }
  }
  const compress = clientHeaders()
  const about = (streamtype: string) => ({ streamtype, port: '1', requestid: '0' })
  socket.write(openFrame(1, await compress(about('error')), flagFin))
  socket.write(openFrame(3, await compress(about('data'))))
  return { socket, frames: read() }
}

it('port-forward carries much both ways, and the end of what is sent is not the end of what is heard', async () => {
  // says how much it has heard when it has heard all, and only then as much again
  const target = net.createServer({ allowHalfOpen: true }, (peer) => {
    let heard = 0
    peer.on('data', (data) => (heard += data.length))
    peer.on('end', () => {
      peer.write(`${heard}\n`)
      void pipeline(Readable.from(Array.from({ length: count }, () => chunk)), peer)
    })
  })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  const dial: Dial = () =>
    Promise.resolve(net.connect({ port: portOf(target), host: '127.0.0.1', allowHalfOpen: true }))
  const server = createServer()
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.unshift(head)
    void spdyPortForward(request, socket, dial)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { socket, frames } = await forwarded(portOf(server))
  const send = async (): Promise<void> => {
    for (let i = 0; i < count; i++) {
      socket.write(dataFrameHead(3, 0, chunk.length))
      if (!socket.write(chunk)) await once(socket, 'drain')
    }
    socket.write(dataFrameHead(3, flagFin, 0))
  }
  const sent = send()
  let begin = ''
  let heard = 0
  const problems: string[] = []
  const ended = new Set<number>()
  for await (const frame of frames) {
    if (frame.control) continue
    if (frame.streamId === 1) problems.push(frame.payload.toString())
    else {
      if (heard === 0) begin = frame.payload.toString('latin1', 0, 9)
      heard += frame.payload.length
    }
    if (frame.flags & flagFin) ended.add(frame.streamId)
    if (ended.size === 2) break
  }
  await sent
  const size = count * chunk.length
  expect(begin).toBe(`${size}\n`)
  expect(heard).toBe(size + begin.length)
  expect(problems.join('')).toBe('')
  socket.destroy()
  server.close()
  target.close()
})
