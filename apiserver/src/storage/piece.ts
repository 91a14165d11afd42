const lineEnd = '\r\n'

/** What ends a body in chunks. RFC 9112, 7.1 */
export const lastChunk = Buffer.from('0\r\n\r\n')

/**
 * A piece of a stream of events that many watchers get, as it is and as a chunk of HTTP/1.1: both are made once, and are
 * the same bytes. RFC 9112, 7.1
 */
export class Piece {
  /** With its length before it and a line's end behind it. */
  readonly chunk: Buffer
  readonly bytes: Buffer

  constructor(...parts: readonly Buffer[]) {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const head = Buffer.from(length.toString(16) + lineEnd)
    this.chunk = Buffer.concat([head, ...parts, Buffer.from(lineEnd)])
    this.bytes = this.chunk.subarray(head.length, head.length + length)
  }
}
