import { Duplex } from 'node:stream'
import {
  controlFrame,
  dataFrameHead,
  flagFin,
  FrameReader,
  frameType,
  words,
  type ControlFrame,
  type Frame,
} from './frames.ts'
import { HeaderReader, HeaderWriter } from './headers.ts'

const rstProtocolError = 1
const rstRefused = 3
const rstCancel = 5
/** More open streams than this on one connection are refused. */
const maxStreams = 1024

/** One stream of a SPDY connection. `end()` sends FIN, a FIN received ends reading, `destroy()` resets it. */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: ReadonlyMap<string, string>
  readonly #connection: SpdyConnection
  /** True once the client's FIN is here. */
  heardAll = false

  constructor(id: number, headers: ReadonlyMap<string, string>, connection: SpdyConnection) {
    super({ allowHalfOpen: true, highWaterMark: 256 * 1024, autoDestroy: true })
    this.id = id
    this.headers = headers
    this.#connection = connection
  }

  /** The client's FIN came: reading ends after what is buffered. */
  hearEnd(): void {
    this.heardAll = true
    this.push(null)
    this.#connection.wanted(this) // it will ask for no more, so it must not hold the others back
  }

  override _read(): void {
    this.#connection.wanted(this)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#connection.sendData(this.id, chunk, 0, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.sendData(this.id, Buffer.alloc(0), flagFin, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.forget(this, !this.writableFinished || !this.readableEnded)
    done(error)
  }
}

/**
 * The server's side of a SPDY/3.1 connection over any duplex (a TLS socket, or a WebSocket that tunnels it). There is no
 * flow control by windows: kubectl's own library sends none, so a stream that is not read holds the whole
 * connection back, as TCP does. Emits each stream the client opens to `onStream`.
 */
export class SpdyConnection {
  readonly #transport: Duplex
  readonly #onStream: (stream: SpdyStream) => void
  readonly #reader = new FrameReader()
  readonly #headerReader = new HeaderReader()
  readonly #headerWriter = new HeaderWriter()
  readonly #streams = new Map<number, SpdyStream>()
  /** Streams whose buffers are full: while there is one, nothing is read. */
  readonly #full = new Set<SpdyStream>()
  #resume: (() => void) | undefined
  /** Resolves when the transport has ended, however it did. */
  readonly closed: Promise<void>

  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport
    this.#onStream = onStream
    transport.on('error', () => {}) // the loop below sees it as well
    this.closed = this.#loop()
  }

  /** Says goodbye and ends the transport once what was written is sent. */
  close(): void {
    if (!this.#transport.destroyed) this.#transport.end(controlFrame(frameType.goAway, 0, words(0, 0)))
  }

  async #loop(): Promise<void> {
    try {
      for await (const chunk of this.#transport) {
        for (const frame of this.#reader.push(chunk as Buffer)) await this.#accept(frame)
        if (this.#full.size > 0) await new Promise<void>((resume) => (this.#resume = resume))
      }
    } catch {
      // A broken connection or a frame that cannot be: both end it; clients see it closed.
    } finally {
      this.#headerReader.close()
      // A stream that was told all it will hear may still be read to its end; the others are cut off.
      for (const stream of this.#streams.values()) if (!stream.heardAll) stream.destroy()
      this.#transport.destroy()
    }
  }

  async #accept(frame: Frame): Promise<void> {
    if (frame.control) return this.#control(frame)
    const stream = this.#streams.get(frame.streamId)
    if (stream === undefined) return this.#reset(frame.streamId, rstCancel)
    if (frame.payload.length > 0 && !stream.push(frame.payload)) this.#full.add(stream)
    if (frame.flags & flagFin) stream.hearEnd()
  }

  async #control({ type, flags, payload }: ControlFrame): Promise<void> {
    switch (type) {
      case frameType.synStream:
        return this.#open(payload, flags)
      case frameType.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff)?.destroy()
        return
      case frameType.ping:
        // Odd ids are the client's questions, even ones would be answers to ours.
        if (payload.readUInt32BE(0) % 2 === 1) this.#transport.write(controlFrame(type, 0, payload))
        return
      case frameType.goAway:
        return
      case frameType.headers:
        // Read for the sake of the shared compression state; what it says matters to nobody.
        await this.#headerReader.read(payload.subarray(4))
        return
      default:
        return // SETTINGS, WINDOW_UPDATE and unknown types carry nothing for us (section 2.2.1: ignore)
    }
  }

  async #open(payload: Buffer, flags: number): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff
    const headers = await this.#headerReader.read(payload.subarray(10))
    if (this.#streams.has(id)) return this.#reset(id, rstProtocolError)
    if (this.#streams.size >= maxStreams) return this.#reset(id, rstRefused)
    const stream = new SpdyStream(id, headers, this)
    stream.on('error', () => {}) // an aborted stream is the user's to notice, not the process's to die of
    this.#streams.set(id, stream)
    this.#transport.write(
      controlFrame(frameType.synReply, 0, Buffer.concat([words(id), this.#headerWriter.write(new Map())])),
    )
    if (flags & flagFin) stream.hearEnd()
    this.#onStream(stream)
  }

  #reset(id: number, status: number): void {
    if (this.#transport.writable) this.#transport.write(controlFrame(frameType.rstStream, 0, words(id, status)))
  }

  /** Called by a stream that wants more to read. */
  wanted(stream: SpdyStream): void {
    if (this.#full.delete(stream) && this.#full.size === 0) this.#resume?.()
  }

  /** Called by a stream to send; `done` when the transport took it. */
  sendData(id: number, chunk: Buffer, flags: number, done: (error?: Error | null) => void): void {
    if (!this.#transport.writable) return done(new Error('the connection is closed'))
    this.#transport.cork()
    this.#transport.write(dataFrameHead(id, flags, chunk.length))
    this.#transport.write(chunk, done)
    this.#transport.uncork()
  }

  /** Called by a stream that is gone; `reset` when one of its sides had not ended yet. */
  forget(stream: SpdyStream, reset: boolean): void {
    if (this.#streams.delete(stream.id) && reset) this.#reset(stream.id, rstCancel)
    this.wanted(stream)
  }
}
