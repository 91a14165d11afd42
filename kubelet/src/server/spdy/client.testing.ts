// A client's half of SPDY, as far as tests need it.
import { constants, createDeflate } from 'node:zlib'
import { spdyDictionary } from './dictionary.ts'
import { controlFrame, frameType, words } from './frames.ts'

/** A client's compressor: one zlib stream with SPDY's dictionary, flushed after each block. */
export function clientHeaders(): (headers: Record<string, string>) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH })
  return (headers) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = []
      const take = (chunk: Buffer): void => void chunks.push(chunk)
      deflate.on('data', take)
      deflate.write(plainBlock(headers), () => {
        deflate.off('data', take)
        resolve(Buffer.concat(chunks))
      })
    })
}

function plainBlock(headers: Record<string, string>): Buffer {
  const pairs = Object.entries(headers)
  const parts = [words(pairs.length)]
  for (const [name, value] of pairs)
    parts.push(words(name.length), Buffer.from(name), words(value.length), Buffer.from(value))
  return Buffer.concat(parts)
}

/** The frame that opens a stream with this compressed block of headers. */
export function openFrame(id: number, block: Buffer, flags = 0): Buffer {
  return controlFrame(frameType.synStream, flags, Buffer.concat([words(id, 0), Buffer.alloc(2), block]))
}
