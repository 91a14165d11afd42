import { Duplex, PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { clientHeaders, openFrame } from './client.testing.ts'
import { SpdyConnection, type SpdyStream } from './connection.ts'
import { controlFrame, dataFrameHead, flagFin, FrameReader, frameType, words, type Frame } from './frames.ts'
import { HeaderReader, HeaderWriter } from './headers.ts'
import { spdyDictionary } from './dictionary.ts'

/** A connection under test and the client's end of its wire. */
function connected(onStream: (stream: SpdyStream) => void) {
  const toServer = new PassThrough()
  const toClient = new PassThrough()
  const connection = new SpdyConnection(Duplex.from({ readable: toServer, writable: toClient }), onStream)
  const reader = new FrameReader()
  const frames: Frame[] = []
  toClient.on('data', (chunk: Buffer) => frames.push(...reader.push(chunk)))
  return { connection, toServer, frames }
}

describe('SPDY', () => {
  it('has the dictionary of the specification', () => {
    expect(spdyDictionary.length).toBe(1423)
  })

  it('reads header blocks that share one compression state, and writes blocks it can read', async () => {
    const compress = clientHeaders()
    const reader = new HeaderReader()
    expect([...(await reader.read(await compress({ StreamType: 'stdin', port: '80' })))]).toEqual([
      ['streamtype', 'stdin'],
      ['port', '80'],
    ])
    expect((await reader.read(await compress({ streamtype: 'error' }))).get('streamtype')).toBe('error')
    const back = new HeaderReader()
    const writer = new HeaderWriter()
    expect([...(await back.read(writer.write(new Map([['a', 'b']]))))]).toEqual([['a', 'b']])
    expect([...(await back.read(writer.write(new Map())))]).toEqual([])
  })

  it('ends each block it writes as Z_SYNC_FLUSH does, which is what makes Go hand it out', () => {
    const writer = new HeaderWriter()
    for (let i = 0; i < 2; i++) expect(writer.write(new Map()).subarray(-5).toString('hex')).toBe('000000ffff')
  })

  it('refuses rubbish as a header block', async () => {
    await expect(new HeaderReader().read(Buffer.from('not zlib at all'))).rejects.toThrow()
  })

  it.each([1, 3, 7, 1000])('cuts frames out of chunks of %i bytes', (size) => {
    const wire = Buffer.concat([
      controlFrame(frameType.ping, 0, words(1)),
      dataFrameHead(5, flagFin, 5),
      Buffer.from('hello'),
      dataFrameHead(7, 0, 0),
    ])
    const reader = new FrameReader()
    const frames: Frame[] = []
    for (let at = 0; at < wire.length; at += size) frames.push(...reader.push(wire.subarray(at, at + size)))
    expect(
      frames.map((frame) => (frame.control ? frame.type : [frame.streamId, frame.flags, frame.payload.toString()])),
    ).toEqual([6, [5, 1, 'hello'], [7, 0, '']])
  })

  it('opens a stream, echoes, and half-closes both ways', async () => {
    const compress = clientHeaders()
    const { toServer, frames, connection } = connected((stream) => stream.pipe(stream))
    const block = await compress({ streamtype: 'data' })
    toServer.write(openFrame(1, block))
    toServer.write(Buffer.concat([dataFrameHead(1, 0, 2), Buffer.from('hi')]))
    toServer.write(dataFrameHead(1, flagFin, 0))
    await expect.poll(() => frames.filter((frame) => !frame.control).at(-1)?.flags).toBe(flagFin)
    expect(frames[0]).toMatchObject({ control: true, type: frameType.synReply })
    const data = frames.filter((frame) => !frame.control)
    expect(data.map((frame) => frame.payload.toString()).join('')).toBe('hi')
    toServer.end()
    await connection.closed
  })

  it('answers a ping and resets data for a stream that does not exist', async () => {
    const { toServer, frames, connection } = connected(() => {})
    toServer.write(controlFrame(frameType.ping, 0, words(9)))
    toServer.write(Buffer.concat([dataFrameHead(33, 0, 1), Buffer.from('x')]))
    await expect
      .poll(() => frames.map((frame) => (frame.control ? frame.type : 0)))
      .toEqual([frameType.ping, frameType.rstStream])
    toServer.end()
    await connection.closed
  })

  it('holds the connection back while a stream is not read, and loses nothing', async () => {
    const compress = clientHeaders()
    const opened = Promise.withResolvers<SpdyStream>()
    const { toServer, connection } = connected(opened.resolve)
    const block = await compress({ streamtype: 'data' })
    toServer.write(openFrame(1, block))
    const chunk = Buffer.alloc(60_000, 'a')
    for (let i = 0; i < 20; i++) toServer.write(Buffer.concat([dataFrameHead(1, 0, chunk.length), chunk]))
    toServer.end(dataFrameHead(1, flagFin, 0))
    const stream = await opened.promise
    expect((await text(stream)).length).toBe(20 * chunk.length)
    await connection.closed
  })

  it('ends a connection that does not speak SPDY', async () => {
    const { toServer, connection } = connected(() => {})
    toServer.write('GET / HTTP/1.1\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxx')
    toServer.end()
    await connection.closed
  })
})
