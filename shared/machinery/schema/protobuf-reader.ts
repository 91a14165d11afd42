/** A field's value as it stands on the wire: a varint, or bytes (of length-delimited and fixed-size fields). */
export type Value = bigint | Buffer

const endOfInput = 'unexpected EOF'

/** Walks the fields of one protobuf message. Throws an Error on lengths that do not fit. */
export class ProtobufReader implements Iterable<{ number: number; value: Value }> {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  *[Symbol.iterator](): Generator<{ number: number; value: Value }, void> {
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint()
      const number = Number(tag >> 3n)
      if (number === 0) throw new Error('proto: illegal tag 0')
      yield { number, value: this.#value(Number(tag & 7n)) }
    }
  }

  /** The whole input as varints one after another (a packed repeated field). */
  varints(): bigint[] {
    const all: bigint[] = []
    while (this.#at < this.#bytes.length) all.push(this.#varint())
    return all
  }

  #value(wireType: number): Value {
    switch (wireType) {
      case 0:
        return this.#varint()
      case 1:
        return this.#take(8)
      case 2:
        return this.#take(Number(this.#varint()))
      case 5:
        return this.#take(4)
      default:
        throw new Error(`proto: illegal wireType ${wireType}`)
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new Error(endOfInput)
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }

  #varint(): bigint {
    // Most numbers are small: plain arithmetic up to 28 bits.
    let small = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte()
      small |= (byte & 0x7f) << shift
      if (byte < 0x80) return BigInt(small)
    }
    let value = BigInt(small)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new Error('proto: integer overflow')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new Error(endOfInput)
    return byte
  }
}
