// SPDY protocol draft 3.1, section 2.6: control frames that kubectl and client-go use, and data frames.

/** Types of control frames. */
export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const flagFin = 0x01

export interface ControlFrame {
  readonly control: true
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

export interface DataFrame {
  readonly control: false
  readonly streamId: number
  readonly flags: number
  readonly payload: Buffer
}

export type Frame = ControlFrame | DataFrame

const spdyVersion = 3
/** A frame larger than this is refused; clients send at most 64 KiB or so. */
const maxFrameBytes = 8 * 1024 * 1024

/** Cuts a byte stream, arriving in chunks of any size, into frames. */
export class FrameReader {
  #chunks: Buffer[] = []
  #size = 0

  /** Adds a chunk and returns the frames that are whole now. Throws on a frame that cannot be. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const frames: Frame[] = []
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Frame | undefined {
    if (this.#size < 8) return undefined
    const first = this.#joined(8)
    const word = first.readUInt32BE(0)
    const length = first.readUInt32BE(4) & 0xffffff
    if (length > maxFrameBytes) throw new Error(`SPDY frame of ${String(length)} bytes`)
    if (this.#size < 8 + length) return undefined
    const bytes = this.#joined(8 + length)
    const flags = bytes.readUInt8(4)
    const payload = bytes.subarray(8, 8 + length)
    this.#chunks[0] = bytes.subarray(8 + length)
    this.#size -= 8 + length
    if (word >>> 31 === 0) return { control: false, streamId: word, flags, payload }
    if (((word >>> 16) & 0x7fff) !== spdyVersion) throw new Error('not SPDY version 3')
    return { control: true, type: word & 0xffff, flags, payload }
  }

  /** The first chunk, made at least `size` bytes long: joins only what a frame needs joined. */
  #joined(size: number): Buffer {
    let first = this.#chunks[0] ?? Buffer.alloc(0)
    if (first.length < size) {
      first = Buffer.concat(this.#chunks)
      this.#chunks = [first]
    }
    return first
  }
}

/** The bytes of a control frame. */
export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE((((0x8000 | spdyVersion) << 16) | type) >>> 0)
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4)
  return Buffer.concat([head, payload])
}

/** The eight bytes before the payload of a data frame. */
export function dataFrameHead(streamId: number, flags: number, length: number): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(streamId)
  head.writeUInt32BE(((flags << 24) | length) >>> 0, 4)
  return head
}

/** A payload that is a row of 32-bit numbers: RST_STREAM, PING, GOAWAY. */
export function words(...values: number[]): Buffer {
  const payload = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => payload.writeUInt32BE(value >>> 0, index * 4))
  return payload
}
