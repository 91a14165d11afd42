import { constants, createInflate, type Inflate } from 'node:zlib'
import { spdyDictionary } from './dictionary.ts'

/**
 * An empty stored block, as zlib writes it for Z_SYNC_FLUSH. Go's reader hands out what it has read when it sees one;
 * without it kubectl waits for ever.
 */
const flush = Buffer.from([0, 0, 0, 0xff, 0xff])

/** A header block larger than this (bytes, inflated) ends the connection. */
const maxHeaderBytes = 64 * 1024

/** Reads the header blocks of one connection: they share one zlib stream, so they must come in order, one at a time. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH })
  #failed: Error | undefined

  constructor() {
    this.#inflate.on('error', (error) => (this.#failed = error))
  }

  /** Names (lower case) and values of one block. Rejects on rubbish or more than 64 KiB. */
  async read(block: Buffer): Promise<Map<string, string>> {
    const inflated = await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = []
      let size = 0
      const onData = (chunk: Buffer): void => {
        size += chunk.length
        if (size <= maxHeaderBytes) chunks.push(chunk)
      }
      const onError = (error: Error): void => reject(error)
      this.#inflate.on('data', onData).once('error', onError)
      this.#inflate.write(block, () => {
        this.#inflate.off('data', onData).off('error', onError)
        if (this.#failed) reject(this.#failed)
        else if (size > maxHeaderBytes) reject(new Error('SPDY header block too large'))
        else resolve(Buffer.concat(chunks))
      })
    })
    return parsePairs(inflated)
  }

  close(): void {
    this.#inflate.destroy()
  }
}

function parsePairs(block: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  let at = 0
  const text = (): string => {
    const length = block.readUInt32BE(at)
    if (at + 4 + length > block.length) throw new Error('SPDY header block ends inside a header')
    const value = block.toString('utf8', at + 4, at + 4 + length)
    at += 4 + length
    return value
  }
  const count = block.readUInt32BE(at)
  at += 4
  for (let i = 0; i < count; i++) {
    const name = text()
    headers.set(name.toLowerCase(), text())
  }
  return headers
}

/**
 * Writes header blocks. They are tiny (a server only answers with empty ones), so they go out as stored blocks:
 * valid zlib without a compressor's state. RFC 1950, RFC 1951 section 3.2.4.
 */
export class HeaderWriter {
  #begun = false

  write(headers: ReadonlyMap<string, string>): Buffer {
    const parts = [uint32(headers.size)]
    for (const [name, value] of headers) {
      parts.push(
        uint32(Buffer.byteLength(name)),
        Buffer.from(name),
        uint32(Buffer.byteLength(value)),
        Buffer.from(value),
      )
    }
    const plain = Buffer.concat(parts)
    const stored = Buffer.alloc(5)
    stored.writeUInt16LE(plain.length, 1)
    stored.writeUInt16LE(~plain.length & 0xffff, 3)
    const zlibHeader = this.#begun ? [] : [Buffer.from([0x78, 0x01])]
    this.#begun = true
    return Buffer.concat([...zlibHeader, stored, plain, flush])
  }
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}
