const newline = 0x0a
// One event holds one object; etcd refuses objects past 1.5 MiB, custom limits go some way beyond.
const maxLineBytes = 64 * 1024 * 1024

/**
 * Joins chunks into lines wherever the chunks were split; every byte is looked at and copied once.
 * Empty lines are left out, and so is an unfinished last one. Throws on a line past 64 MiB.
 */
export class LineDecoder {
  #pending: Buffer[] = []
  #pendingBytes = 0

  /** The lines this chunk completes. */
  push(chunk: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(newline, start)
      if (end < 0) break
      const line = this.#complete(chunk.subarray(start, end))
      if (line.trim() !== '') lines.push(line)
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  #keep(part: Buffer): void {
    this.#pendingBytes += part.length
    if (this.#pendingBytes > maxLineBytes) throw new Error(`a watch event is longer than ${maxLineBytes} bytes`)
    this.#pending.push(part)
  }

  #complete(last: Buffer): string {
    if (this.#pending.length === 0) return last.toString('utf8')
    const line = Buffer.concat([...this.#pending, last]).toString('utf8')
    this.#pending = []
    this.#pendingBytes = 0
    return line
  }
}
