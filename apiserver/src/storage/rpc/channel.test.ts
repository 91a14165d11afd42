import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { createCA } from '@kubets/shared/process/certificates.ts'
import { realClock } from '@kubets/shared/process/clock.ts'
import { freePort } from '@kubets/shared/testing/ports.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { Channel } from './channel.ts'
import { framed } from './frames.ts'

const servers: { server: Http2Server; sessions: Set<ServerHttp2Session> }[] = []

/** A server on this machine; answers its address. */
async function serve(answer: (stream: ServerHttp2Stream, message: string) => void): Promise<string> {
  const server = createServer()
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream: ServerHttp2Stream) => {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => answer(stream, Buffer.concat(parts).subarray(5).toString()))
    stream.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({ server, sessions })
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

afterEach(() => {
  for (const { server, sessions } of servers.splice(0)) {
    server.close()
    for (const session of sessions) session.destroy()
  }
})

function succeed(stream: ServerHttp2Stream, text: string): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(framed(Buffer.from(text)))
}

const refuse = (stream: ServerHttp2Stream, status: number, message: string): void =>
  stream.respond({ ':status': 200, 'grpc-status': status, 'grpc-message': message }, { endStream: true })

function breakOff(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 })
  stream.write('xyz', () => stream.destroy())
}

async function call(channel: Channel, text: string, limitMs = 10_000): Promise<string> {
  return (await channel.call('/a.B/C', Buffer.from(text), limitMs)).toString()
}

describe('a channel', () => {
  it('gives each call its answer over one connection', async () => {
    const endpoint = await serve((stream, text) => succeed(stream, text.repeat(1000)))
    const channel = new Channel({ endpoints: [endpoint], clock: realClock })
    const texts = Array.from({ length: 200 }, (_, index) => `<${String(index)}>`)
    const answers = await Promise.all(texts.map((text) => call(channel, text)))
    expect(answers).toEqual(texts.map((text) => text.repeat(1000)))
    expect(servers[0]?.sessions.size).toBe(1)
    channel.close()
    await expect(call(channel, 'late')).rejects.toMatchObject({ code: 14 })
  })

  it.each<[string, (stream: ServerHttp2Stream) => void, object]>([
    ['an error', (stream) => refuse(stream, 11, 'compacted%3A%20100%'), { code: 11, message: 'compacted%3A%20100%' }],
    ['escaped words', (stream) => refuse(stream, 8, 'too%20large'), { code: 8, message: 'too large' }],
    ['no status', (stream) => stream.respond({ ':status': 200 }, { endStream: true }), { code: 14 }],
    ['HTTP alone', (stream) => stream.respond({ ':status': 502 }, { endStream: true }), { message: 'HTTP status 502' }],
    ['half an answer', breakOff, { code: 14 }],
    ['a connection that ends', (stream) => stream.session?.destroy(), { code: 14 }],
    ['success without an answer', (stream) => refuse(stream, 0, ''), { code: 14, message: 'the answer did not come' }],
  ])('rejects with what came: %s', async (_, answer, error) => {
    const channel = new Channel({ endpoints: [await serve(answer)], clock: realClock })
    await expect(call(channel, '')).rejects.toMatchObject(error)
    channel.close()
  })

  it('waits no longer than it may', async () => {
    const channel = new Channel({ endpoints: [await serve(() => undefined)], clock: realClock })
    await expect(call(channel, '', 50)).rejects.toMatchObject({ code: 4, message: 'no answer within 50 ms' })
    channel.close()
  })

  it('waits no longer for a connection either', async () => {
    const sockets: Socket[] = []
    const silent = createTcpServer((socket) => sockets.push(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { cert, key } = await createCA('etcd')
    const endpoint = `127.0.0.1:${String((silent.address() as AddressInfo).port)}`
    const channel = new Channel({ endpoints: [endpoint], tls: { ca: cert, cert, key }, clock: realClock })
    await expect(call(channel, '', 50)).rejects.toMatchObject({ code: 4, message: 'no answer within 50 ms' })
    channel.close()
    silent.close()
    for (const socket of sockets) socket.destroy()
  })

  it('says so when nobody is there', async () => {
    const nobody = `127.0.0.1:${String(await freePort())}`
    const channel = new Channel({ endpoints: [nobody], clock: realClock })
    await expect(call(channel, '')).rejects.toMatchObject({ code: 14 })
    channel.close()
  })

  it('goes on to another member when one is not there, or of no use', async () => {
    const nobody = `127.0.0.1:${String(await freePort())}`
    const lonely = await serve((stream) => refuse(stream, 14, 'etcdserver: no leader'))
    const well = await serve(succeed)
    const channel = new Channel({ endpoints: [nobody, lonely, well], clock: realClock })
    await expect(call(channel, 'first')).rejects.toMatchObject({ message: 'etcdserver: no leader' })
    expect(await call(channel, 'second')).toBe('second')
    channel.close()
  })

  it('connects anew when a connection has ended', async () => {
    const endpoint = await serve(succeed)
    const channel = new Channel({ endpoints: [endpoint], clock: realClock })
    expect(await call(channel, 'one')).toBe('one')
    for (const session of servers[0]?.sessions ?? []) await new Promise<void>((resolve) => session.close(resolve))
    expect(await call(channel, 'two')).toBe('two')
    expect(servers[0]?.sessions.size).toBe(2)
    channel.close()
  })
})
