import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { demultiplex } from './demux.ts'

const frame = (stream: number, bytes: Buffer): Buffer => {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([header, bytes])
}

describe('demultiplex', () => {
  it('takes both outputs apart, wherever the chunks end', async () => {
    const all = Buffer.concat([frame(1, Buffer.from('out')), frame(2, Buffer.from('err')), frame(1, Buffer.from('!'))])
    const outputs = demultiplex(Readable.from([...all].map((byte) => Buffer.from([byte]))), false)
    const [out, err] = await Promise.all([outputs.stdout.toArray(), outputs.stderr.toArray(), outputs.finished])
    expect([Buffer.concat(out).toString(), Buffer.concat(err).toString()]).toEqual(['out!', 'err'])
  })

  it('waits for its reader, and leaves nothing behind for the times it did', async () => {
    const chunk = Buffer.alloc(100_000)
    const outputs = demultiplex(Readable.from(Array.from({ length: 50 }, () => frame(1, chunk))), false)
    outputs.stderr.resume()
    let read = 0
    let most = 0
    for await (const part of outputs.stdout as AsyncIterable<Buffer>) {
      read += part.length
      most = Math.max(most, outputs.stdout.listenerCount('close'))
    }
    expect(read).toBe(50 * chunk.length)
    expect(most).toBeLessThan(5)
  })

  it('goes on with one output when nobody reads the other any more', async () => {
    const outputs = demultiplex(Readable.from([frame(1, Buffer.alloc(100_000)), frame(2, Buffer.from('err'))]), false)
    outputs.stdout.destroy()
    const [err] = await Promise.all([outputs.stderr.toArray(), outputs.finished])
    expect(Buffer.concat(err).toString()).toBe('err')
  })
})
