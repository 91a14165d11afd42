const headLength = 5

/** A message with gRPC's head before it: not compressed, and how long it is. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headLength + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, headLength)
  return frame
}

/** The messages of a stream, which comes in pieces of any length. */
export class Frames {
  #pieces: Buffer[] = []
  #length = 0
  /** So many bytes have to be there before there is anything to take. */
  #needed = headLength

  /** Adds a piece; gives the messages that are whole now. Throws on a compressed one: nobody asked for that. */
  add(piece: Buffer): Buffer[] {
    this.#pieces.push(piece)
    this.#length += piece.length
    const messages: Buffer[] = []
    while (this.#length >= this.#needed) {
      const bytes = this.#joined()
      if (bytes[0] !== 0) throw new Error('the message is compressed')
      this.#needed = headLength + bytes.readUInt32BE(1)
      if (bytes.length < this.#needed) break
      messages.push(bytes.subarray(headLength, this.#needed))
      const rest = bytes.subarray(this.#needed)
      this.#pieces = [rest]
      this.#length = rest.length
      this.#needed = headLength
    }
    return messages
  }

  /** What there is, as one piece from now on. */
  #joined(): Buffer {
    const [first] = this.#pieces
    if (first && this.#pieces.length === 1) return first
    const bytes = Buffer.concat(this.#pieces, this.#length)
    this.#pieces = [bytes]
    return bytes
  }
}
