const initialSize = 16 * 1024
/** A buffer larger than this is let go of after use. */
const keptSize = 1024 * 1024

/**
 * Bytes written from the end to the beginning: the length that protobuf puts before a message is known once the message is
 * written, so nothing is measured beforehand and nothing is moved.
 */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(initialSize)
  #at = initialSize

  /** How many bytes are written. */
  get length(): number {
    return this.#buffer.length - this.#at
  }

  /** A copy of what is written; the writer is empty after it. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(this.#at))
    this.reset()
    return bytes
  }

  reset(): void {
    if (this.#buffer.length > keptSize) this.#buffer = Buffer.allocUnsafe(initialSize)
    this.#at = this.#buffer.length
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#at -= bytes.length
    this.#buffer.set(bytes, this.#at)
  }

  string(text: string): void {
    const { length } = text
    if (length > 48) {
      const size = Buffer.byteLength(text)
      this.#reserve(size)
      this.#at -= size
      this.#buffer.write(text, this.#at, size)
      return
    }
    // short texts are mostly ASCII: a loop is quicker than a call out of the engine
    this.#reserve(length * 3)
    let at = this.#at
    for (let index = length - 1; index >= 0; index--) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) {
        this.bytes(Buffer.from(text))
        return
      }
      this.#buffer[--at] = code
    }
    this.#at = at
  }

  /** An integer; a negative one takes ten bytes, as an int64 does. */
  varint(value: number | bigint): void {
    this.#reserve(10)
    if (typeof value === 'bigint') {
      this.#bigVarint(BigInt.asUintN(64, value))
      return
    }
    if (value >= 0 && value < 0x80) {
      this.#buffer[--this.#at] = value
      return
    }
    if (value < 0 || value > 0x7fffffff) {
      this.#bigVarint(BigInt.asUintN(64, BigInt(value)))
      return
    }
    let at = this.#at - (value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5)
    this.#at = at
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80
    this.#buffer[at] = rest
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at -= 8
    this.#buffer.writeDoubleLE(value, this.#at)
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = []
    let rest = value
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    bytes.push(Number(rest))
    this.#at -= bytes.length
    this.#buffer.set(bytes, this.#at)
  }

  #reserve(size: number): void {
    if (size <= this.#at) return
    const written = this.length
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, written + size))
    this.#buffer.copy(larger, larger.length - written, this.#at)
    this.#buffer = larger
    this.#at = larger.length - written
  }
}
